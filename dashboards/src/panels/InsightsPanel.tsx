/** Why a metric is as it is, and why it changed: the values of all dimensions by how far their views move the whole for the worse. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { insightsPath } from '../api/metrics';
import type { InsightsAnswer } from '../api/metrics';
import { CAUSE_ORDERS, causesOf } from '../charts/causes';
import type { Cause } from '../charts/causes';
import { DASH, count, countInFull } from '../charts/format';
import { valueInFull, valueText } from '../charts/unit';
import { address, oneOf } from '../router';
import { changeOf } from '../time/compare';
import { ChangeText } from '../ui/ChangeText';
import { Choices, Panel } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import { useCompared } from '../ui/hooks';
import type { Scope } from '../ui/scope';
import { NOTHING, added, dimensionWords, withFilters } from '../views/filters';
import { impactText } from './BreakdownTable';
import { FEW_VIEWS } from './Figures';
import { aboutOf } from './HistoryPanel';
import type { Measured } from './HistoryPanel';

const SHOWN = 10;
/** Enough to find those of now among those of then. */
const LOOKED_AT = 500;

interface Props {
  of: Measured;
  scope: Scope;
  name: string;
}

export function InsightsPanel({ of, scope, name }: Props): JSX.Element {
  const path = insightsPath(of.metric, of.measurement, scope.now, LOOKED_AT);
  const beforePath = scope.before && insightsPath(of.metric, of.measurement, scope.before, LOOKED_AT);
  const [seen, setSeen] = useState(false);
  const source = useCompared<InsightsAnswer>(seen ? path : undefined, beforePath);
  const order = oneOf(address.value, 'causes', CAUSE_ORDERS, 'impact');
  const known = source.data.status === 'ready' ? source.data.value : undefined;
  const causes = known === undefined ? [] : causesOf(known.now.data, known.before?.data, order);
  const title = order === 'change' ? 'Why did it change?' : 'What drags it down?';
  return (
    <Panel
      id="why" title={title} class="panel-breakdown insights" onSeen={() => setSeen(true)}
      note={known?.problem === undefined ? 'Over all dimensions that may be a cause' : `The comparison did not load: ${known.problem}`}
      actions={<>
        {scope.before !== undefined && <Choices label="Ranked by" param="causes" options={CAUSE_ORDERS} fallback="impact" words={{ impact: 'Impact', change: 'Change of impact' }} />}
        <PanelMenu title={`${title} ${name}`} about={aboutOf(scope)} asked={[{ what: name, path }, ...(beforePath === undefined ? [] : [{ what: `${name}, before`, path: beforePath }])]} rows={known && (() => cells(causes))} />
      </>}
    >
      <StateGate source={source} what="the causes" isEmpty={() => causes.length === 0} empty={<p class="state-title">No value of a dimension stands out for the worse.</p>}>
        {() => <Table causes={causes.slice(0, SHOWN)} of={of} scope={scope} />}
      </StateGate>
    </Panel>
  );
}

function Table({ causes, of, scope }: { causes: Cause[]; of: Measured; scope: Scope }): JSX.Element {
  const { path, params } = address.value;
  const compared = scope.before !== undefined;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Causes, rows">
      <table class="breakdown">
        <colgroup><col /><col class="w-value" />{compared && <col class="w-change" />}<col class="w-number" /><col class="w-impact" />{compared && <col class="w-impact" />}</colgroup>
        <thead><tr><th scope="col">Views with</th><th scope="col" class="num">{of.label}</th>{compared && <th scope="col" class="num">Change</th>}<th scope="col" class="num">Views</th><th scope="col" class="num" title="How much the whole would be better if these views were like all others">Impact</th>{compared && <th scope="col" class="num">Before</th>}</tr></thead>
        <tbody>
          {causes.map(({ now, before }) => {
            const { filter_column: dimension, filter_value: value, metric, total_views: views } = now;
            const text = value === null || value === '' ? 'not known' : value;
            return (
              <tr key={`${dimension}:${text}`} data-value={`${dimension}:${text}`} class={views < FEW_VIEWS ? 'few' : undefined}>
                <th scope="row" class="title-cell"><a class="value" href={withFilters(path, params, added(scope.filters, { dimension, value: value ?? NOTHING, negated: false }))} title={text}><span class="note">{dimensionWords(dimension)}</span> {text}</a></th>
                <td class="num strong" title={valueInFull(metric, of.unit)}>{valueText(metric, of.unit)}</td>
                {compared && <td class="num"><ChangeText change={changeOf(metric, before?.metric, of.unit, of.direction)} than={`Before: ${valueText(before?.metric, of.unit)}`} /></td>}
                <td class="num" title={countInFull(views)}>{count(views)}{views < FEW_VIEWS && <span class="note"> few</span>}</td>
                <td class="num">{impactText(now.negative_impact_score, of.unit)}</td>
                {compared && <td class="num">{before === undefined ? DASH : impactText(before.negative_impact_score, of.unit)}</td>}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

const cells = (causes: Cause[]) => [
  ['dimension', 'value', 'metric', 'views', 'negative_impact', 'metric_before', 'views_before', 'negative_impact_before'],
  ...causes.map(({ now, before }) => [now.filter_column, now.filter_value, now.metric, now.total_views, now.negative_impact_score, before?.metric ?? null, before?.total_views ?? null, before?.negative_impact_score ?? null]),
];
