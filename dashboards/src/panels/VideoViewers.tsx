/** Who watched what of a video: a row for each viewer, the parts they played along it, darker or lighter by how often. */
import type { JSX } from 'preact';
import { WATCHER_ORDERS, watchersPath } from '../api/metrics';
import type { WatcherAnswer, WatcherOrder, WatchersAnswer } from '../api/metrics';
import { getJson } from '../api/client';
import { count, dateTime, duration, plural, position, ratio, utc } from '../charts/format';
import { rangesWords, seen } from '../charts/passes';
import type { Stretch } from '../charts/passes';
import { address, oneOf, viewHref, withParam, withScope } from '../router';
import { timeframeWords } from '../time/frame';
import { Choices, Panel } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import { useAnswer } from '../ui/hooks';
import type { Scope } from '../ui/scope';
import { aboutOf } from './HistoryPanel';
import { PassesBar } from './PassesBar';

/** How many rows: the first few, or as many as the API gives at once. */
const MANY = ['20', '200', '1000'] as const;
const ORDER_WORDS: Record<WatcherOrder, string> = { view_end: 'Newest', percent_viewed: 'Most seen', views: 'Most views' };

export function VideoViewers({ videoId, scope }: { videoId: string; scope: Scope }): JSX.Element {
  const order = oneOf(address.value, 'viewers_by', WATCHER_ORDERS, 'view_end');
  const many = oneOf(address.value, 'viewers_shown', MANY, MANY[0]);
  const path = watchersPath(videoId, scope.now, order, Number(many));
  const source = useAnswer(path, (signal) => getJson<WatchersAnswer>(path, signal));
  const known = source.data.status === 'ready' ? source.data.value : undefined;
  const more = MANY.find((rows) => Number(rows) > Number(many));
  const hidden = known === undefined ? 0 : known.total_row_count - known.data.length;
  return (
    <Panel
      id="watchers" title="Viewer by viewer" class="panel-breakdown" note={known !== undefined && known.total_row_count > 0 ? `${plural(known.total_row_count, 'viewer')} of the ${timeframeWords(scope.timeframe)}` : undefined}
      actions={<>
        <Choices label="Order of the viewers" param="viewers_by" options={WATCHER_ORDERS} fallback="view_end" words={ORDER_WORDS} />
        <PanelMenu title="Viewer by viewer" about={aboutOf(scope)} asked={[{ what: 'Viewer by viewer', path }]} rows={known && (() => cells(known.data))} />
      </>}
    >
      <StateGate source={source} what="the viewers" isEmpty={({ data }) => data.length === 0} empty={<p class="state-title">Nobody has watched this video in the {timeframeWords(scope.timeframe)}.</p>}>
        {({ data }) => (
          <>
            <Matrix rows={data} />
            {hidden > 0 && more !== undefined && <a class="button more" href={withParam(address.value, 'viewers_shown', more, MANY[0])}>Show {count(Math.min(Number(more), data.length + hidden) - data.length)} more</a>}
          </>
        )}
      </StateGate>
    </Panel>
  );
}

function Matrix({ rows }: { rows: WatcherAnswer[] }): JSX.Element {
  // One axis for all, so that a place is one under another; a row without a length ends where it was left.
  const longest = Math.max(1, ...rows.map(lengthOf));
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Viewer by viewer, rows">
      <table class="matrix">
        <colgroup><col class="w-viewer" /><col class="w-number" /><col class="w-number" /><col /><col class="w-with" /></colgroup>
        <thead>
          <tr>
            <th scope="col">Viewer</th><th scope="col" class="num">Views</th><th scope="col" class="num">Seen</th>
            <th scope="col"><span class="matrix-axis"><span><span class="matrix-what">Parts played, </span>0:00</span><span>{position(longest)}</span></span></th><th scope="col" class="num">Last</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => <Line key={row.view_ids[0]} row={row} longest={longest} />)}
        </tbody>
      </table>
    </div>
  );
}

function Line({ row, longest }: { row: WatcherAnswer; longest: number }): JSX.Element {
  const { viewer_id: viewer, view_ids: [viewId = ''], views, percent_viewed: part, seen_ms: seenMs, running, view_end: last } = row;
  const stretches = stretchesOf(row);
  const known = viewer !== null && viewer !== '';
  const href = known && views > 1 ? withScope('/views', undefined, [['filter', `viewer_id:${viewer}`]]) : viewHref(viewId);
  const endMs = Date.parse(last);
  return (
    <tr data-viewer={viewer ?? ''}>
      <th scope="row" class="title-cell"><a href={href} title={viewer ?? viewId}>{known ? viewer : 'not known'}</a></th>
      <td class="num">{count(views)}</td>
      <td class="num strong" title={duration(seenMs)}>{part === null ? duration(seenMs) : ratio(part)}</td>
      <td class="matrix-parts" title={inWords(stretches)}><PassesBar stretches={stretches} durationMs={longest} /><span class="visually-hidden">{inWords(stretches)}</span></td>
      <td class="num" title={utc(endMs)}>{running ? 'watching' : dateTime(endMs, Date.now())}</td>
    </tr>
  );
}

const lengthOf = ({ duration_ms: length, ranges }: WatcherAnswer): number => Math.max(length ?? 0, ranges.at(-1)?.to_ms ?? 0);

const stretchesOf = ({ ranges }: WatcherAnswer): Stretch[] => ranges.map(({ from_ms: fromMs, to_ms: toMs, times: passes }) => ({ fromMs, toMs, passes }));

function inWords(stretches: Stretch[]): string {
  const ranges = seen(stretches);
  if (ranges.length === 0) return 'nothing played';
  const most = Math.max(...stretches.map(({ passes }) => passes));
  return `${rangesWords(ranges)}${most > 1 ? `; at most ${most} times` : ''}`;
}

const cells = (rows: WatcherAnswer[]) => [
  ['viewer_id', 'view_id', 'views', 'percent_viewed', 'seen_ms', 'last_utc', 'from_ms', 'to_ms', 'times'],
  ...rows.flatMap(({ viewer_id: viewer, view_ids: [viewId = ''], views, percent_viewed: part, seen_ms: seenMs, view_end: last, ranges }) =>
    ranges.map(({ from_ms: from, to_ms: to, times }) => [viewer, viewId, views, part, seenMs, last, from, to, times])),
];
