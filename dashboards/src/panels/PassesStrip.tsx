/** What one viewer has seen of a video, and how often: colour by passes, height by passes, hatching where none. */
import type { JSX } from 'preact';
import { duration, position } from '../charts/format';
import { passes, seen } from '../charts/passes';
import type { Stretch } from '../charts/passes';

interface Props {
  ranges: [number, number][];
  durationMs: number;
  playheadMs: number | undefined;
}

/** The palette ends at five passes; so does the height. */
const DEEPEST = 5;
const WIDTH = 1_000;
const HEIGHT = 40;
const ONE_PASS_HEIGHT = 16;
const MOST_RANGES_IN_WORDS = 6;

export function PassesStrip({ ranges, durationMs, playheadMs }: Props): JSX.Element {
  const stretches = passes(ranges, durationMs);
  const at = (ms: number): number => (durationMs > 0 ? (Math.min(ms, durationMs) / durationMs) * WIDTH : 0);
  return (
    <figure class="passes">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {stretches.map(({ fromMs, toMs, passes: depth }) => {
          if (depth === 0) return null;
          const shown = Math.min(DEEPEST, depth);
          const height = ONE_PASS_HEIGHT + ((HEIGHT - ONE_PASS_HEIGHT) * (shown - 1)) / (DEEPEST - 1);
          return <rect key={fromMs} data-passes={shown} x={at(fromMs)} y={HEIGHT - height} width={at(toMs) - at(fromMs)} height={height} />;
        })}
        {playheadMs !== undefined && <path class="passes-head" d={`M${at(playheadMs).toFixed(1)} 0v${HEIGHT}`} vector-effect="non-scaling-stroke" />}
      </svg>
      <figcaption class="summary">{inWords(stretches, durationMs)}</figcaption>
    </figure>
  );
}

function inWords(stretches: Stretch[], durationMs: number): string {
  const ranges = seen(stretches);
  if (ranges.length === 0) return 'Nothing played yet.';
  const seenMs = ranges.reduce((sum, [from, to]) => sum + to - from, 0);
  const most = Math.max(...stretches.map((stretch) => stretch.passes));
  const named = ranges.slice(0, MOST_RANGES_IN_WORDS).map(([from, to]) => `${position(from)} to ${position(to)}`);
  const more = ranges.length > named.length ? ` and ${ranges.length - named.length} more` : '';
  const percent = durationMs > 0 ? ` (${Math.round(Math.min(1, seenMs / durationMs) * 100)} %)` : '';
  return `${duration(seenMs)} of ${duration(durationMs)} seen${percent}: ${named.join(', ')}${more}.${most > 1 ? ` At most ${most} times.` : ''}`;
}
