/** What one viewer has seen of a video, and how often, with a sentence. */
import type { JSX } from 'preact';
import { duration } from '../charts/format';
import { passes, rangesWords, seen } from '../charts/passes';
import type { Stretch } from '../charts/passes';
import { PassesBar } from './PassesBar';

interface Props {
  ranges: [number, number][];
  durationMs: number;
  playheadMs: number | undefined;
}

export function PassesStrip({ ranges, durationMs, playheadMs }: Props): JSX.Element {
  const stretches = passes(ranges, durationMs);
  return (
    <figure class="passes">
      <PassesBar stretches={stretches} durationMs={durationMs} playheadMs={playheadMs} />
      <figcaption class="summary">{inWords(stretches, durationMs)}</figcaption>
    </figure>
  );
}

function inWords(stretches: Stretch[], durationMs: number): string {
  const ranges = seen(stretches);
  if (ranges.length === 0) return 'Nothing played yet.';
  const seenMs = ranges.reduce((sum, [from, to]) => sum + to - from, 0);
  const most = Math.max(...stretches.map((stretch) => stretch.passes));
  const percent = durationMs > 0 ? ` (${Math.round(Math.min(1, seenMs / durationMs) * 100)}%)` : '';
  return `${duration(seenMs)} of ${duration(durationMs)} seen${percent}: ${rangesWords(ranges)}.${most > 1 ? ` At most ${most} times.` : ''}`;
}
