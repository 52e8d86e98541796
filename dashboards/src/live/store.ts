/** From the socket to the screen: one signal per subscription, written at the screen's pace, or not while paused. */
import { batch, signal } from '@preact/signals';
import type { ReadonlySignal, Signal } from '@preact/signals';
import { Pacer } from './pacer';
import { LiveSocket } from './socket';
import type { Link } from './socket';
import type { TopicName, TopicQuery, TopicStates } from './topics';

export type Live<T> =
  | { status: 'loading' }
  | { status: 'ready'; value: T }
  | { status: 'error'; message: string };

export interface Topic<T> {
  value: ReadonlySignal<Live<T>>;
  retry: () => void;
  close: () => void;
}

/** The screen is held still; what came in since is counted, kept, and shown on resuming. */
export interface Pause {
  sinceMs: number;
  updates: number;
}

export class LiveStore {
  readonly link: Signal<Link> = signal<Link>({ phase: 'connecting', attempt: 0 });
  readonly pause: Signal<Pause | undefined> = signal(undefined);
  private readonly waiting = new Map<Signal<Live<unknown>>, Live<unknown>>();
  private readonly open = new Set<Signal<Live<unknown>>>();
  private readonly pacer = new Pacer(() => this.due().map((target) => () => this.put(target)));
  private readonly socket: LiveSocket;

  constructor(url: string, token?: string) {
    this.socket = new LiveSocket({
      url,
      ...(token === undefined ? {} : { token }),
      onLink: (link) => (this.link.value = link),
    });
  }

  topic<N extends TopicName>(name: N, query: TopicQuery): Topic<TopicStates[N]> {
    const value = signal<Live<TopicStates[N]>>({ status: 'loading' });
    const target = value as Signal<Live<unknown>>;
    this.open.add(target);
    const subscription = this.socket.subscribe(name, query, {
      // The one place where a frame's state becomes a topic's type: the server's schema vouches for it.
      state: (state) => this.show(target, { status: 'ready', value: state as unknown as TopicStates[N] }),
      error: (_code, message) => this.show(target, { status: 'error', message }),
    });
    return {
      value,
      retry: () => {
        this.show(target, { status: 'loading' });
        subscription.retry();
      },
      close: () => {
        this.open.delete(target);
        this.waiting.delete(target);
        subscription.close();
      },
    };
  }

  togglePause(): void {
    const resumed = this.pause.value !== undefined;
    batch(() => {
      this.pause.value = resumed ? undefined : { sinceMs: Date.now(), updates: 0 };
      if (resumed) this.due().forEach((target) => this.put(target));
      else this.open.forEach((target) => (target.value = held(target.value)));
    });
  }

  retryNow(): void {
    this.socket.retryNow();
  }

  close(): void {
    this.pacer.stop();
    this.socket.close();
  }

  private show(target: Signal<Live<unknown>>, value: Live<unknown>): void {
    this.waiting.set(target, value);
    const pause = this.pause.value;
    // A panel that has nothing yet is filled even while paused: there is nothing to hold still.
    if (pause !== undefined && target.value.status === 'ready') {
      this.pause.value = { ...pause, updates: pause.updates + 1 };
      return;
    }
    this.pacer.mark();
  }

  /** What may be changed on the screen now. */
  private due(): Signal<Live<unknown>>[] {
    const paused = this.pause.value !== undefined;
    return [...this.waiting.keys()].filter((target) => !paused || target.value.status !== 'ready');
  }

  private put(target: Signal<Live<unknown>>): void {
    const value = this.waiting.get(target);
    // Closed, or put when the pause ended, since it was due.
    if (value === undefined) return;
    this.waiting.delete(target);
    target.value = this.pause.value === undefined ? value : held(value);
  }
}

/** Apart from the state that goes on changing. */
const held = (shown: Live<unknown>): Live<unknown> =>
  shown.status === 'ready' ? { status: 'ready', value: structuredClone(shown.value) } : shown;
