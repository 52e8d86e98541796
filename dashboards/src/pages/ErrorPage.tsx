/** One error: what it does, how often and since when, where it is more frequent than elsewhere, and the views that had it. */
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { getJson } from '../api/client';
import { viewsPath } from '../api/views';
import { DASH, count, dateTime, plural, ratio, utc } from '../charts/format';
import { ErrorKind } from '../errors/ErrorKind';
import { ErrorMessages, ErrorViews, newestPath } from '../errors/ErrorViews';
import type { NewestAnswer } from '../errors/ErrorViews';
import { ErrorWhere } from '../errors/ErrorWhere';
import { errorsPath } from '../errors/errors';
import type { ErrorRow } from '../errors/errors';
import { useErrors } from '../errors/useErrors';
import type { Errors } from '../errors/useErrors';
import { FilterChips } from '../panels/FilterChips';
import { FilterPicker } from '../panels/FilterPicker';
import { HistoryPanel, aboutOf } from '../panels/HistoryPanel';
import { Toolbar } from '../panels/Toolbar';
import { withScope } from '../router';
import { changeOf } from '../time/compare';
import { resolve, timeframeWords } from '../time/frame';
import { ChangeText } from '../ui/ChangeText';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import { frameHref, useScope } from '../ui/scope';
import type { Scope } from '../ui/scope';
import { useAnswer } from '../ui/hooks';
import type { Source } from '../ui/hooks';
import type { Filter } from '../views/filters';

const PLACES = ['player_software', 'player_software_version', 'cdn', 'country', 'device', 'operating_system', 'video_id', 'asn_organization'] as const;

const VIEWS = { metric: 'views', label: 'Views', unit: 'count' as const, direction: 'lower_is_better' as const };

export function ErrorPage({ code }: { code: string }): JSX.Element {
  const scope = useScope();
  const filter = useMemo<Filter>(() => ({ dimension: 'error_code', value: code, negated: false }), [code]);
  const withError = useMemo(() => narrowed(scope, filter), [scope, filter]);
  const errors = useErrors(scope);
  const row = errors.data.status === 'ready' ? errors.data.value.rows.find((known) => known.code === code) : undefined;
  const newest = useAnswer(newestPath(scope, filter), (signal) => getJson<NewestAnswer>(newestPath(scope, filter), signal));
  useEffect(() => {
    document.title = `${code} · Playhead`;
  }, [code]);
  return (
    <>
      <div class="page-head">
        <div><p class="note"><a href={withScope('/errors')}>Errors</a></p><h1 tabIndex={-1}>{code}</h1></div>
        <Toolbar scope={scope} />
      </div>
      <div class="filter-bar"><FilterPicker now={scope.now} /><FilterChips filters={scope.filters} hint="Choose a value below to see only views with it." /></div>
      <Headline source={errors} code={filter} scope={scope} />
      <div class="error-top">
        <HistoryPanel id="course" title="Views that had it, by when they began" of={VIEWS} scope={withError} class="panel-small" />
        <ErrorMessages source={newest} code={filter} scope={scope} />
      </div>
      <h2 class="part-title">Where it is more frequent than elsewhere</h2>
      <div class="tops">{PLACES.map((dimension) => <ErrorWhere key={dimension} dimension={dimension} code={filter} overall={row?.part} scope={scope} />)}</div>
      <ErrorViews source={newest} code={filter} scope={scope} />
    </>
  );
}

function narrowed(scope: Scope, filter: Filter): Scope {
  const { now, before } = scope;
  return { ...scope, now: { ...now, filters: [...now.filters, filter] }, before: before && { ...before, filters: [...before.filters, filter] } };
}

function Headline({ source, code, scope }: { source: Source<Errors>; code: Filter; scope: Scope }): JSX.Element {
  return (
    <section class="panel headline" id="error" aria-label="How often">
      <StateGate source={source} what="the error">
        {({ rows, problems }) => {
          const row = rows.find((known) => known.code === code.value);
          return row === undefined ? <Absent code={code} scope={scope} /> : <Present row={row} code={code} problems={problems} />;
        }}
      </StateGate>
      <PanelMenu title={code.value} about={aboutOf(scope)} asked={[{ what: 'Errors', path: errorsPath(scope.now) }]} />
    </section>
  );
}

function Present({ row, code, problems }: { row: ErrorRow; code: Filter; problems: string[] }): JSX.Element {
  const { views, part, viewers, before, lastSeenMs, message } = row;
  return (
    <>
      <p class="headline-value">{ratio(part)}</p>
      <div class="error-facts">
        <p class="headline-detail">
          {before !== undefined && (before.views === 0 ? <span class="new-mark">new: no view had it in the time before</span> : <ChangeText change={changeOf(part, before.part, 'ratio', 'lower_is_better')} than={`Before: ${ratio(before.part)}`} />)}
          <span>of all views: <strong>{plural(views, 'view')}</strong></span>
          <span><strong>{viewers === undefined ? DASH : count(viewers)}</strong> {viewers === 1 ? 'viewer' : 'viewers'}</span>
          <ErrorKind row={row} />
          <FirstSeen code={code} />
          <span title={utc(lastSeenMs)}>last seen <strong>{dateTime(lastSeenMs, Date.now())}</strong></span>
        </p>
        <p class="error-message">{message ?? 'Players send no message with it.'}</p>
        {problems.length > 0 && <p class="note">{problems.join(' ')}</p>}
      </div>
    </>
  );
}

/** Within all that is kept, whatever the screen's timeframe and filters are. */
function FirstSeen({ code }: { code: Filter }): JSX.Element {
  const path = useMemo(() => viewsPath({ frame: resolve('90d', Date.now(), 'utc'), filters: [code] }, 'asc', 1), [code]);
  const { data } = useAnswer(path, (signal) => getJson<NewestAnswer>(path, signal));
  const [first] = data.status === 'ready' ? data.value.data : [];
  const atMs = first === undefined ? undefined : Date.parse(first.view_start);
  return <span title={atMs === undefined ? undefined : utc(atMs)}>first seen <strong>{atMs === undefined ? DASH : dateTime(atMs, Date.now())}</strong></span>;
}

function Absent({ code, scope }: { code: Filter; scope: Scope }): JSX.Element {
  return (
    <div class="state" data-state="no-match">
      <p class="state-title">No view {scope.filters.length > 0 ? 'that fits the filters ' : ''}had the error “{code.value}” in the {timeframeWords(scope.timeframe)}.</p>
      {scope.timeframe !== '90d' && <p><a href={frameHref('90d')}>Look at the {timeframeWords('90d')}</a></p>}
    </div>
  );
}
