/** The videos with most viewers now. A row leads to its video. */
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { count, countInFull, ratio, share } from '../charts/format';
import type { Top, TopRow } from '../live/topics';
import { videoHref } from '../router';
import { Panel } from '../ui/Panel';
import { StateGate } from '../ui/StateGate';
import { useOrder } from '../ui/hooks';
import type { Source } from '../ui/hooks';

export const MOST_WATCHED = 10;
const RANK_EVERY_MS = 5_000;

export function MostWatched({ source }: { source: Source<Top> }): JSX.Element {
  return (
    <Panel id="top" title="Most watched" note="Ranks change at most every 5 s" class="panel-table">
      <StateGate source={source} what="the most watched videos" isEmpty={(top) => Object.keys(top.rows).length === 0}
        empty={<p class="state-title">No video is being watched.</p>}>
        {(top) => <Table top={top} />}
      </StateGate>
    </Panel>
  );
}

function Table({ top }: { top: Top }): JSX.Element {
  const ranked = Object.keys(top.rows).sort(
    (a, b) => (top.rows[b]?.viewers ?? 0) - (top.rows[a]?.viewers ?? 0) || a.localeCompare(b),
  );
  const { ids, hold } = useOrder(ranked, RANK_EVERY_MS);
  // A row that left while it is held in place keeps its last values.
  const last = useRef(new Map<string, TopRow>());
  const rows = ids.slice(0, MOST_WATCHED).flatMap((id) => {
    const row = top.rows[id] ?? last.current.get(id);
    return row === undefined ? [] : [[id, row] as const];
  });
  last.current = new Map(rows);
  const most = Math.max(1, ...rows.map(([, row]) => row.viewers));
  return (
    <div class="scroll" {...hold} tabIndex={0} role="region" aria-label="Rows of the most watched videos">
      <table>
        <colgroup><col /><col class="w-number" /><col class="w-wide" /><col class="w-number" /><col class="w-wide" /></colgroup>
        <thead>
          <tr><th scope="col">Video</th><th scope="col" class="num">Viewers</th><th scope="col" class="num">Rebuffering</th><th scope="col" class="num">Starts<span class="th-unit">/min</span></th><th scope="col" class="num">Failures<span class="th-unit">/min</span></th></tr>
        </thead>
        <tbody>
          {rows.map(([id, row], place) => (
            // Keyed by place: a change of rank changes texts, and nothing moves.
            <tr key={place}>
              <th scope="row" class="title-cell">
                <a href={videoHref(id)} title={row.title ?? id}>{row.title ?? id}</a>
                <span class="bar"><span class="bar-fill" style={{ inlineSize: `${(row.viewers / most) * 100}%` }} /></span>
              </th>
              <td class="num strong" title={countInFull(row.viewers)}>{count(row.viewers)}</td>
              <td class="num">{ratio(share(row.rebuffering, row.viewers))}</td>
              <td class="num">{count(row.starts)}</td>
              <td class="num">{count(row.failures)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
