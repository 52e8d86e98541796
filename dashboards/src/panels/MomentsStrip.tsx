/** What viewers did of the site's own (custom events), each name a line of marks under the engagement's time axis. */
import type { JSX } from 'preact';
import type { NamedMoments } from '../charts/engagement';
import { countInFull, plural, position } from '../charts/format';

const MOST_NAMES = 5;
const WIDTH = 1_000;
const HEIGHT = 14;
const LEAST_HEIGHT = 4;

interface Props {
  moments: NamedMoments[];
  /** The length of what is drawn above. */
  lengthMs: number;
}

export function MomentsStrip({ moments, lengthMs }: Props): JSX.Element | null {
  if (moments.length === 0) return null;
  const rest = moments.length - MOST_NAMES;
  return (
    <section class="moments" aria-label="Events of your own">
      {moments.slice(0, MOST_NAMES).map((of) => <Line key={of.name} of={of} lengthMs={lengthMs} />)}
      {rest > 0 && <p class="note">{plural(rest, 'more name')} in the table.</p>}
    </section>
  );
}

function Line({ of, lengthMs }: { of: NamedMoments; lengthMs: number }): JSX.Element {
  const most = Math.max(...of.places.map((place) => place.count));
  const at = (ms: number): string => ((Math.min(ms, lengthMs) / Math.max(1, lengthMs)) * WIDTH).toFixed(1);
  const top = (count: number): string => (HEIGHT - LEAST_HEIGHT - (HEIGHT - LEAST_HEIGHT) * (count / most)).toFixed(1);
  return (
    <figure class="moments-line">
      <figcaption class="summary"><span class="moments-name">{of.name}</span> {inWords(of)}</figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <path d={`M0 ${HEIGHT}H${WIDTH}`} class="moments-base" vector-effect="non-scaling-stroke" />
        <path d={of.places.map(({ atMs, count }) => `M${at(atMs)} ${HEIGHT}V${top(count)}`).join('')} class="moments-marks" vector-effect="non-scaling-stroke" />
      </svg>
    </figure>
  );
}

function inWords({ total, places }: NamedMoments): string {
  const most = places.reduce((best, place) => (place.count > best.count ? place : best));
  return `${countInFull(total)} in all, most at ${position(most.atMs)}`;
}

export function MomentsTable({ moments }: { moments: NamedMoments[] }): JSX.Element | null {
  if (moments.length === 0) return null;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Events of your own by place">
      <table>
        <thead><tr><th scope="col">Event</th><th scope="col" class="num">At</th><th scope="col" class="num">Times</th></tr></thead>
        <tbody>
          {moments.flatMap(({ name, places }) => places.map(({ atMs, count }) => (
            <tr key={`${name} ${atMs}`}><th scope="row">{name}</th><td class="num">{position(atMs)}</td><td class="num">{countInFull(count)}</td></tr>
          )))}
        </tbody>
      </table>
    </div>
  );
}
