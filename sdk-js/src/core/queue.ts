/** Events waiting to be acknowledged, oldest first, in bounded memory. */

import { now } from './clock';
import { countSuppressed, mergeFacts } from './say';
import type { View } from './view';
import type { WireEvent } from './wire';

/** One event and the view it belongs to. */
export interface Entry {
  readonly _view: View;
  readonly _event: WireEvent;
  /** Its JSON, written once: sizes are needed before sending, and a retry sends the same words. */
  _json: string;
  /** The browser has it and will send it even if the page goes: not confirmed, but no use giving it once more. */
  _handed?: boolean;
}

const MOST_ENTRIES = 1_000;
/** Events that cannot be made up for by a later one. */
const PRECIOUS = /^(viewinit|play|playing|error|ended|viewend)$/;
/** What the envelope of a view adds at most, counted for every event so that a full body stays below its limit. */
const ENVELOPE = 90;

/** Adds an event, making room if there is none. */
export function push(queue: Entry[], view: View, event: WireEvent): void {
  queue.push({ _view: view, _event: event, _json: JSON.stringify(event) });
  if (queue.length > MOST_ENTRIES) makeRoom(queue);
}

/** The first of `entries`, up to `count` of them and `room` characters of JSON, but at least one if there is any. */
export function take(entries: Entry[], count: number, room: number): Entry[] {
  return entries.filter(({ _json }, index) => {
    room -= _json.length + ENVELOPE;
    return !index || (index < count && room > 0);
  });
}

/** The body of one POST: the entries grouped by view, in order. */
export function writeBeacon(entries: readonly Entry[]): string {
  const parts: Record<string, string> = {};
  for (const { _view: view, _json: json } of entries) {
    const { _id: id, _origin: origin } = view;
    const part = parts[id];
    parts[id] = part ? `${part},${json}` : `{"id":"${id}","t_sent_ms":${now() - origin},"events":[${json}`;
  }
  const views = Object.keys(parts).map((id) => `${parts[id]}]}`);
  return `{"v":1,"sent_ms":${Date.now()},"views":[${views.join()}]}`;
}

/**
 * Heartbeats go first: the next event of the view carries the same totals. Failing that the oldest event that is
 * not precious, failing that the oldest of all. Facts set by the victim move on to its successor.
 */
function makeRoom(queue: Entry[]): void {
  const gone =
    first(queue, (entry) => isRepeatedLater(queue, entry)) ||
    first(queue, ({ _event }) => !PRECIOUS.test(_event.type)) ||
    queue[0]!;
  const heir = successorOf(queue, gone);
  if (heir && gone._event.set) {
    heir._event.set = mergeFacts(gone._event.set, heir._event.set);
    heir._json = JSON.stringify(heir._event);
  }
  queue.splice(queue.indexOf(gone), 1);
  countSuppressed(gone._view);
}

/** A heartbeat that closes a stretch is not repeated by the next event, which speaks of the next stretch. */
function isRepeatedLater(queue: Entry[], entry: Entry): boolean {
  if (entry._event.type !== 'heartbeat') return false;
  const heir = successorOf(queue, entry);
  return !!heir && numberOf(heir) === numberOf(entry);
}

const numberOf = ({ _event: { seg } }: Entry): number => (seg ? seg[0] : -1);

function successorOf(queue: Entry[], { _view: view, _event: event }: Entry): Entry | undefined {
  return first(queue, (entry) => entry._view === view && entry._event.seq > event.seq);
}

/** `Array.prototype.find`, which televisions do not have. */
function first(queue: Entry[], passes: (entry: Entry) => boolean): Entry | undefined {
  for (const entry of queue) if (passes(entry)) return entry;
  return undefined;
}
