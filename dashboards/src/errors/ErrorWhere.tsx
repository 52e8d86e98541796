/** Where an error is: by each value of a dimension how many of its views have it, and how that compares with all views. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ask } from '../api/batch';
import { breakdownPath, videoTitles } from '../api/metrics';
import type { BreakdownAnswer, Selection } from '../api/metrics';
import { DASH, count, countInFull, oneDecimal, plural, ratio } from '../charts/format';
import { aboutOf } from '../panels/HistoryPanel';
import { address } from '../router';
import { Glyph } from '../ui/Glyph';
import { Panel } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import { NEVER, useAnswer } from '../ui/hooks';
import type { Scope } from '../ui/scope';
import { NOTHING, added, dimensionWords, withFilters } from '../views/filters';
import type { Filter } from '../views/filters';
import { FEW, placeRows } from './errors';
import type { PlaceRow } from './errors';

const MOST_ROWS = 6;
/** From so many times as often on it is worth a mark. */
const REMARKABLE = 1.5;

interface Props {
  dimension: string;
  code: Filter;
  /** Of all views, the part that has it; undefined while that is not known. */
  overall: number | undefined;
  scope: Scope;
}

interface Found {
  withError: BreakdownAnswer;
  all: BreakdownAnswer;
  /** How many values there are in all. */
  values: number;
  titles: Map<string, string>;
}

const groups = (dimension: string, of: Selection, limit: number): string =>
  breakdownPath({ metric: 'playback_failure_percentage', dimension, order: 'views', descending: true, limit }, of);

export function ErrorWhere({ dimension, code, overall, scope }: Props): JSX.Element {
  const { frame, filters } = scope.now;
  const withError = { frame, filters: [...filters, code] };
  const [seen, setSeen] = useState(false);
  const path = groups(dimension, withError, MOST_ROWS);
  const source = useAnswer(seen ? path : '', (signal) => (seen ? find(dimension, path, scope.now, signal) : NEVER));
  const title = dimensionWords(dimension);
  const known = source.data.status === 'ready' ? source.data.value : undefined;
  const rows = known === undefined ? [] : placeRows(known.withError, known.all, overall);
  return (
    <Panel
      id={`where-${dimension}`} title={title} class="panel-top" onSeen={() => setSeen(true)}
      note={known !== undefined && known.values > MOST_ROWS ? `${rows.length} of ${count(known.values)}` : undefined}
      actions={<PanelMenu title={`${code.value} by ${title}`} about={aboutOf(scope)} asked={[{ what: 'Views with it', path }, { what: 'All views', path: groups(dimension, scope.now, 1_000) }]} rows={known && (() => cells(dimension, rows))} />}
    >
      <StateGate source={source} what={`“${title}”`} isEmpty={() => rows.length === 0} empty={<p class="state-title">No view in this time had it.</p>}>
        {({ titles }) => <PlaceTable dimension={dimension} rows={rows} titles={titles} filters={filters} />}
      </StateGate>
    </Panel>
  );
}

/** All views are asked for the values that were found, so that a rare value is not missing from them. */
async function find(dimension: string, path: string, all: Selection, signal: AbortSignal): Promise<Found> {
  const found = await ask<BreakdownAnswer>(path, signal);
  const values = found.data.map(({ field }): Filter => ({ dimension, value: field ?? NOTHING, negated: false }));
  const ids = dimension === 'video_id' ? found.data.flatMap(({ field }) => field ?? []) : [];
  if (found.data.length === 0) return { withError: found, all: found, values: 0, titles: new Map() };
  const [totals, titles] = await Promise.all([
    ask<BreakdownAnswer>(groups(dimension, { frame: all.frame, filters: [...all.filters, ...values] }, MOST_ROWS), signal),
    ids.length === 0 ? new Map<string, string>() : videoTitles(ids, all, signal).catch(() => new Map<string, string>()),
  ]);
  return { withError: found, all: totals, values: found.total_row_count, titles };
}

interface TableProps {
  dimension: string;
  rows: PlaceRow[];
  titles: Map<string, string>;
  filters: Filter[];
}

function PlaceTable({ dimension, rows, titles, filters }: TableProps): JSX.Element {
  const most = Math.max(...rows.map(({ part }) => part), Number.MIN_VALUE);
  const { path, params } = address.value;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={`${dimensionWords(dimension)}, rows`}>
      <table class="breakdown compact">
        <colgroup><col /><col class="w-value" /><col class="w-value" /><col class="w-change" /></colgroup>
        <thead><tr><th scope="col"><span class="visually-hidden">{dimensionWords(dimension)}</span></th><th scope="col" class="num">Views</th><th scope="col" class="num" title="Of all views with the same value">Of all</th><th scope="col" class="num" title="As often as in all views together">Times</th></tr></thead>
        <tbody>
          {rows.map(({ value, views, all, part, times }) => {
            const text = titles.get(value ?? '') ?? value ?? 'not known';
            return (
              <tr key={value ?? ''} data-value={value ?? ''} class={all < FEW ? 'few' : undefined}>
                <th scope="row" class="title-cell">
                  <a class="value" href={withFilters(path, params, added(filters, { dimension, value: value ?? NOTHING, negated: false }))} title={text} aria-label={`${text}: only views with this ${dimensionWords(dimension).toLowerCase()}`}>{text}</a>
                  <span class="bar"><span class="bar-fill" style={{ inlineSize: `${(part / most) * 100}%` }} /></span>
                </th>
                <td class="num" title={countInFull(views)}>{count(views)}</td>
                <td class="num strong" title={`${countInFull(views)} of ${plural(all, 'view')}`}>{ratio(part)}</td>
                <td class="num">{times === undefined ? <span class="note" title={`Only ${plural(all, 'view')} in all`}>few views</span> : <Times times={times} />}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Times({ times }: { times: number }): JSX.Element | string {
  const text = times < 0.05 ? DASH : `${oneDecimal(times)}×`;
  return times < REMARKABLE ? text : <span class="change" data-tone="bad"><Glyph shape="up" /> {text}</span>;
}

const cells = (dimension: string, rows: PlaceRow[]) => [
  [dimension, 'views_with_error', 'all_views', 'part', 'times_as_often_as_in_all'],
  ...rows.map(({ value, views, all, part, times }) => [value, views, all, part, times ?? null]),
];
