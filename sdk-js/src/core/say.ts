/**
 * Events: each carries the totals so far and the stretch now playing, so every beacon repairs whatever was lost
 * before it.
 */

import { liveLatencyOf } from '../observe/latency';
import { now } from './clock';
import { stretchOf } from './stretch';
import { framesOf, positionOf, type View } from './view';
import type { EventType, ViewData, WireEvent } from './wire';

/** A player that loops in a fault must not drown the collector: beyond this only what follows is sent. */
const MOST_EVENTS = 5_000;
const NEVER_SUPPRESSED = /^(heartbeat|ended|viewend)$/;

/** `newer` on top of `older`, as if said at once; the site's own dimensions are merged one by one. */
export function mergeFacts(older: ViewData = {}, newer: ViewData = {}): ViewData {
  const custom = Object.assign({}, older.custom, newer.custom);
  return Object.assign({}, older, newer, (older.custom || newer.custom) && { custom });
}

/** Facts that hold from the next event on. */
export function learn(view: View, facts: ViewData): void {
  view._news = mergeFacts(view._news, facts);
  if (facts.rendition_bitrate! >= 0) view._bitrate = facts.rendition_bitrate!;
}

/** An event was let go of; the total says so from here on. */
export function countSuppressed({ _totals: totals }: View): void {
  totals.suppressed = (totals.suppressed || 0) + 1;
}

/**
 * Sends an event. `at` may lie in the past, since a look finds out late; it may not overtake what was sent already.
 * The totals are as of the last look, but for the frames.
 */
export function say(
  view: View,
  type: EventType,
  playheadMs = positionOf(view),
  at = now(),
  more?: Partial<WireEvent>,
): void {
  if (type === 'heartbeat') {
    view._beatAt = now();
    const latency = liveLatencyOf(view._media);
    if (latency >= 0) learn(view, { live_latency_ms: latency });
  }
  if (view._lastSeq >= MOST_EVENTS && !NEVER_SUPPRESSED.test(type)) return countSuppressed(view);
  const { _totals: totals, _framesSeen: seen, _news: set } = view;
  const frames = (view._framesSeen = framesOf(view));
  totals.dropped_frames += frames < seen ? frames : frames - seen;
  if (!view._lastSeq++) view._origin = view._lastAt = at;
  view._lastAt = Math.max(view._lastAt, at);
  view._news = undefined;
  const event: WireEvent = {
    seq: view._lastSeq,
    t_ms: view._lastAt - view._origin,
    type,
    c: Object.assign({}, totals),
    playhead_ms: Math.max(0, Math.round(playheadMs)),
    seg: stretchOf(view),
    set,
  };
  view._outlet(Object.assign(event, more));
}
