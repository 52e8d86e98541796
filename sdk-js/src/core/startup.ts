/**
 * When did the viewer's wait begin? With a play button: at the press. With the `autoplay` attribute: when loading
 * began, although the element says `play` only once it has enough data, and although the browser may forbid it.
 * A viewer who leaves before the first frame has no start-up time, only the time waited.
 */

import { enter } from './account';
import { now } from './clock';
import { look } from './look';
import { failed, paused } from './playback';
import { say } from './say';
import { here, Phase, type View } from './view';

const CREPT_MS = 250;

/** Something loads that would play by itself. Keeps the first such moment until it is decided what becomes of it. */
export function loading(view: View): void {
  if (view._phase || view._loadingSince !== undefined) return;
  view._loadingSince = view._beatAt = now();
}

/** All data is there, and `autoplay` was not honoured: the browser does not allow it. Nobody waits. */
export function loaded(view: View): void {
  if (!view._media.paused) return;
  view._loadingSince = undefined;
  if (view._phase === Phase.Starting) paused(view);
}

/** The element was already playing when monitoring began: its start-up is not ours to judge. */
export function joined(view: View): void {
  view._started = view._announce = true;
  view._beatAt = now();
  resume(view);
}

/** Playback is wanted. */
export function requested(view: View): void {
  const { _phase: phase, _loadingSince: since = now(), _withheld: error } = view;
  if (phase > Phase.Resting && phase < Phase.Seeking) return;
  view._announce = true;
  view._beatAt = now();
  view._loadingSince = undefined;
  if (phase !== Phase.Seeking) {
    if (view._started) resume(view);
    else {
      const { _position: from } = view._last;
      view._last = here(view);
      // The picture may set off a moment before the element speaks of it.
      if (Math.abs(view._last._position - from) < CREPT_MS) view._last._position = from;
      enter(view, Phase.Starting, since);
    }
  }
  say(view, 'play', view._last._position, since);
  if (error) failed(view, error);
}

/** An unattended start that never came about is an attempt all the same. */
export function settleAutoplay(view: View): boolean {
  const undecided = view._loadingSince !== undefined;
  if (undecided) requested(view);
  return undecided;
}

function resume(view: View): void {
  look(view);
  view._last = here(view);
  view._aliveAt = view._last._at;
  enter(view, Phase.Playing, view._aliveAt);
}
