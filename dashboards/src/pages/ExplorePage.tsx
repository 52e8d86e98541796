/** Any metric, measured any way: its value, how it went, and by which views it came about. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { MEASUREMENTS, ORDERS, dimensionNames, metricDefinitions, overallPath } from '../api/metrics';
import type { Definition, DimensionNames, Measurement, Order, OverallAnswer } from '../api/metrics';
import { count, plural } from '../charts/format';
import { valueInFull, valueText } from '../charts/unit';
import { BreakdownPanel, breakdownTitle } from '../panels/BreakdownPanel';
import type { Breakdown } from '../panels/BreakdownPanel';
import { FEW_VIEWS } from '../panels/Figures';
import { FilterChips } from '../panels/FilterChips';
import { DimensionOptions, FilterPicker } from '../panels/FilterPicker';
import { HistoryPanel } from '../panels/HistoryPanel';
import type { Measured } from '../panels/HistoryPanel';
import { InsightsPanel } from '../panels/InsightsPanel';
import { NothingThen } from '../panels/NothingThen';
import { chosenPercentile } from '../panels/PercentileSelect';
import { Toolbar } from '../panels/Toolbar';
import { address, exploreHref, navigate, oneOf, withParam, withScope } from '../router';
import { changeOf } from '../time/compare';
import { STEP_WORDS, fittingStep, stepsFor } from '../time/frame';
import { Announcer } from '../ui/Announcer';
import { ChangeText } from '../ui/ChangeText';
import { Choices } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import { useAnswer, useCompared } from '../ui/hooks';
import { useScope } from '../ui/scope';
import type { Scope } from '../ui/scope';

const MEASUREMENT_WORDS: Record<Measurement, string> = {
  avg: 'Mean', '25th': '25th', median: 'Median', '75th': '75th', '90th': '90th', '95th': '95th', '99th': '99th', sum: 'Sum', count: 'Views measured',
};
const COUNTED_WHEN = { view_start: 'began', view_end: 'ended, or as far as it has come', presence: 'was there' } as const;
const DIRECTION_WORDS = { lower_is_better: 'Lower is better.', higher_is_better: 'Higher is better.', neither: '' };
const ORDER_WORDS: Record<Order, string> = { negative_impact: 'Impact', views: 'Views', value: 'Value', field: 'Name' };
const ROWS = 20;

export function ExplorePage({ metric }: { metric: string }): JSX.Element {
  const source = useAnswer('definitions', metricDefinitions);
  const known = source.data.status === 'ready' ? source.data.value : undefined;
  const definition = known?.find(({ id }) => id === metric);
  useEffect(() => {
    document.title = `${definition?.name ?? 'Explore'} · Playhead`;
  }, [definition]);
  if (known !== undefined && definition !== undefined) return <Explorer key={metric} known={known} definition={definition} />;
  return (
    <div class="page-frame panel">
      <h1 class="visually-hidden" tabIndex={-1}>Explore</h1>
      <StateGate source={source} what="the metrics">{(all) => <NoSuchMetric metric={metric} all={all} />}</StateGate>
    </div>
  );
}

const NoSuchMetric = ({ metric, all }: { metric: string; all: Definition[] }): JSX.Element => (
  <div class="state" data-state="not-found">
    <p class="state-title">There is no metric <code>{metric}</code>.</p>
    <ul class="ways-on">{all.slice(0, 8).map(({ id, name }) => <li key={id}><a href={exploreHref(id)}>{name}</a></li>)}</ul>
  </div>
);

function Explorer({ known, definition }: { known: Definition[]; definition: Definition }): JSX.Element {
  const scope = useScope();
  const { id, name, unit, direction, measurements } = definition;
  const offered = MEASUREMENTS.filter((item) => measurements.includes(item));
  const percentile = chosenPercentile();
  // A percentile chosen elsewhere holds for metrics that are told by one.
  const usual = measurements[0] === 'median' && offered.includes(percentile) ? percentile : measurements[0];
  const measurement = oneOf(address.value, 'measurement', offered, usual);
  const of: Measured = { metric: id, measurement, label: shortName(measurement, definition), unit: measurement === 'count' ? 'count' : unit, direction: measurement === 'count' ? 'neither' : direction };
  const steps = stepsFor(scope.now.frame);
  const step = oneOf(address.value, 'step', steps, fittingStep(scope.now.frame));
  const stepWords = Object.fromEntries(steps.map((item) => [item, STEP_WORDS[item][0]]));
  const overall = useCompared<OverallAnswer>(overallPath(id, measurement, scope.now), scope.before && overallPath(id, measurement, scope.before));
  const nothing = overall.data.status === 'ready' && overall.data.value.now.data.total_views === 0;
  return (
    <>
      <div class="page-head"><h1 tabIndex={-1}>{name}</h1><Toolbar scope={scope} /></div>
      <div class="explore-bar">
        <label>Metric <MetricSelect known={known} chosen={id} /></label>
        {offered.length > 1 && <Choices label="Measurement" param="measurement" options={offered} fallback={usual} words={MEASUREMENT_WORDS} />}
      </div>
      <p class="note definition">{definition.definition} {DIRECTION_WORDS[direction]} A view counts for the time in which it {COUNTED_WHEN[definition.aggregation]}.</p>
      <div class="filter-bar"><FilterPicker now={scope.now} /><FilterChips filters={scope.filters} hint="Choose a value below to see only views with it." /></div>
      <Value source={overall} of={of} scope={scope} name={name} />
      {nothing ? <NothingThen scope={scope} /> : (
        <>
          <HistoryPanel id="series" title={`${name} over time`} of={of} scope={scope} step={step}
            actions={steps.length > 1 && <Choices label="Step" param="step" options={steps} fallback={fittingStep(scope.now.frame)} words={stepWords} />} />
          <By of={of} scope={scope} />
          {of.direction !== 'neither' && <InsightsPanel of={of} scope={scope} name={name} />}
        </>
      )}
    </>
  );
}

const shortName = (measurement: Measurement, { unit, measurements }: Definition): string =>
  measurements.length === 1 || (unit === 'ratio' && measurement === 'avg') ? 'Value' : MEASUREMENT_WORDS[measurement];

function MetricSelect({ known, chosen }: { known: Definition[]; chosen: string }): JSX.Element {
  return (
    <select id="metric" value={chosen} onChange={(event) => navigate(exploreHref(event.currentTarget.value))}>
      {known.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
    </select>
  );
}

interface ValueProps {
  source: ReturnType<typeof useCompared<OverallAnswer>>;
  of: Measured;
  scope: Scope;
  name: string;
}

function Value({ source, of, scope, name }: ValueProps): JSX.Element {
  const asked = [{ what: name, path: overallPath(of.metric, of.measurement ?? 'avg', scope.now) }, ...(scope.before === undefined ? [] : [{ what: `${name}, before`, path: overallPath(of.metric, of.measurement ?? 'avg', scope.before) }])];
  return (
    <section class="panel headline" id="value" aria-label="Value">
      <StateGate source={source} what="the value">
        {({ now, before, problem }) => {
          const { value, total_views: views } = now.data;
          return (
            <>
              <Announcer text={`${name}: ${valueText(value, of.unit)}`} />
              <p class="headline-value" title={valueInFull(value, of.unit)}>{valueText(value, of.unit)}</p>
              <p class="headline-detail">
                {scope.before !== undefined && problem === undefined && <><ChangeText change={changeOf(value, before?.data.value, of.unit, of.direction)} than="the time before" /> <span>before: <strong>{valueText(before?.data.value, of.unit)}</strong></span></>}
                {problem !== undefined && <span>The comparison did not load: {problem}</span>}
                <a href={withScope('/views', ['timeframe', 'zone', 'filter'])}>of {plural(views, 'view')}</a>
                {views > 0 && views < FEW_VIEWS && <span>few views</span>}
              </p>
            </>
          );
        }}
      </StateGate>
      <PanelMenu title={name} about={[]} asked={asked} />
    </section>
  );
}

function By({ of, scope }: { of: Measured; scope: Scope }): JSX.Element {
  const names = useAnswer('dimensions', dimensionNames);
  const { params } = address.value;
  const dimension = params.get('by') ?? 'country';
  const orders = ORDERS.filter((order) => order !== 'negative_impact' || of.direction !== 'neither');
  const order = oneOf(address.value, 'order', orders, orders[0] ?? 'views');
  const page = Math.max(1, Math.floor(Number(params.get('page') ?? 1)) || 1);
  const choose = <label class="inline-label"><span class="visually-hidden">Break down by</span>{names.data.status === 'ready' && <DimensionSelect known={names.data.value} chosen={dimension} />}</label>;
  return (
    <BreakdownPanel
      id="by" title={breakdownTitle(dimension)} of={of} scope={scope}
      question={{ metric: of.metric, measurement: of.measurement, dimension, order, descending: order !== 'field', page, limit: ROWS }}
      actions={<>{choose}<Choices label="Order" param="order" options={orders} fallback={orders[0] ?? 'views'} words={ORDER_WORDS} /></>}
      foot={(breakdown) => <Paging breakdown={breakdown} page={page} />}
    />
  );
}

function DimensionSelect({ known, chosen }: { known: DimensionNames; chosen: string }): JSX.Element {
  return (
    <select id="dimension" value={chosen} onChange={(event) => navigate(withParam(withoutPage(), 'by', event.currentTarget.value, 'country'))}>
      <DimensionOptions known={known} />
    </select>
  );
}

function withoutPage() {
  const params = new URLSearchParams(address.value.params);
  params.delete('page');
  return { path: address.value.path, params };
}

function Paging({ breakdown: { groups, total }, page }: { breakdown: Breakdown; page: number }): JSX.Element {
  const first = (page - 1) * ROWS + 1;
  const last = first + groups.length - 1;
  const to = (other: number): string => withParam(address.value, 'page', String(other), '1');
  return (
    <nav class="paging" aria-label="Pages of values">
      <p>{count(first)} to {count(last)} of {plural(total, 'value')}</p>
      {page > 1 && <a class="button" rel="prev" href={to(page - 1)}>Back</a>}
      {last < total && <a class="button" rel="next" href={to(page + 1)}>More</a>}
    </nav>
  );
}
