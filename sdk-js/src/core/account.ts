/**
 * How long a view has been in each phase. Totals only grow: time is booked once it is certain which phase it belongs
 * to, and never taken back.
 */

import { Phase, type View } from './view';

/** Books the time up to `to` under the phase it was spent in. */
export function book(view: View, to: number): void {
  const { _totals: totals, _phase: phase, _scaling: scaling } = view;
  const spent = to - view._bookedTo;
  if (spent <= 0) return;
  view._bookedTo = to;
  if (phase <= Phase.Resting) return;
  totals.watch_ms += spent;
  if (phase === Phase.Stalled) totals.rebuffer_ms += spent;
  if (phase === Phase.Seeking) totals.seek_ms += spent;
  if (phase !== Phase.Playing) return;
  totals.playing_ms += spent;
  totals.bitrate_ms += Math.round(view._bitrate * spent);
  totals[scaling > 0 ? 'upscale_ms' : 'downscale_ms'] += Math.round(Math.abs(scaling) * spent);
}

/** From `at` on the view is in `phase`. Waiting that nobody knew of may have begun in the past. */
export function enter(view: View, phase: Phase, at: number): void {
  book(view, at);
  if (!view._phase) view._bookedTo = at;
  view._phase = phase;
}

/** Leaves the time up to `to` out of every total: the device slept, nobody knows what it showed. */
export function skip(view: View, to: number): void {
  view._bookedTo = Math.max(view._bookedTo, to);
}
