/**
 * Regular looks at the playhead, which is believed more than the player's words. Playback has begun when the playhead
 * moves, is stalled when it should move and does not, and has resumed when it moves again; each is dated back to the
 * moment it happened, not to the look that found out.
 */

import { book, enter, skip } from './account';
import { motionBetween, WAVER_MS, type Motion } from '../observe/motion';
import { say } from './say';
import { closeStretch, played } from './stretch';
import { here, Phase, type Sample, type View } from './view';

/** How often the playhead is looked at while it matters. */
export const LOOK_MS = 200;
/** A standstill this long is noticed by viewers, and longer than any player's own hiccup between two buffers. */
export const STALL_MS = 300;
/**
 * Playheads wobble while the decoder gets going (a frame's length and back to standing still, in Chromium). Less
 * movement than this ends no wait; it is put together with what the next look sees.
 */
const SURE_MS = 50;
const HAVE_FUTURE_DATA = 3;

/** Compares the playhead with where it was at the last look. */
export function look(view: View): void {
  const { _media: media, _last: before } = view;
  // The element has left its place already, its `seeking` event is still on the way.
  if (media.seeking && view._phase !== Phase.Seeking) return;
  const after = (view._last = here(view));
  const motion = motionBetween(before, after, view._rate);
  // A new speed is heard of after the fact: what was passed until now was passed at the old one.
  view._rate = media.playbackRate;
  if (motion._slept) alive(view, motion._began);
  judge(view, motion, before, after);
  view._moving = motion._moved;
  if (motion._moved) view._atEnd = false;
}

/** Nobody can say what was on screen until `at`, and it is no stall. */
export function alive(view: View, at: number): void {
  skip(view, at);
  view._aliveAt = at;
}

/** What the movement since the last look means in the present phase. */
function judge(view: View, motion: Motion, before: Sample, after: Sample): void {
  const { _phase: phase } = view;
  if (phase <= Phase.Resting) {
    // Put elsewhere without a word. What was played here has been told.
    if (Math.abs(after._position - before._position) > WAVER_MS) closeStretch(view);
  } else if (motion._jumped && (phase === Phase.Playing || phase === Phase.Stalled)) breakStretch(view, before._position);
  else if (phase === Phase.Playing) lookWhilePlaying(view, motion, before, after);
  else if (!motion._moved || view._media.seeking) book(view, after._at);
  else if (after._at - motion._began >= SURE_MS) setOff(view, motion, before, after);
  else view._last = before;
}

/** The picture goes on elsewhere, and nobody sought: some event must tell this stretch before the next one begins. */
export function breakStretch(view: View, fromMs: number): void {
  const { _at: at } = view._last;
  book(view, at);
  view._aliveAt = at;
  closeStretch(view);
  say(view, 'heartbeat', fromMs);
}

function lookWhilePlaying(view: View, motion: Motion, before: Sample, after: Sample): void {
  const { _bookedTo: froze } = view;
  if (motion._moved) {
    // The moment a player takes to resume is too short for a stall, and not playing either.
    if (view._announce) skip(view, motion._began);
    move(view, motion, before, after);
  } else if (view._media.readyState >= HAVE_FUTURE_DATA && document.visibilityState === 'hidden') {
    // Standing still is no fault: the data is there, and nobody looks.
    alive(view, after._at);
  } else if (after._at - view._aliveAt < STALL_MS) {
    // Too soon to say.
  } else if (after._position < view._playsOutAt!) enter(view, Phase.Resting, froze);
  else {
    enter(view, Phase.Stalled, froze);
    view._totals.rebuffer_count++;
    book(view, after._at);
    say(view, 'rebufferstart', after._position, froze);
  }
}

/** The wait is over: first frame, end of a stall, or arrival at the new place. */
function setOff(view: View, motion: Motion, before: Sample, after: Sample): void {
  const { _phase: phase, _totals: totals } = view;
  enter(view, Phase.Playing, motion._began);
  if (phase === Phase.Starting) {
    view._started = true;
    totals.startup_ms = totals.watch_ms;
  }
  move(view, motion, before, after, phase === Phase.Stalled);
}

/** The picture moved; `starved` if that ends a stall. */
function move(view: View, motion: Motion, before: Sample, after: Sample, starved?: boolean): void {
  played(view, before._position, after._position);
  if (starved) say(view, 'rebufferend', before._position, motion._began);
  if (view._announce) say(view, 'playing', before._position, motion._began);
  view._announce = false;
  book(view, motion._ceased);
  view._aliveAt = motion._ceased;
}
