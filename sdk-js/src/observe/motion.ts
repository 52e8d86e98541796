/** What two looks at the playhead say about the time between them. Everything else is built on this. */

import type { Sample } from '../core/view';

export interface Motion {
  /** The playhead went forward as it does when playing. */
  _moved: boolean;
  /** It went back, or further than playing can take it. */
  _jumped: boolean;
  /** If it stood still first: when it set off. */
  _began: number;
  /** If it stood still after: when it stopped. */
  _ceased: number;
  /** So much time passed unseen that the device must have slept, or the page was frozen. */
  _slept: boolean;
}

/** Positions are quantised to frames by some players; differences below this are no standstill. */
const JITTER_MS = 60;
/** No player catches up this much in one look; and only clocks of cheap decoders waver, by less than this. */
const JUMP_MS = 300;
export const WAVER_MS = 250;
/** Timers of hidden pages come once a second, of forgotten ones once a minute. */
const SLEPT_MS = 5_000;

/** Compares two samples of a player running at `rate`. */
export function motionBetween(before: Sample, after: Sample, rate: number): Motion {
  const elapsed = after._at - before._at;
  const travelled = (after._position - before._position) / (rate || 1);
  const moving = Math.round(Math.min(elapsed, Math.max(0, travelled)));
  const jumped = travelled < -WAVER_MS || travelled > elapsed + JUMP_MS;
  return {
    _moved: travelled > 0 && !jumped,
    _jumped: jumped,
    _began: after._at - moving,
    _ceased: elapsed - moving > JITTER_MS ? before._at + moving : after._at,
    _slept: elapsed > SLEPT_MS,
  };
}
