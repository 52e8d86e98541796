/** What makes an adapter harmless: nothing of it throws into the page, and every listener is undone by one call. */

import { guarded } from '../core/guard';
import type { Watched } from './link';

/** An engine calls listeners with whatever it likes; each adapter names the shape it reads. */
export type Listener = (...said: never[]) => void;

export function listening() {
  const undo: (() => unknown)[] = [];

  const atEnd = (work: () => unknown) => void undo.push(guarded(work));

  /** Listens until `detach`; a listener that throws is never the engine's problem. */
  const listen = <On extends string, Off extends string>(
    target: Record<On | Off, (type: never, listener: never) => unknown>,
    on: On,
    off: Off,
    listeners: Record<string, Listener>,
  ) => {
    for (const type of Object.keys(listeners)) {
      const listener = guarded(listeners[type]!);
      target[on](type as never, listener as never);
      atEnd(() => target[off](type as never, listener as never));
    }
  };

  const detach = () => {
    for (const work of undo.splice(0)) work();
  };

  return { atEnd, listen, detach };
}

/** An adapter of these listeners: called with a handle and an engine, it answers with what lets go of both. */
export function adapter<Engine, More extends unknown[]>(
  connect: (ears: ReturnType<typeof listening>, handle: Watched, engine: Engine, ...more: More) => void,
): (handle: Watched, engine: Engine, ...more: More) => () => void {
  return (handle, engine, ...more) => {
    const ears = listening();
    guarded(connect)(ears, handle, engine, ...more);
    return ears.detach;
  };
}
