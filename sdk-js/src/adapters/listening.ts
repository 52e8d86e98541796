/** Every listener of an adapter, undone by one call. */

import { guarded } from '../core/guard';

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
