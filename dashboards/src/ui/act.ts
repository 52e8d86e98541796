/** Something a person sets off: whether it is under way, what the server said against it, and a sentence when it is done. */
import { signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { explain } from '../api/client';

export interface Act {
  busy: boolean;
  problem: string | undefined;
  /** Resolves with whether it was done; while it is under way, another try is ignored. */
  run: (what: () => Promise<unknown>) => Promise<boolean>;
}

export function useAct(): Act {
  const [state, setState] = useState<{ busy: boolean; problem?: string }>({ busy: false });
  const run = async (what: () => Promise<unknown>): Promise<boolean> => {
    if (state.busy) return false;
    setState({ busy: true });
    try {
      await what();
      setState({ busy: false });
      return true;
    } catch (error) {
      setState({ busy: false, problem: explain(error) });
      return false;
    }
  };
  return { busy: state.busy, problem: state.problem, run };
}

/** The field a problem is about, by the words the API has for it; undefined when it is about the whole. */
export function fieldOf<T extends string>(problem: string | undefined, fields: Record<T, RegExp>): T | undefined {
  if (problem === undefined) return undefined;
  return (Object.keys(fields) as T[]).find((field) => fields[field].test(problem));
}

const done = signal('');

/** What was done last, for ui/Said.tsx. */
export const said: ReadonlySignal<string> = done;

export const say = (sentence: string): void => {
  done.value = sentence;
};
