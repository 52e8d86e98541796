/** Ties subscriptions, questions and orders of rows to the life of a component. */
import { signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ask as askTogether } from '../api/batch';
import { explain } from '../api/client';
import { NO_ORDER, nextOrder } from '../live/order';
import type { Order } from '../live/order';
import type { Live, LiveStore } from '../live/store';
import type { TopicName, TopicQuery, TopicStates } from '../live/topics';

/** What every panel gets to draw: StateGate turns it into a skeleton, an error or content. */
export interface Source<T> {
  data: Live<T>;
  retry: () => void;
}

/** The same source, of something made from what it yields. */
export function mapped<A, B>({ data, retry }: Source<A>, map: (value: A) => B): Source<B> {
  return { data: data.status === 'ready' ? { status: 'ready', value: map(data.value) } : data, retry };
}

export const LiveContext = createContext<LiveStore | undefined>(undefined);

export function useLive(): LiveStore {
  const store = useContext(LiveContext);
  if (store === undefined) throw new Error('a live panel outside the live page');
  return store;
}

const LOADING = { status: 'loading' } as const;

/** Subscribes while the component is on the page; `undefined` as the query means not yet. */
export function useTopic<N extends TopicName>(name: N, query: TopicQuery | undefined): Source<TopicStates[N]> {
  const store = useLive();
  const key = query === undefined ? '' : JSON.stringify(query);
  const topic = useMemo(
    () => (key === '' ? undefined : store.topic(name, JSON.parse(key) as TopicQuery)),
    [store, name, key],
  );
  useEffect(() => () => topic?.close(), [topic]);
  return { data: topic?.value.value ?? LOADING, retry: () => topic?.retry() };
}

/** What a panel waits for that is not on the screen yet. */
export const NEVER = new Promise<never>(() => undefined);

/** Asks once for each `key`; asked again only by a new key or by `retry`. An answer to an old key is dropped. */
export function useAnswer<T>(key: string, ask: (signal: AbortSignal) => Promise<T>): Source<T> & { askedAtMs: number } {
  const [attempt, setAttempt] = useState(0);
  const answer = useMemo(() => ({ data: signal<Live<T>>(LOADING), askedAtMs: Date.now() }), [key, attempt]);
  useEffect(() => {
    const controller = new AbortController();
    ask(controller.signal).then(
      (value) => (answer.data.value = { status: 'ready', value }),
      (error: unknown) => {
        if (controller.signal.aborted) return;
        answer.data.value = { status: 'error', message: explain(error) };
      },
    );
    return () => controller.abort();
  }, [answer]);
  return { data: answer.data.value, retry: () => setAttempt((n) => n + 1), askedAtMs: answer.askedAtMs };
}

/** An answer beside that for an earlier timeframe, which may come later, or fail alone: what is now is worth showing. */
export interface Compared<T> {
  now: T;
  before: T | undefined;
  /** Why there is nothing to compare with. */
  problem: string | undefined;
}

/** `undefined` as the path means not yet; the earlier timeframe is asked for when the answer for this one is there. */
export function useCompared<T>(path: string | undefined, beforePath: string | undefined): Source<Compared<T>> {
  const ask = (asked: string) => (signal: AbortSignal): Promise<T | undefined> => (asked === '' ? Promise.resolve(undefined) : askTogether<T>(asked, signal));
  const now = useAnswer(path ?? '', ask(path ?? ''));
  const known = now.data.status === 'ready' ? now.data.value : undefined;
  const then = known === undefined ? '' : (beforePath ?? '');
  const before = useAnswer(then, ask(then));
  const data = useMemo<Live<Compared<T>>>(() => {
    if (now.data.status === 'error') return now.data;
    if (known === undefined) return LOADING;
    return { status: 'ready', value: { now: known, before: before.data.status === 'ready' ? before.data.value : undefined, problem: before.data.status === 'error' ? before.data.message : undefined } };
  }, [now.data, before.data]);
  return { data, retry: now.retry };
}

export interface LiveOrder {
  ids: string[];
  /** To be spread on the element that holds the rows. */
  hold: Record<'onPointerEnter' | 'onPointerLeave' | 'onFocusIn' | 'onFocusOut', () => void>;
}

/** The rows' order under the rule of live/order.ts. */
export function useOrder(ranked: string[], everyMs: number): LiveOrder {
  const order = useRef<Order>(NO_ORDER);
  const held = useRef({ pointer: false, focus: false });
  const [, render] = useState(0);
  order.current = nextOrder(order.current, ranked, {
    nowMs: Date.now(),
    held: held.current.pointer || held.current.focus,
    everyMs,
  });
  const differs = order.current.ids.join('\n') !== ranked.join('\n');
  useEffect(() => {
    if (!differs || everyMs === 0) return undefined;
    // Without a next frame nothing else would bring the due change of rank about.
    const timer = setTimeout(() => render((n) => n + 1), everyMs);
    return () => clearTimeout(timer);
  }, [differs, everyMs]);
  const set = (part: 'pointer' | 'focus', value: boolean) => () => {
    held.current[part] = value;
    if (!value) render((n) => n + 1);
  };
  return {
    ids: order.current.ids,
    hold: {
      onPointerEnter: set('pointer', true),
      onPointerLeave: set('pointer', false),
      onFocusIn: set('focus', true),
      onFocusOut: set('focus', false),
    },
  };
}
