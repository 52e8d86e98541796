/** The videos with most viewers now, or the values of a dimension. A row leads to its video, or to the views with that value. */
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { count, countInFull, ratio, share } from '../charts/format';
import { topicPath } from '../live/topics';
import type { Breakdown, Top, TopicQuery } from '../live/topics';
import { address, navigate, oneOf, videoHref, withParam, withScope } from '../router';
import { Panel } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import type { Cell } from '../ui/export';
import { mapped, useOrder, useTopic } from '../ui/hooks';
import type { Source } from '../ui/hooks';
import { dimensionWords } from '../views/filters';

const MOST_WATCHED = 10;
const RANK_EVERY_MS = 5_000;

/** The first is the topic of its own that knows titles, and what happened within the last minute. */
const GROUPS = ['video_id', 'cdn', 'country', 'asn_organization', 'device', 'browser', 'operating_system', 'player_software'] as const;
type Group = (typeof GROUPS)[number];

interface Row {
  text: string;
  href: string;
  viewers: number;
  rebuffering: number;
  /** Within the last minute; only videos know. */
  starts?: number;
  failures: number;
}

type Rows = Record<string, Row>;

export function MostWatched(): JSX.Element {
  const group = oneOf(address.value, 'group', GROUPS, 'video_id');
  const source = useRows(group);
  const { data } = source;
  const title = group === 'video_id' ? 'Most watched' : `Viewers by ${dimensionWords(group)}`;
  return (
    <Panel
      id="top" title={title} class="panel-table"
      actions={<>
        <label class="inline-label"><span class="note">By</span>
          <select id="group" value={group} onChange={(event) => navigate(withParam(address.value, 'group', event.currentTarget.value, 'video_id'))}>
            {GROUPS.map((option) => <option key={option} value={option}>{dimensionWords(option)}</option>)}
          </select>
        </label>
        <PanelMenu title={title} about={[]} asked={[{ what: title, path: topicPath(...questionOf(group)) }]} rows={data.status === 'ready' ? () => cells(data.value, group) : undefined} />
      </>}
    >
      <StateGate source={source} what="who watches" isEmpty={(rows) => Object.keys(rows).length === 0}
        empty={<p class="state-title">{group === 'video_id' ? 'No video is being watched.' : 'Of nobody who watches is it known.'}</p>}>
        {(rows) => <Table key={group} rows={rows} group={group} />}
      </StateGate>
    </Panel>
  );
}

const questionOf = (group: Group): ['top' | 'breakdown', TopicQuery] =>
  group === 'video_id' ? ['top', { limit: MOST_WATCHED }] : ['breakdown', { dimension: group, limit: MOST_WATCHED }];

const cells = (rows: Rows, group: Group): Cell[][] => [
  [group, 'name', 'viewers', 'rebuffering', 'starts', 'failures'],
  ...Object.entries(rows).sort(([, a], [, b]) => b.viewers - a.viewers).map(([id, { text, viewers, rebuffering, starts, failures }]) => [id, text, viewers, rebuffering, starts ?? null, failures]),
];

function useRows(group: Group): Source<Rows> {
  const videos = group === 'video_id';
  const [, query] = questionOf(group);
  const top = useTopic('top', videos ? query : undefined);
  const breakdown = useTopic('breakdown', videos ? undefined : query);
  return videos ? mapped(top, ofVideos) : mapped(breakdown, (state) => ofValues(state, group));
}

const ofVideos = ({ rows }: Top): Rows =>
  Object.fromEntries(Object.entries(rows).map(([id, { title, ...row }]) => [id, { ...row, text: title ?? id, href: videoHref(id) }]));

const ofValues = ({ rows }: Breakdown, dimension: string): Rows =>
  Object.fromEntries(Object.entries(rows).map(([value, row]) => [value, { ...row, text: value, href: withScope('/views', ['zone'], [['filter', `${dimension}:${value}`]]) }]));

function Table({ rows: all, group }: { rows: Rows; group: Group }): JSX.Element {
  const ranked = Object.keys(all).sort((a, b) => (all[b]?.viewers ?? 0) - (all[a]?.viewers ?? 0) || a.localeCompare(b));
  const { ids, hold } = useOrder(ranked, RANK_EVERY_MS);
  // A row that left while it is held in place keeps its last values.
  const last = useRef(new Map<string, Row>());
  const rows = ids.slice(0, MOST_WATCHED).flatMap((id) => {
    const row = all[id] ?? last.current.get(id);
    return row === undefined ? [] : [[id, row] as const];
  });
  last.current = new Map(rows);
  const most = Math.max(1, ...rows.map(([, row]) => row.viewers));
  const videos = group === 'video_id';
  return (
    <div class="scroll" {...hold} tabIndex={0} role="region" aria-label="Rows of who watches">
      <table>
        <colgroup><col /><col class="w-number" /><col class="w-wide" />{videos && <col class="w-number" />}<col class="w-wide" /></colgroup>
        <thead>
          <tr>
            <th scope="col">{dimensionWords(group)}</th><th scope="col" class="num">Viewers</th><th scope="col" class="num">Rebuffering</th>
            {videos && <th scope="col" class="num">Starts<span class="th-unit">/min</span></th>}
            <th scope="col" class="num" title={videos ? undefined : 'Within the last ten minutes'}>Failures<span class="th-unit">{videos ? '/min' : ''}</span></th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([, row], place) => (
            // Keyed by place: a change of rank changes texts, and nothing moves.
            <tr key={place}>
              <th scope="row" class="title-cell">
                <a href={row.href} title={row.text}>{row.text}</a>
                <span class="bar"><span class="bar-fill" style={{ inlineSize: `${(row.viewers / most) * 100}%` }} /></span>
              </th>
              <td class="num strong" title={countInFull(row.viewers)}>{count(row.viewers)}</td>
              <td class="num">{ratio(share(row.rebuffering, row.viewers))}</td>
              {videos && <td class="num">{count(row.starts)}</td>}
              <td class="num">{count(row.failures)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
