/** The errors of a timeframe, each with what it does, whom it hits, how it went, and the way to the views that had it. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { timeseriesPath } from '../api/metrics';
import type { TimeseriesAnswer } from '../api/metrics';
import { DASH, count, countInFull, dateTime, ratio, utc } from '../charts/format';
import { errorHref } from '../router';
import { changeOf } from '../time/compare';
import { fittingStep } from '../time/frame';
import { ChangeText } from '../ui/ChangeText';
import { Sparkline } from '../ui/Sparkline';
import { useCompared } from '../ui/hooks';
import type { Scope } from '../ui/scope';
import { ErrorKind } from './ErrorKind';
import type { ErrorRow } from './errors';

/** Each of them has a course of its own to ask for. */
const AT_FIRST = 15;

interface Props {
  rows: ErrorRow[];
  scope: Scope;
}

export function ErrorsTable({ rows, scope }: Props): JSX.Element {
  const [all, setAll] = useState(false);
  const shown = all ? rows : rows.slice(0, AT_FIRST);
  const most = Math.max(1, ...rows.map(({ views }) => views));
  const compared = rows.some(({ before }) => before !== undefined);
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label="Rows of errors">
        <table class="errors">
          <colgroup><col /><col class="w-kind" /><col class="w-number" /><col class="w-number" /><col class="w-wide" />{compared && <col class="w-change" />}<col class="w-trend" /><col class="w-seen" /></colgroup>
          <thead>
            <tr>
              <th scope="col">Error</th><th scope="col">What it does</th><th scope="col" class="num">Viewers</th><th scope="col" class="num">Views</th><th scope="col" class="num">Of all views</th>
              {compared && <th scope="col" class="num">Change</th>}
              <th scope="col">Course</th><th scope="col" class="num">Last seen</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((row, place) => (
              <tr key={row.code} data-code={row.code}>
                <th scope="row" class="title-cell error-cell">
                  <a href={errorHref(row.code)} title={row.code}>{row.code}</a>
                  <span class="note cut" title={row.message}>{row.message ?? 'no message'}</span>
                  <span class="bar"><span class="bar-fill" style={{ inlineSize: `${(row.views / most) * 100}%` }} /></span>
                </th>
                <td><ErrorKind row={row} /></td>
                <td class="num" title={countInFull(row.viewers)}>{count(row.viewers)}</td>
                <td class="num strong" title={countInFull(row.views)}>{count(row.views)}</td>
                <td class="num">{ratio(row.part)}</td>
                {compared && <td class="num"><Change row={row} /></td>}
                <td>{place < AT_FIRST ? <Course code={row.code} scope={scope} /> : DASH}</td>
                <td class="num" title={utc(row.lastSeenMs)}>{dateTime(row.lastSeenMs, Date.now())}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > AT_FIRST && <p class="paging"><button type="button" class="button" onClick={() => setAll(!all)}>{all ? `Only the first ${AT_FIRST}` : `All ${count(rows.length)} errors`}</button></p>}
    </>
  );
}

/** Parts of all views are compared, not counts: an evening with more viewers has more of every error. */
function Change({ row: { part, before } }: { row: ErrorRow }): JSX.Element | string {
  if (before === undefined) return DASH;
  if (before.views === 0) return <span class="new-mark" title="No view had it in the time before">new</span>;
  return <ChangeText change={changeOf(part, before.part, 'ratio', 'lower_is_better')} than={`Before: ${ratio(before.part)}, ${countInFull(before.views)} views`} />;
}

/** A glance at when; the error's own page has it with axes and a table. */
function Course({ code, scope }: { code: string; scope: Scope }): JSX.Element | null {
  const { frame, filters } = scope.now;
  const of = { frame, filters: [...filters, { dimension: 'error_code', value: code, negated: false }] };
  const { data } = useCompared<TimeseriesAnswer>(timeseriesPath('playback_failure_percentage', undefined, of, fittingStep(frame)), undefined);
  if (data.status === 'error') return <span title={data.message}>{DASH}</span>;
  return data.status === 'ready' ? <Sparkline values={data.value.now.data.map(([, , views]) => views)} /> : null;
}
