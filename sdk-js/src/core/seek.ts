/** Tells the viewer's seeks from the other reasons a playhead changes place, and times them. */

import { book, enter } from './account';
import { breakStretch, STALL_MS } from './look';
import { say } from './say';
import { closeStretch, played } from './stretch';
import { here, Phase, type View } from './view';

/** A seek that lands this close to its target landed on it; some go to the nearest key frame instead. */
const ON_TARGET_MS = 250;
const NEAR_MS = 500;

/**
 * The element reads its new place already, so where it came from is the last look, carried on; not for longer than
 * it takes to find a stall.
 */
export function seekBegan(view: View): void {
  const { _media: media, _last: last, _phase: phase } = view;
  const there = (view._last = here(view));
  // Choosing where to start is part of starting.
  if (!view._started || phase === Phase.Seeking) return;
  const duration = media.duration * 1_000;
  const wasMoving = phase === Phase.Playing && view._moving;
  let from = last._position;
  if (wasMoving) from += Math.min(there._at - last._at, STALL_MS) * view._rate;
  const looped = media.loop && there._position < NEAR_MS && duration - from < NEAR_MS;
  if (looped || from > duration) from = duration;
  if (wasMoving) played(view, last._position, from);
  closeStretch(view);
  const willed = !looped && isWilled(view, there._position, there._position - from);
  view._moving = view._atEnd = false;
  if (willed) depart(view, from);
  else if (phase !== Phase.Resting) breakStretch(view, from);
}

/**
 * Not the viewer's will are a replay (from the end to the start, because play was pressed) and a nudge (the player
 * hops over a hole in its buffer to get out of a stall; the stall goes on until the picture moves).
 */
function isWilled({ _phase: phase, _media: media, _atEnd: ended }: View, to: number, hop: number): boolean {
  if (ended && to < NEAR_MS && !media.paused) return false;
  return !(phase === Phase.Stalled && hop >= 0 && hop <= NEAR_MS);
}

function depart(view: View, from: number): void {
  const wasStalled = view._phase === Phase.Stalled;
  enter(view, Phase.Seeking, view._last._at);
  if (wasStalled) say(view, 'rebufferend', from);
  view._totals.seek_count++;
  say(view, 'seeking', from);
}

export function seekEnded(view: View): void {
  const { _media: media, _last: target } = view;
  if (media.seeking) return;
  const landed = (view._last = here(view));
  if (Math.abs(landed._position - target._position) < ON_TARGET_MS) landed._position = target._position;
  if (view._phase !== Phase.Seeking) return;
  view._announce = true;
  // Wanted playback stays "seeking" until the picture moves: that is how long the viewer waits.
  if (media.paused) enter(view, Phase.Resting, landed._at);
  else book(view, landed._at);
  say(view, 'seeked');
}
