/**
 * Moves events from the queue to the collector: small batches, one request at a time, nothing forgotten before the
 * collector has said that it is durable.
 *
 * An event may go out more than once (a beacon at page end is never answered, an answer may be lost). That is
 * meant: the collector knows events by (view, seq) and counts each once.
 */

import { Queue, type Entry, type Origin } from './queue';
import { delayBefore, verdictOf } from './retry';
import type { Answer, Transport } from './transport';
import type { WireEvent } from './wire';

/** Long enough to put events of one moment into one request, short enough not to be felt on a live dashboard. */
const GATHER_MS = 100;
/** What is not urgent waits this long for company. */
const PATIENCE_MS = 10_000;
const MOST_EVENTS = 200;
/** Browsers let 64 KiB outlive the page, shared by everything the page sends; leave the page some of it. */
const MOST_BYTES = 56 * 1024;

export class Sender {
  private readonly queue: Queue;
  /** Entries given to the browser at page end: not confirmed, but no use giving it the same ones twice. */
  private handedOver = new WeakSet<Entry>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private busy = false;
  private due = Infinity;
  private stopped = false;
  private failures = 0;
  /** The last failure was an answer, not the lack of one. */
  private refused = false;
  /** The end of the back-off. */
  private notBefore = 0;
  private batchLimit = MOST_EVENTS;

  constructor(
    private readonly transport: Transport,
    capacity?: number,
  ) {
    this.queue = new Queue(capacity);
  }

  /** Takes an event in. `urgent` ones leave within {@link GATHER_MS}; others travel with the next that is. */
  add(origin: Origin, event: WireEvent, urgent: boolean): void {
    if (this.stopped) return;
    this.queue.push(origin, event);
    this.schedule(urgent ? GATHER_MS : PATIENCE_MS);
  }

  /** The page is back in front: what the browser took over at its end was never confirmed. */
  confirm(): void {
    if (this.queue.size > 0) this.schedule(GATHER_MS);
  }

  /** The connection is back: no reason to sit out a back-off, unless the collector itself asked for patience. */
  online(): void {
    if (!this.refused) this.notBefore = 0;
    this.confirm();
  }

  /** The page may be gone in a moment: give everything not yet confirmed to the browser. */
  handOver(): void {
    for (;;) {
      const entries = this.queue.take(MOST_EVENTS, MOST_BYTES, (entry) => !this.handedOver.has(entry));
      if (entries.length === 0 || !this.transport.beacon(writeBeacon(entries))) return;
      for (const entry of entries) this.handedOver.add(entry);
    }
  }

  /** At most one timer runs, for the earliest moment anybody asked for. */
  private schedule(delayMs: number): void {
    const now = performance.now();
    const due = Math.max(now + delayMs, this.notBefore);
    if (this.busy || this.stopped || due >= this.due) return;
    clearTimeout(this.timer);
    this.due = due;
    this.timer = setTimeout(() => {
      this.due = Infinity;
      void this.send();
    }, due - now);
  }

  private async send(): Promise<void> {
    const entries = this.queue.take(this.batchLimit, MOST_BYTES);
    if (entries.length === 0 || this.busy) return;
    this.busy = true;
    // Browsers refuse keepalive when the page has used up its allowance, so a second try goes without it.
    const answer = await this.transport.post(writeBeacon(entries), this.failures === 0);
    this.busy = false;
    this.settle(entries, answer);
  }

  private settle(entries: Entry[], { status, retryAfterMs }: Answer): void {
    const verdict = verdictOf(status);
    if (verdict === 'stop') {
      this.stopped = true;
      this.queue.clear();
      return;
    }
    if (verdict === 'retry') {
      this.refused = status > 0;
      this.notBefore = performance.now() + delayBefore(this.failures++, retryAfterMs);
      this.schedule(0);
      return;
    }
    this.failures = 0;
    if (verdict === 'split' && entries.length > 1) {
      this.batchLimit = Math.ceil(entries.length / 2);
    } else {
      this.queue.remove(entries);
      if (verdict !== 'done') for (const { origin } of entries) origin.suppressed();
    }
    if (this.queue.size > 0) this.schedule(GATHER_MS);
  }
}

/** The body of one POST: the entries grouped by view, in order. */
export function writeBeacon(entries: readonly Entry[]): string {
  const views = new Map<Origin, string[]>();
  for (const { origin, json } of entries) {
    const events = views.get(origin);
    if (events) events.push(json);
    else views.set(origin, [json]);
  }
  const parts = Array.from(
    views,
    ([view, events]) => `{"id":"${view.id}","t_sent_ms":${view.elapsed()},"events":[${events.join()}]}`,
  );
  return `{"v":1,"sent_ms":${Date.now()},"views":[${parts.join()}]}`;
}
