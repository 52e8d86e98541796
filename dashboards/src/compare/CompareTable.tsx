/** The metrics of segments side by side: each value with its views, and how it differs from the first. */
import type { JSX } from 'preact';
import type { Definition } from '../api/metrics';
import { DASH, count, countInFull, plural } from '../charts/format';
import { valueInFull, valueText } from '../charts/unit';
import { address, withParam, withScope } from '../router';
import { changeOf } from '../time/compare';
import { ChangeText } from '../ui/ChangeText';
import { filterText } from '../views/filters';
import { FEW, maybeChance, segmentName } from './segments';
import type { Cells, Segment } from './segments';

interface Props {
  segments: Segment[];
  metrics: Definition[];
  cells: Cells;
  /** The metric whose course is shown below. */
  chosen: string;
}

export function CompareTable({ segments, metrics, cells, chosen }: Props): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Metrics of the segments">
      <table class="compare" style={{ '--segments': segments.length }}>
        <colgroup><col class="w-metric" />{segments.map(({ letter }) => <col key={letter} />)}</colgroup>
        <thead>
          <tr>
            <th scope="col">Metric</th>
            {segments.map((segment, i) => <th scope="col" key={segment.letter}><SegmentKey place={i} /> {segmentName(segment)}</th>)}
          </tr>
        </thead>
        <tbody>
          {metrics.map((metric) => (
            <tr key={metric.id} data-metric={metric.id}>
              <th scope="row"><a href={withParam(address.value, 'metric', metric.id, '')} aria-current={metric.id === chosen ? 'true' : undefined} title={metric.definition}>{metric.name}</a></th>
              {segments.map((segment, i) => <Value key={segment.letter} metric={metric} segment={segment} cell={cells[metric.id]?.[i]} first={i === 0 ? undefined : { cell: cells[metric.id]?.[0] }} />)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The line its course has, in the chart below. */
export function SegmentKey({ place }: { place: number }): JSX.Element {
  return (
    <svg class="legend-key" data-color={`series-${place + 1}`} viewBox="0 0 20 8" width="20" height="8" aria-hidden="true">
      <path d="M0 4h20" stroke="currentColor" stroke-width="3" stroke-dasharray={place === 0 ? undefined : DASHES[place]?.join(' ')} />
    </svg>
  );
}

/** The first line is whole; the others differ by more than colour. */
export const DASHES: (number[] | undefined)[] = [undefined, [7, 3], [2, 3], [8, 3, 2, 3]];

interface ValueProps {
  metric: Definition;
  segment: Segment;
  cell: Cells[string][number];
  first: { cell: Cells[string][number] } | undefined;
}

function Value({ metric, segment, cell, first }: ValueProps): JSX.Element {
  const { unit, direction } = metric;
  if (cell === undefined) return <td>{DASH}</td>;
  const { value, total_views: views } = cell;
  const few = views < FEW || (first?.cell !== undefined && first.cell.total_views < FEW);
  const chance = first === undefined ? undefined : maybeChance(metric, cell, first.cell);
  return (
    <td class={views < FEW ? 'few' : undefined}>
      <span class="compare-line"><span class="compare-value" title={valueInFull(value, unit)}>{valueText(value, unit)}</span>
      {first !== undefined && (few ? <span class="note">too few views to compare</span> : <ChangeText change={changeOf(value, first.cell?.value, unit, direction)} than={`The first: ${valueText(first.cell?.value, unit)}`} />)}
      {!few && chance === true && <span class="note" title="Zero is within the 95% interval of the difference">may be chance</span>}</span>
      <a class="note compare-views" href={withScope('/views', ['zone'], viewsOf(segment))} title={countInFull(views)}>{count(views)} {views === 1 ? 'view' : 'views'}<span class="visually-hidden">, {plural(views, 'view')} one by one</span></a>
    </td>
  );
}

const viewsOf = ({ of: { frame, filters } }: Segment): [string, string][] =>
  [['timeframe', `${frame.fromS}-${frame.toS}`], ...filters.map((filter): [string, string] => ['filter', filterText(filter)])];
