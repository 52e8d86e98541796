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

/** The sender for one collector, and all on this page who report to it. */
export interface Collector extends Sender {
  _reporters: ((what: PageEvent) => void)[];
}

const collectors: Record<string, Collector> = {};

/** The collector at `url`, one for the whole page: its views share requests. */
export function collectorAt(url: string): Collector {
  return collectors[url] || (collectors[url] = openCollector(url));
}

function openCollector(url: string): Collector {
  const collector = Object.assign(openSender(url), { _reporters: [] as Collector['_reporters'] });
  const tell = (what: PageEvent): void => {
    for (const report of collector._reporters) report(what);
    if (what < PageEvent.Restored) handOver(collector);
    else carryOn(collector);
  };
  const on = (target: EventTarget, type: string, handle: (event: PageTransitionEvent) => void): void =>
    target.addEventListener(type, guarded(handle) as EventListener);
  on(document, 'visibilitychange', () =>
    document.visibilityState === 'hidden' ? tell(PageEvent.Hidden) : carryOn(collector),
  );
  // Never `unload` or `beforeunload`: listening to those keeps pages out of the back/forward cache.
  on(window, 'pagehide', ({ persisted }) => tell(persisted ? PageEvent.Hidden : PageEvent.Left));
  on(window, 'pageshow', ({ persisted }) => persisted && tell(PageEvent.Restored));
  on(window, 'online', () => reconnected(collector));
  return collector;
}
