/** Events waiting to be acknowledged, oldest first, in bounded memory. */

import { mergeFacts } from './facts';
import type { WireEvent } from './wire';

/** What the queue needs to know about the view of an event. */
export interface Origin {
  readonly id: string;
  /** Now, on the clock of this view's `t_ms`. */
  elapsed(): number;
  /** An event of this view was let go of. */
  suppressed(): void;
}

/** One event and the view it belongs to. */
export interface Entry {
  origin: Origin;
  event: WireEvent;
  /** Its JSON, written once: sizes are needed before sending, and a retry sends the same words. */
  json: string;
}

/** Events that cannot be made up for by a later one. */
const PRECIOUS = new Set(['viewinit', 'play', 'playing', 'error', 'ended', 'viewend']);

/** What the envelope of a view adds at most, counted for every event so that a full body stays below its limit. */
const ENVELOPE_BYTES = 90;

export class Queue {
  private entries: Entry[] = [];

  constructor(private readonly capacity = 1_000) {}

  get size(): number {
    return this.entries.length;
  }

  /** Adds an event, making room if there is none. */
  push(origin: Origin, event: WireEvent): void {
    this.entries.push({ origin, event, json: JSON.stringify(event) });
    if (this.entries.length > this.capacity) this.makeRoom();
  }

  /** The oldest entries that pass `wanted`, up to `count` of them and `bytes` of JSON, but at least one. */
  take(count: number, bytes: number, wanted: (entry: Entry) => boolean = () => true): Entry[] {
    const taken: Entry[] = [];
    let total = 0;
    for (const entry of this.entries) {
      if (!wanted(entry)) continue;
      total += byteLength(entry.json) + ENVELOPE_BYTES;
      if (taken.length >= count || (taken.length > 0 && total > bytes)) break;
      taken.push(entry);
    }
    return taken;
  }

  /** Forgets entries that were answered for. */
  remove(gone: readonly Entry[]): void {
    const set = new Set(gone);
    this.entries = this.entries.filter((entry) => !set.has(entry));
  }

  clear(): void {
    this.entries = [];
  }

  /**
   * Heartbeats go first: the next event of the view carries the same totals. Failing that the oldest event that is
   * not precious, failing that the oldest of all. Facts set by the victim move on to its successor.
   */
  private makeRoom(): void {
    const { entries } = this;
    let victim = entries.findIndex((entry, index) => this.isRepeatedLater(entry, index));
    if (victim < 0) victim = entries.findIndex((entry) => !PRECIOUS.has(entry.event.type));
    const [gone] = entries.splice(Math.max(victim, 0), 1);
    if (!gone) return;
    const heir = entries.find((entry) => entry.origin === gone.origin && entry.event.seq > gone.event.seq);
    if (heir && gone.event.set) {
      heir.event.set = mergeFacts(gone.event.set, heir.event.set ?? {});
      heir.json = JSON.stringify(heir.event);
    }
    gone.origin.suppressed();
  }

  /** A heartbeat that closes a stretch is not repeated by the next event, which speaks of the next stretch. */
  private isRepeatedLater({ origin, event }: Entry, index: number): boolean {
    if (event.type !== 'heartbeat') return false;
    const next = this.entries.slice(index + 1).find((entry) => entry.origin === origin);
    return next !== undefined && next.event.seg?.[0] === event.seg?.[0];
  }
}

/** Bytes of a string in UTF-8, without depending on TextEncoder (missing on older televisions). */
export function byteLength(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) bytes++;
    // A surrogate pair is four bytes for two units: one extra each.
    if (unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff)) bytes++;
  }
  return bytes;
}
