/**
 * Moves events from the queue to the collector: small batches, one request at a time, nothing forgotten before the
 * collector has said that it is durable.
 *
 * An event may go out more than once (a beacon at page end is never answered, an answer may be lost). That is
 * meant: the collector knows events by (view, seq) and counts each once.
 */

import { now } from './clock';
import { guarded } from './guard';
import { push, take, writeBeacon, type Entry } from './queue';
import { delayBefore, Verdict, verdictOf } from './retry';
import { countSuppressed } from './say';
import { post, sendLast } from './transport';
import type { View } from './view';
import type { EventType, WireEvent } from './wire';

/** Long enough to put events of one moment into one request, short enough not to be felt on a live dashboard. */
const GATHER_MS = 100;
/** What nobody watching live would miss waits this long for company. */
const PATIENCE_MS = 10_000;
const PATIENT: EventType[] = ['seeking', 'ratechange', 'renditionchange', 'custom'];
/** Browsers let 64 KiB outlive the page, shared by all it sends; a character is three bytes at most. */
const MOST_CHARACTERS = 19_000;

export interface Sender {
  readonly _url: string;
  /** The collector's wish, in ms; 0 while it has none. */
  _heartbeatMs: number;
  _queue: Entry[];
  _timer?: ReturnType<typeof setTimeout>;
  /** When the timer fires. */
  _due: number;
  _busy?: boolean;
  /** Characters on the way that outlive the page. */
  _outliving: number;
  _stopped?: boolean;
  _failures: number;
  /** The last failure was an answer, not the lack of one. */
  _refused?: boolean;
  /** The end of the back-off. */
  _notBefore: number;
  _batchLimit: number;
}

export const openSender = (url: string): Sender => ({
  _url: url,
  _heartbeatMs: 0,
  _queue: [],
  _due: Infinity,
  _outliving: 0,
  _failures: 0,
  _notBefore: 0,
  _batchLimit: Infinity,
});

/** Takes an event in: most leave within {@link GATHER_MS}, patient ones travel with the next. */
export function add(sender: Sender, view: View, event: WireEvent): void {
  if (sender._stopped) return;
  push(sender._queue, view, event);
  schedule(sender, PATIENT.indexOf(event.type) < 0 ? GATHER_MS : PATIENCE_MS);
}

/** The page is back in front, or a batch is through: is there more? What was handed over was never confirmed. */
export function carryOn(sender: Sender): void {
  if (sender._queue.length) schedule(sender, GATHER_MS);
}

/** The connection is back: no reason to sit out a back-off, unless the collector itself asked for patience. */
export function reconnected(sender: Sender): void {
  if (!sender._refused) sender._notBefore = 0;
  carryOn(sender);
}

/** The page may be gone in a moment: give the browser what is not confirmed, the newest totals before all. */
export function handOver(sender: Sender): void {
  const newestFirst = sender._queue.filter((entry) => !entry._handed).reverse();
  const room = MOST_CHARACTERS - sender._outliving;
  const entries = room > 0 ? take(newestFirst, Infinity, room).reverse() : [];
  if (!entries.length) return;
  sendLast(sender._url, writeBeacon(entries));
  hand(entries, true);
}

function hand(entries: Entry[], handed: boolean): void {
  for (const entry of entries) entry._handed = handed;
}

/** At most one timer runs, for the earliest moment anybody asked for. */
function schedule(sender: Sender, delayMs: number): void {
  const asked = now();
  const due = Math.max(asked + delayMs, sender._notBefore);
  if (sender._busy || due >= sender._due) return;
  clearTimeout(sender._timer);
  sender._due = due;
  sender._timer = setTimeout(
    guarded(() => {
      sender._due = Infinity;
      send(sender);
    }),
    due - asked,
  );
}

function send(sender: Sender): void {
  // Offline everything waits for `reconnected`.
  if (navigator.onLine === false) return;
  const entries = take(sender._queue, sender._batchLimit, MOST_CHARACTERS);
  if (!entries.length) return;
  const body = writeBeacon(entries);
  // Browsers refuse keepalive when the page has used up its allowance, so a second try goes without it.
  const keepalive = !sender._failures;
  sender._busy = true;
  hand(entries, keepalive);
  if (keepalive) sender._outliving = body.length;
  void post(sender._url, body, keepalive, (status, retryAfterMs, heartbeatMs) => {
    sender._busy = false;
    sender._outliving = 0;
    if (heartbeatMs! > 0) sender._heartbeatMs = Math.min(60_000, Math.max(1_000, heartbeatMs!));
    settle(sender, entries, status, retryAfterMs);
  });
}

function settle(sender: Sender, entries: Entry[], status: number, retryAfterMs: number): void {
  const verdict = verdictOf(status);
  hand(entries, false);
  if (verdict === Verdict.Retry) {
    sender._refused = status > 0;
    sender._notBefore = now() + delayBefore(sender._failures++, retryAfterMs);
    return schedule(sender, 0);
  }
  sender._failures = 0;
  if (verdict === Verdict.Split && entries.length > 1) {
    sender._batchLimit = Math.ceil(entries.length / 2);
  } else if (verdict === Verdict.Stop) {
    sender._stopped = true;
    sender._queue = [];
  } else {
    sender._queue = sender._queue.filter((entry) => entries.indexOf(entry) < 0);
    if (verdict) for (const { _view } of entries) countSuppressed(_view);
  }
  carryOn(sender);
}
