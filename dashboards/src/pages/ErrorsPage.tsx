/** Which errors there are, whom they hit, and how it went: the way in to each of them. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { plural } from '../charts/format';
import { ErrorsTable } from '../errors/ErrorsTable';
import { ORDERS, errorsPath, ordered } from '../errors/errors';
import type { ErrorRow, Order } from '../errors/errors';
import { useErrors } from '../errors/useErrors';
import type { Errors } from '../errors/useErrors';
import { Figures, FiguresMenu, useFigures, viewsOf } from '../panels/Figures';
import type { Figure } from '../panels/Figures';
import { FilterChips } from '../panels/FilterChips';
import { FilterPicker } from '../panels/FilterPicker';
import { HistoryPanel, aboutOf } from '../panels/HistoryPanel';
import { NothingThen } from '../panels/NothingThen';
import { Toolbar } from '../panels/Toolbar';
import { address, exploreHref, oneOf } from '../router';
import { timeframeWords } from '../time/frame';
import { Announcer } from '../ui/Announcer';
import { Choices, Panel } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import type { Cell } from '../ui/export';
import type { Source } from '../ui/hooks';
import { useScope } from '../ui/scope';
import type { Scope } from '../ui/scope';
import { filterText } from '../views/filters';

const WITH_ERROR = { dimension: 'error_code', relation: 'known' as const, value: '', negated: false };

/** The first says whether there is any view at all. */
const FIGURES: Figure[] = [
  { metric: 'views', label: 'Views', unit: 'count', direction: 'neither' },
  { metric: 'unique_viewers', label: 'Viewers with an error', unit: 'count', direction: 'lower_is_better', filter: WITH_ERROR },
  { metric: 'playback_failure_percentage', label: 'Playback failures', unit: 'ratio', direction: 'lower_is_better' },
  { metric: 'video_startup_failure_percentage', label: 'Startup failures', unit: 'ratio', direction: 'lower_is_better' },
  { metric: 'playback_business_exception_percentage', label: 'Business rules', unit: 'ratio', direction: 'lower_is_better' },
];

/** What can be seen over time, by the figures above. */
const TRENDS = ['playback_failure_percentage', 'video_startup_failure_percentage', 'playback_business_exception_percentage'] as const;

const ORDER_WORDS: Record<Order, string> = { views: 'Views', viewers: 'Viewers', seen: 'Last seen', change: 'Change' };

export function ErrorsPage(): JSX.Element {
  const scope = useScope();
  const figures = useFigures(scope, FIGURES);
  const errors = useErrors(scope);
  useEffect(() => {
    document.title = 'Errors · Playhead';
  }, []);
  const spoken = errors.data.status === 'ready' ? `${plural(errors.data.value.rows.length, 'error')} in the ${timeframeWords(scope.timeframe)}` : '';
  return (
    <>
      <Announcer text={spoken} />
      <div class="page-head"><h1 tabIndex={-1}>Errors</h1><Toolbar scope={scope} /></div>
      <div class="filter-bar"><FilterPicker now={scope.now} /><FilterChips filters={scope.filters} hint="Errors of all views." /><FiguresMenu scope={scope} source={figures} /></div>
      <Figures scope={scope} source={figures} />
      {viewsOf(figures) === 0 ? <NothingThen scope={scope} /> : <><Trend scope={scope} /><List source={errors} scope={scope} /></>}
    </>
  );
}

function Trend({ scope }: { scope: Scope }): JSX.Element {
  const trend = oneOf(address.value, 'trend', TRENDS, TRENDS[0]);
  const of = FIGURES.find(({ metric }) => metric === trend) ?? { metric: trend, label: trend, unit: 'ratio' as const, direction: 'lower_is_better' as const };
  const words = Object.fromEntries(FIGURES.map(({ metric, label }) => [metric, label]));
  return (
    <HistoryPanel
      id="trend" title={`${of.label} over time`} titleHref={exploreHref(trend)} of={of} scope={scope} class="panel-small"
      actions={<Choices label="What is shown over time" param="trend" options={TRENDS} fallback={TRENDS[0]} words={words} />}
    />
  );
}

function List({ source, scope }: { source: Source<Errors>; scope: Scope }): JSX.Element {
  const order = oneOf(address.value, 'order', ORDERS, 'views');
  const known = source.data.status === 'ready' ? source.data.value : undefined;
  const asked = [{ what: 'Errors', path: errorsPath(scope.now) }, ...(scope.before === undefined ? [] : [{ what: 'Errors, before', path: errorsPath(scope.before) }])];
  const offered = ORDERS.filter((item) => item !== 'change' || scope.before !== undefined);
  return (
    <Panel
      id="errors" title="By error" class="panel-breakdown" note={known === undefined || known.problems.length === 0 ? 'A view counts for the error it had last' : known.problems.join(' ')}
      actions={<>
        <Choices label="Order" param="order" options={offered} fallback="views" words={ORDER_WORDS} />
        <PanelMenu title="Errors" about={aboutOf(scope)} asked={asked} rows={known && (() => cells(known.rows, scope))} />
      </>}
    >
      <StateGate source={source} what="the errors" isEmpty={({ rows }) => rows.length === 0} empty={<NoError scope={scope} />}>
        {({ rows }) => <ErrorsTable rows={ordered(rows, order)} scope={scope} />}
      </StateGate>
    </Panel>
  );
}

const NoError = ({ scope }: { scope: Scope }): JSX.Element => (
  <>
    <p class="state-title">No view {scope.filters.length > 0 ? 'that fits the filters ' : ''}had an error in the {timeframeWords(scope.timeframe)}.</p>
    <p>Players tell of errors by themselves; how to send your own is under “error” in the documentation of beacons.</p>
  </>
);

function cells(rows: ErrorRow[], scope: Scope): Cell[][] {
  const filters = scope.filters.map(filterText).join(' ');
  return [
    ['error_code', 'message', 'kind', 'views', 'part_of_all_views', 'viewers', 'views_ended', 'views_before', 'part_before', 'last_seen_utc', 'filters'],
    ...rows.map(({ code, message, kind, views, part, viewers, failures, before, lastSeenMs }): Cell[] =>
      [code, message ?? null, kind, views, part, viewers ?? null, failures ?? null, before?.views ?? null, before?.part ?? null, new Date(lastSeenMs).toISOString(), filters]),
  ];
}
