/**
 * The life of the page, as views and the sender need to know it: its end is announced in three different ways, and
 * none of them comes every time.
 */

import { guarded } from './guard';
import { carryOn, handOver, openSender, reconnected, type Sender } from './sender';

export const enum PageEvent {
  /** Out of sight, and may be killed without another word. */
  Hidden,
  /** Taken down for good. */
  Left,
  /** Back from the back/forward cache, where it was frozen. */
  Restored,
}

/** A collector, and everything on this page that reports to it. */
export interface Collector {
  readonly _sender: Sender;
  _reporters: ((what: PageEvent) => void)[];
}

const collectors: Record<string, Collector> = {};

/** The collector at `url`, one for the whole page: its views share requests. */
export function collectorAt(url: string): Collector {
  const known = collectors[url];
  if (known) return known;
  const sender = openSender(url);
  const collector: Collector = (collectors[url] = { _sender: sender, _reporters: [] });
  const tell = (what: PageEvent): void => {
    for (const report of collector._reporters.slice()) report(what);
    if (what < PageEvent.Restored) handOver(sender);
    else carryOn(sender);
  };
  const on = (target: EventTarget, type: string, handle: (event: PageTransitionEvent) => void): void =>
    target.addEventListener(type, guarded(handle) as EventListener);
  on(document, 'visibilitychange', () =>
    document.visibilityState === 'hidden' ? tell(PageEvent.Hidden) : carryOn(sender),
  );
  // Never `unload` or `beforeunload`: listening to those keeps pages out of the back/forward cache.
  on(window, 'pagehide', ({ persisted }) => tell(persisted ? PageEvent.Hidden : PageEvent.Left));
  on(window, 'pageshow', ({ persisted }) => persisted && tell(PageEvent.Restored));
  on(window, 'online', () => reconnected(sender));
  return collector;
}
