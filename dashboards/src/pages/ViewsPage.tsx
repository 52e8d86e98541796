/** The list of views, those heard of last first: narrowed by chips, found by an id, kept live while it reaches to the present. */
import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import { listPath, listViews } from '../api/views';
import type { ViewList, ViewSummary } from '../api/views';
import { countInFull, plural, timeOfDay } from '../charts/format';
import type { Live } from '../live/store';
import type { TopicStates } from '../live/topics';
import { FilterChips } from '../panels/FilterChips';
import { TimePicker } from '../panels/TimePicker';
import { ViewSearch } from '../panels/ViewSearch';
import { ViewsTable } from '../panels/ViewsTable';
import { address } from '../router';
import { reachesNow, resolve, timeframeOf, timeframeWords } from '../time/frame';
import type { Timeframe } from '../time/frame';
import { zone } from '../time/zone';
import { Announcer } from '../ui/Announcer';
import { Panel } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import type { Cell } from '../ui/export';
import { useAnswer, useTopic } from '../ui/hooks';
import { frameHref } from '../ui/scope';
import type { Filter } from '../views/filters';
import { dimensionWords, filterSentence, filterText, filtersOf, matchesLive, notLive, withFilters, without } from '../views/filters';
import { fromHistory, fromLive, merged } from '../views/rows';
import type { Row } from '../views/rows';

const PER_PAGE = 50;
/** Enough for a page of new ones and for those of the page that still run. */
const LIVE_ROWS = 100;

interface Selection {
  timeframe: Timeframe;
  filters: Filter[];
  page: number;
  /** Unix second at which the list ends; missing means that it reaches to the present. */
  untilS: number | undefined;
}

const whole = (text: string | null): number | undefined => (text !== null && /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined);

function selection(): Selection {
  const { params } = address.value;
  return {
    timeframe: timeframeOf(params.get('timeframe')),
    filters: filtersOf(params),
    page: whole(params.get('page')) ?? 1,
    untilS: whole(params.get('until')),
  };
}

export function ViewsPage(): JSX.Element {
  const chosen = selection();
  const { timeframe, filters, page, untilS } = chosen;
  const source = useAnswer(JSON.stringify(chosen), (signal) => listViews({ ...chosen, limit: PER_PAGE }, signal));
  const blind = notLive(filters);
  const isLive = page === 1 && untilS === undefined && blind.length === 0 && reachesNow(timeframe);
  const topic = useTopic('views', isLive ? { limit: LIVE_ROWS, ...narrowed(filters) } : undefined);
  useEffect(() => {
    document.title = 'Views · Playhead';
  }, []);
  const spoken = source.data.status === 'ready' ? `${plural(source.data.value.total, 'view')} found` : '';
  return (
    <>
      <Announcer text={spoken} />
      <div class="page-head">
        <h1 tabIndex={-1}>Views</h1>
        <TimePicker timeframe={timeframe} frame={resolve(timeframe, Date.now(), zone.value)} />
      </div>
      <ViewSearch />
      <FilterChips filters={filters} />
      <Panel id="views-list" title={`Views of the ${timeframeWords(timeframe)}`} note={isLive && topic.data.status === 'error' ? <>Not live: {topic.data.message} <button type="button" class="button" onClick={topic.retry}>Try again</button></> : liveNote(isLive, chosen, blind)} class="panel-views"
        actions={<PanelMenu title="Views" about={[timeframeWords(timeframe), ...filters.map(filterText)]} asked={[{ what: 'This page of the list', path: listPath({ ...chosen, limit: PER_PAGE }) }]} rows={source.data.status === 'ready' ? cellsOf(source.data.value) : undefined} />}>
        <StateGate source={source} what="the views">
          {(list) => list.rows.length === 0 && !isLive
            ? <Nothing chosen={chosen} total={list.total} />
            : <List list={list} chosen={chosen} live={isLive ? topic.data : undefined} />}
        </StateGate>
      </Panel>
    </>
  );
}

/** The page as it was asked; what came in since then is not in it. */
const cellsOf = ({ rows }: ViewList) => (): Cell[][] => {
  const names = Object.keys(rows[0] ?? {}) as (keyof ViewSummary)[];
  return [names, ...rows.map((row) => names.map((name) => { const value = row[name]; return typeof value === 'boolean' ? String(value) : value; }))];
};

function liveNote(isLive: boolean, { untilS, page, timeframe }: Selection, blind: string[]): JSX.Element {
  if (isLive) return <>Last heard of first; new views come in by themselves</>;
  if (untilS !== undefined) return <>Up to {timeOfDay(untilS * 1_000)}. <a href={withoutPlace()}>Back to now</a></>;
  if (page > 1) return <><a href={withoutPlace()}>Back to the newest</a></>;
  if (!reachesNow(timeframe)) return <>Not live: this time is over</>;
  return <>Not live: of new views {blind.map(dimensionWords).join(', ')} is known only afterwards</>;
}

/** The same selection on its first page, at the present. */
const withoutPlace = (): string => withFilters(address.value.path, address.value.params, filtersOf(address.value.params));

function Nothing({ chosen, total }: { chosen: Selection; total: number }): JSX.Element {
  const { filters, timeframe } = chosen;
  if (total > 0) {
    return <div class="state" data-state="empty"><p class="state-title">The list is not that long.</p><p><a href={withoutPlace()}>Go to its first page</a></p></div>;
  }
  const { path, params } = address.value;
  return (
    <div class="state" data-state={filters.length === 0 ? 'empty' : 'no-match'}>
      <p class="state-title">{filters.length === 0 ? 'No view' : 'No view matches'} in the {timeframeWords(timeframe)}.</p>
      {filters.length > 0 && (
        <ul class="ways-on">
          {filters.map((filter) => <li key={filterText(filter)}><a href={withFilters(path, params, without(filters, filter))}>Without “{filterSentence(filter)}”</a></li>)}
        </ul>
      )}
      {timeframe !== '90d' && <p><a href={frameHref('90d')}>Look at the {timeframeWords('90d')}</a></p>}
      {filters.length === 0 && <p>New views appear on the <a href="/">live page</a> as they begin.</p>}
    </div>
  );
}

interface ListProps {
  list: ViewList;
  chosen: Selection;
  /** Missing when the list does not reach to the present. */
  live: Live<TopicStates['views']> | undefined;
}

function List({ list, chosen, live }: ListProps): JSX.Element {
  const { filters, page } = chosen;
  const history = useMemo(() => list.rows.map((row) => fromHistory(row, list.untilS * 1_000)), [list]);
  const rows = withLive(history, list, filters, live);
  if (rows.length === 0) return <Nothing chosen={chosen} total={list.total} />;
  const firstRow = (page - 1) * PER_PAGE + 1;
  const last = firstRow + list.rows.length - 1;
  return (
    <>
      <ViewsTable rows={rows} filters={filters} />
      <nav class="paging" aria-label="Pages of views">
        <p>{list.rows.length === 0 ? 'None yet' : `${countInFull(firstRow)} to ${countInFull(last)}`} of {plural(list.total, 'view')} at {timeOfDay(list.untilS * 1_000)}</p>
        {page > 1 && <a class="button" rel="prev" href={pageHref(page - 1, list.untilS)}>Newer</a>}
        {last < list.total && <a class="button" rel="next" href={pageHref(page + 1, list.untilS)}>Older</a>}
      </nav>
    </>
  );
}

/** Pages of one list end at one time, or views would slip from one to the next while somebody reads. */
function pageHref(page: number, untilS: number): string {
  const params = new URLSearchParams(address.value.params);
  params.set('until', String(untilS));
  if (page === 1) params.delete('page');
  else params.set('page', String(page));
  return `${address.value.path}?${params.toString()}`;
}

/** Of one video alone, the topic may be asked for it; else for all, and the rows are held against the filters here. */
function narrowed(filters: Filter[]): { video_id?: string } {
  const videos = filters.filter(({ dimension }) => dimension === 'video_id');
  const [only] = videos;
  return only === undefined || only.negated || videos.length > 1 ? {} : { video_id: only.value };
}

function withLive(history: Row[], list: ViewList, filters: Filter[], topic: Live<TopicStates['views']> | undefined): Row[] {
  if (topic?.status !== 'ready') return history;
  const views = topic.value.rows;
  // A player that is set up and not asked to play is no view yet.
  const live = new Map(Object.entries(views).filter(([, view]) => view.state !== 'idle').map(([id, view]) => [id, fromLive(id, view)]));
  const fits = (id: string): boolean => {
    const view = views[id];
    return view !== undefined && matchesLive(view, filters);
  };
  return merged(history, live, fits, (list.untilS - 1) * 1_000, PER_PAGE);
}
