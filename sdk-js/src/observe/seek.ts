/** Tells the viewer's seeks from the other reasons a playhead changes place. */

/** A change of place as the player reports it. */
export interface Jump {
  fromMs: number;
  toMs: number;
  durationMs: number;
  /** The element repeats its video. */
  loops: boolean;
  stalled: boolean;
  /** The video was at its end. */
  ended: boolean;
  /** Playback is wanted: not paused. */
  wanted: boolean;
}

/**
 * - `loop`: the end was reached and playing goes on from the start
 * - `replay`: the same after an end, because the viewer pressed play
 * - `nudge`: the player hops over a hole in its buffer to get out of a stall; the stall goes on until it moves
 * - `seek`: all others
 */
export type JumpKind = 'loop' | 'replay' | 'nudge' | 'seek';

const NEAR_MS = 500;

export function kindOfJump({ fromMs, toMs, durationMs, loops, stalled, ended, wanted }: Jump): JumpKind {
  const toStart = toMs < NEAR_MS;
  if (loops && toStart && durationMs - fromMs < NEAR_MS) return 'loop';
  if (ended && toStart && wanted) return 'replay';
  if (stalled && toMs >= fromMs && toMs - fromMs <= NEAR_MS) return 'nudge';
  return 'seek';
}
