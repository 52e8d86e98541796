/** How often each part of a video was played by one viewer: colour by passes, height by passes, hatching where none. */
import type { JSX } from 'preact';
import type { Stretch } from '../charts/passes';

interface Props {
  stretches: Stretch[];
  durationMs: number;
  playheadMs?: number | undefined;
}

/** The palette ends at five passes; so does the height. */
const DEEPEST = 5;
const WIDTH = 1_000;
const HEIGHT = 40;
const ONE_PASS_HEIGHT = 16;

export function PassesBar({ stretches, durationMs, playheadMs }: Props): JSX.Element {
  const at = (ms: number): number => (durationMs > 0 ? (Math.min(ms, durationMs) / durationMs) * WIDTH : 0);
  return (
    <svg class="passes-bar" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      {stretches.map(({ fromMs, toMs, passes: depth }) => {
        if (depth === 0) return null;
        const shown = Math.min(DEEPEST, depth);
        const height = ONE_PASS_HEIGHT + ((HEIGHT - ONE_PASS_HEIGHT) * (shown - 1)) / (DEEPEST - 1);
        return <rect key={fromMs} data-passes={shown} x={at(fromMs)} y={HEIGHT - height} width={at(toMs) - at(fromMs)} height={height} />;
      })}
      {playheadMs !== undefined && <path class="passes-head" d={`M${at(playheadMs).toFixed(1)} 0v${HEIGHT}`} vector-effect="non-scaling-stroke" />}
    </svg>
  );
}
