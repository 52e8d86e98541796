/** The last minutes of one number, beside the number: a shape to glance at, so it has no axis and no label. */
import type { JSX } from 'preact';
import type { Column } from '../charts/series';

const WIDTH = 120;
const HEIGHT = 28;

export function Sparkline({ values }: { values: Column }): JSX.Element {
  const most = values.reduce<number>((max, value) => Math.max(max, value ?? 0), 1);
  const step = WIDTH / Math.max(1, values.length - 1);
  let path = '';
  let pen = 'M';
  values.forEach((value, i) => {
    if (value === null) {
      pen = 'M';
      return;
    }
    path += `${pen}${(i * step).toFixed(1)} ${(HEIGHT - 2 - (value / most) * (HEIGHT - 4)).toFixed(1)}`;
    pen = 'L';
  });
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path d={path} fill="none" stroke="currentColor" vector-effect="non-scaling-stroke" />
    </svg>
  );
}
