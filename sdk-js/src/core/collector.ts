/**
 * One collector address and everything on this page that reports to it. Watches the life of the page: its end is
 * announced in three different ways, and none of them comes every time.
 */

import { guarded } from './guard';
import { Sender } from './sender';
import { httpTransport } from './transport';

/** Something with a view in it. */
export interface Reporter {
  /** The page is out of sight and may be killed without another word. */
  hidden(): void;
  /** The page is being taken down for good. */
  left(): void;
  /** The page is back from the back/forward cache, where it was frozen. */
  restored(): void;
}

export class Collector {
  readonly reporters = new Set<Reporter>();
  readonly sender: Sender;

  constructor(url: string) {
    this.sender = new Sender(httpTransport(url));
    const shown = guarded(() => this.sender.confirm());
    document.addEventListener(
      'visibilitychange',
      guarded(() => (document.visibilityState === 'hidden' ? this.closing('hidden') : shown())),
    );
    // Never `unload` or `beforeunload`: listening to those keeps pages out of the back/forward cache.
    addEventListener(
      'pagehide',
      guarded((event: PageTransitionEvent) => this.closing(event.persisted ? 'hidden' : 'left')),
    );
    addEventListener(
      'pageshow',
      guarded((event: PageTransitionEvent) => {
        if (event.persisted) this.tell('restored');
        shown();
      }),
    );
    addEventListener('online', guarded(() => this.sender.online()));
  }

  private closing(how: 'hidden' | 'left'): void {
    this.tell(how);
    this.sender.handOver();
  }

  private tell(what: keyof Reporter): void {
    for (const reporter of this.reporters) guarded(() => reporter[what]())();
  }
}

const collectors = new Map<string, Collector>();

/** The collector at `url`, one for the whole page: its views share requests. */
export function collectorAt(url: string): Collector {
  let collector = collectors.get(url);
  if (!collector) collectors.set(url, (collector = new Collector(url)));
  return collector;
}
