/** The views that began last, each as it is now. */
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { DASH, count, duration, position, timeOfDay, utc } from '../charts/format';
import { topicPath } from '../live/topics';
import type { TopicQuery, ViewRow, Views } from '../live/topics';
import { videoHref, viewHref } from '../router';
import { Panel } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import { ViewState } from '../ui/ViewState';
import type { Cell } from '../ui/export';
import { useOrder } from '../ui/hooks';
import type { Source } from '../ui/hooks';

export const NEWEST_VIEWS = 20;

interface Props {
  source: Source<Views>;
  query: TopicQuery;
}

export function NewestViews({ source, query }: Props): JSX.Element {
  const { data } = source;
  // On a video's own page its title would only repeat.
  const withTitle = query.video_id === undefined;
  return (
    <Panel id="views" title="Newest views" note="Held still under the pointer" class="panel-table"
      actions={<PanelMenu title="Newest views" about={[]} asked={[{ what: 'Newest views', path: topicPath('views', query) }]} rows={data.status === 'ready' ? () => cells(data.value) : undefined} />}>
      <StateGate source={source} what="the newest views" isEmpty={(views) => Object.keys(views.rows).length === 0}
        empty={<p class="state-title">No view since the server started.</p>}>
        {(views) => <Table views={views} withTitle={withTitle} />}
      </StateGate>
    </Panel>
  );
}

const COLUMNS = ['state', 'video_id', 'title', 'viewer_id', 'country', 'browser', 'operating_system', 'player', 'cdn', 'playhead_ms', 'playing_ms', 'startup_ms', 'rebuffer_count', 'rebuffer_ms', 'error_code'] as const;

const cells = ({ rows }: Views): Cell[][] => [
  ['view_id', 'start_utc', ...COLUMNS],
  ...Object.entries(rows).sort(([, a], [, b]) => b.start_ms - a.start_ms).map(([id, row]) => [id, utc(row.start_ms), ...COLUMNS.map((name) => row[name] ?? null)]),
];

function Table({ views, withTitle }: { views: Views; withTitle: boolean }): JSX.Element {
  const newest = Object.keys(views.rows).sort(
    (a, b) => (views.rows[b]?.start_ms ?? 0) - (views.rows[a]?.start_ms ?? 0) || a.localeCompare(b),
  );
  const { ids, hold } = useOrder(newest, 0);
  // A view pushed out while the rows are held in place keeps its last values.
  const last = useRef(new Map<string, ViewRow>());
  const rows = ids.slice(0, NEWEST_VIEWS).flatMap((id) => {
    const row = views.rows[id] ?? last.current.get(id);
    return row === undefined ? [] : [[id, row] as const];
  });
  last.current = new Map(rows);
  return (
    <div class="scroll" {...hold} tabIndex={0} role="region" aria-label="Rows of the newest views">
      <table>
        <colgroup>
          <col class="w-state" />
          {withTitle && <col />}
          <col class="w-number" /><col class="w-number" /><col class="w-wide" />
          {withTitle ? <col class="w-where" /> : <col />}
          <col class="w-number" />
        </colgroup>
        <thead>
          <tr>
            <th scope="col">State</th>
            {withTitle && <th scope="col">Video</th>}
            <th scope="col" class="num">Playhead</th><th scope="col" class="num">Startup</th><th scope="col" class="num">Stalls</th><th scope="col">Where and with what</th><th scope="col" class="num">Started</th>
          </tr>
        </thead>
        <tbody>
          {/* Keyed by place, as in MostWatched. */}
          {rows.map(([id, row], place) => (
            <tr key={place} data-view={id}>
              <th scope="row"><a class="state-link" href={viewHref(id)}><ViewState state={row.state} /><span class="visually-hidden">, view of {timeOfDay(row.start_ms)}</span></a></th>
              {withTitle && <td class="title-cell">{titleOf(row)}</td>}
              <td class="num">{position(row.playhead_ms)}</td>
              <td class="num">{duration(row.startup_ms)}</td>
              <td class="num">{stalls(row)}</td>
              <td class="where-cell" title={where(row)}>{where(row)}</td>
              <td class="num">{timeOfDay(row.start_ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function titleOf(row: ViewRow): JSX.Element | string {
  const text = row.title ?? row.video_id;
  if (text === undefined) return DASH;
  return row.video_id === undefined ? text : <a href={videoHref(row.video_id)} title={text}>{text}</a>;
}

function stalls(row: ViewRow): string {
  if (row.rebuffer_count === undefined) return DASH;
  return row.rebuffer_count === 0 ? '0' : `${count(row.rebuffer_count)} · ${duration(row.rebuffer_ms)}`;
}

function where(row: ViewRow): string {
  const parts = [row.error_code === undefined ? undefined : `error ${row.error_code}`, row.country, row.browser, row.operating_system, row.cdn];
  return parts.filter((part) => part !== undefined && part !== '').join(' · ') || DASH;
}
