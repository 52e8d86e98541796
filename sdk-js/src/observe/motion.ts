/** What two looks at the playhead say about the time between them. Everything else is built on this. */

/** Where the playhead was seen, and when; both in milliseconds. */
export interface Sample {
  at: number;
  position: number;
}

export interface Motion {
  /** The playhead went forward as it does when playing. */
  moved: boolean;
  /** It went back, or further than playing can take it. */
  jumped: boolean;
  /** If it stood still first: when it set off. */
  began: number;
  /** If it stood still after: when it stopped. */
  ceased: number;
  /** So much time passed unseen that the device must have slept, or the page was frozen. */
  slept: boolean;
}

/** Positions are quantised to frames by some players; differences below this are no standstill. */
const JITTER_MS = 60;
/** No player catches up this much in one look; and only clocks of cheap decoders waver, by less than this. */
const JUMP_MS = 300;
const WAVER_MS = 250;
/** Timers of hidden pages come once a second, of forgotten ones once a minute. */
const SLEPT_MS = 5_000;

/** Compares two samples of a player running at `rate`. */
export function motionBetween(before: Sample, after: Sample, rate: number): Motion {
  const elapsed = after.at - before.at;
  const travelled = (after.position - before.position) / (rate > 0 ? rate : 1);
  const moving = Math.round(Math.min(elapsed, Math.max(0, travelled)));
  const jumped = travelled < -WAVER_MS || travelled > elapsed + JUMP_MS;
  return {
    moved: travelled > 0 && !jumped,
    jumped,
    began: after.at - moving,
    ceased: elapsed - moving > JITTER_MS ? before.at + moving : after.at,
    slept: elapsed > SLEPT_MS,
  };
}

/**
 * Where a playhead last seen moving must be by now. Not to be trusted for longer than a stall takes to be found.
 */
export function carriedOn(last: Sample, now: number, rate: number, longestMs: number): number {
  return last.position + Math.min(Math.max(0, now - last.at), longestMs) * rate;
}
