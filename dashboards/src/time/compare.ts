/** What a timeframe is compared with, and what a difference means in words. */
import { duration, percentChange, points } from '../charts/format';
import { STEP_S, fittingStep } from './frame';
import type { Frame, Step, Timeframe } from './frame';

export const COMPARISONS = ['previous', 'week', 'none'] as const;
export type Comparison = (typeof COMPARISONS)[number];

export const COMPARISON_NAMES: Record<Comparison, string> = { previous: 'Before', week: 'Week before', none: 'Off' };

const DAY_S = 86_400;
const WEEK_S = 7 * DAY_S;

/**
 * How far back the other timeframe lies. A whole number of days for days, so that an afternoon meets an afternoon; else a
 * whole number of steps, so that each step has its counterpart.
 */
export function shiftS(comparison: Comparison, timeframe: Timeframe, frame: Frame, step: Step = fittingStep(frame)): number | undefined {
  const lengthS = frame.toS - frame.fromS;
  switch (comparison) {
    case 'none':
      return undefined;
    case 'week':
      return Math.ceil(lengthS / WEEK_S) * WEEK_S;
    case 'previous': {
      const unit = timeframe === 'today' || timeframe === 'yesterday' ? DAY_S : STEP_S[step];
      return Math.ceil(lengthS / unit) * unit;
    }
  }
}

export const moved = ({ fromS, toS }: Frame, byS: number): Frame => ({ fromS: fromS - byS, toS: toS - byS });

export type Direction = 'higher_is_better' | 'lower_is_better' | 'neither';
export type Unit = 'count' | 'milliseconds' | 'ratio' | 'per_minute' | 'bits_per_second' | 'score';

export interface Change {
  /** With its sign and unit: `+12.3%`, `−0.4 points`. */
  text: string;
  way: 'up' | 'down' | 'same';
  /** Better and worse only where the metric has such a direction. */
  verdict: 'better' | 'worse' | 'higher' | 'lower' | 'unchanged';
}

/** Undefined when either side is not known. */
export function changeOf(now: number | null | undefined, before: number | null | undefined, unit: Unit, direction: Direction): Change | undefined {
  if (typeof now !== 'number' || typeof before !== 'number') return undefined;
  const by = now - before;
  const text = differenceText(now, before, unit);
  // What rounds to nothing is no change, whatever is behind the last digit.
  if (by === 0 || /^[^\d]*0([.,]0+)?[^\d]*$/.test(text)) return { text, way: 'same', verdict: 'unchanged' };
  const way = by > 0 ? 'up' : 'down';
  if (direction === 'neither') return { text, way, verdict: by > 0 ? 'higher' : 'lower' };
  return { text, way, verdict: (by > 0) === (direction === 'higher_is_better') ? 'better' : 'worse' };
}

/** Parts of a whole differ by points, all else by its part: "+50 %" of 0.2 % would say nothing. */
function differenceText(now: number, before: number, unit: Unit): string {
  if (unit === 'ratio') return points((now - before) * 100, 'pts');
  if (unit === 'score') return points(now - before, 'points');
  if (before === 0 && now !== 0) return unit === 'milliseconds' ? `+${duration(now)}` : points(now, 'from none');
  if (before === 0) return percentChange(0);
  return percentChange((now - before) / before);
}
