/** What an environment used in a timeframe: minutes watched, views, and what came in for them. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Environment } from '../api/session';
import { MEASURES, totalOf, usagePath } from '../api/usage';
import type { Measure, UsageAnswer, UsageStep } from '../api/usage';
import { DASH, count, countInFull, oneDecimal } from '../charts/format';
import { stepText } from '../charts/history';
import type { StepRow } from '../charts/history';
import { HistoryChart } from '../panels/HistoryChart';
import { aboutOf } from '../panels/HistoryPanel';
import { NothingThen } from '../panels/NothingThen';
import { Toolbar } from '../panels/Toolbar';
import { address, oneOf } from '../router';
import { changeOf } from '../time/compare';
import { STEP_S, fittingStep, stepsFor } from '../time/frame';
import type { Step } from '../time/frame';
import { ChangeText } from '../ui/ChangeText';
import { Choices, Panel, ShapeSwitch, panelShape } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import type { Cell } from '../ui/export';
import { useCompared } from '../ui/hooks';
import type { Compared } from '../ui/hooks';
import { useScope } from '../ui/scope';
import type { Scope } from '../ui/scope';

const WORDS: Record<Measure, { label: string; about: string }> = {
  minutes_watched: { label: 'Hours watched', about: 'all but pauses' },
  views: { label: 'Views', about: 'that began' },
  events: { label: 'Events', about: 'stored, repeats once' },
  beacons: { label: 'Beacons', about: 'that carried them' },
};
const LABELS = Object.fromEntries(MEASURES.map((measure) => [measure, WORDS[measure].label]));

/** Minutes are shown in hours, as what is paid for is counted in. */
const shownValue = (measure: Measure, value: number): number => (measure === 'minutes_watched' ? value / 60 : value);
const shownText = (value: number): string => (Number.isInteger(value) || value >= 1_000 ? count(Math.round(value)) : oneDecimal(value));

export function UsagePage({ environment }: { environment: Environment }): JSX.Element {
  const scope = useScope();
  const { now, before } = scope;
  const fits = stepsFor(now.frame);
  const step = oneOf(address.value, 'step', fits, fittingStep(now.frame));
  const path = usagePath(now.frame, step);
  const beforePath = before && usagePath(before.frame, step);
  const source = useCompared<UsageAnswer>(path, beforePath);
  const measure = oneOf(address.value, 'measure', MEASURES, 'minutes_watched');
  useEffect(() => {
    document.title = 'Usage · Playhead';
  }, []);
  const asked = [{ what: 'Usage', path }, ...(beforePath === undefined ? [] : [{ what: 'Usage before', path: beforePath }])];
  const { data } = source;
  const rows = data.status === 'ready' ? () => cells(data.value.now.data, environment.id) : undefined;
  const isNothing = data.status === 'ready' && totalOf(data.value.now.data, 'events') + totalOf(data.value.now.data, 'views') === 0;
  return (
    <>
      <div class="page-head"><h1 tabIndex={-1}>Usage</h1><Toolbar scope={scope} /></div>
      <p class="note">All of <strong>{environment.name}</strong>, counted one by one: robots are in, a view of a sample is one, and no filter holds.</p>
      <section class="tiles-frame tiles-frame-usage" id="figures" aria-label="Figures">
        <StateGate source={source} what="the usage">
          {(of) => <dl class="tiles">{MEASURES.map((one) => <Total key={one} measure={one} of={of} compared={before !== undefined} />)}</dl>}
        </StateGate>
      </section>
      {isNothing ? <NothingThen scope={{ ...scope, filters: [] }} /> : (
        <Panel
          id="usage" title={`${WORDS[measure].label} over time`} class="panel-chart"
          note={data.status === 'ready' && data.value.problem !== undefined ? `The comparison did not load: ${data.value.problem}` : undefined}
          actions={<>
            <Choices label="What is shown" param="measure" options={MEASURES} fallback="minutes_watched" words={LABELS} />
            {fits.length > 1 && <Choices label="Steps" param="step" options={fits} fallback={fittingStep(now.frame)} words={{ ten_minutes: '10 min' }} />}
            <ShapeSwitch param="usage" what="usage" />
            <PanelMenu title="Usage" about={aboutOf({ ...scope, now: { ...now, filters: [] } })} asked={asked} hasPicture={panelShape('usage') === 'chart'} rows={rows} />
          </>}
        >
          <StateGate source={source} what="the usage over time">
            {(of) => panelShape('usage') === 'table'
              ? <UsageTable steps={of.now.data} step={step} />
              : <HistoryChart rows={rowsOf(of, measure, scope, step)} of={{ label: WORDS[measure].label, unit: 'count', direction: 'neither' }} step={step} compared={before !== undefined} title={WORDS[measure].label} frame={now.frame} />}
          </StateGate>
        </Panel>
      )}
    </>
  );
}

function Total({ measure, of: { now, before, problem }, compared }: { measure: Measure; of: Compared<UsageAnswer>; compared: boolean }): JSX.Element {
  const { label, about } = WORDS[measure];
  const value = shownValue(measure, totalOf(now.data, measure));
  const then = before && shownValue(measure, totalOf(before.data, measure));
  return (
    <div class="tile" id={`figure-${measure}`}>
      <dt>{label}</dt>
      <dd class="tile-value" title={measure === 'minutes_watched' ? `${countInFull(value * 60)} minutes` : countInFull(value)}>{shownText(value)}</dd>
      <dd class="tile-detail">{!compared ? DASH : problem === undefined ? <ChangeText change={changeOf(value, then, 'count', 'neither')} than={`Before: ${then === undefined ? DASH : shownText(then)}`} /> : <span class="change" title={problem}>comparison failed</span>}</dd>
      <dd class="tile-detail tile-sample">{about}</dd>
    </div>
  );
}

function rowsOf({ now, before }: Compared<UsageAnswer>, measure: Measure, scope: Scope, step: Step): StepRow[] {
  const shiftS = scope.before?.shiftS;
  const earlier = new Map(shiftS === undefined ? [] : before?.data.map((one) => [Date.parse(one.date) / 1_000 + shiftS, one]));
  const told = (one: UsageStep): { value: number; views: number } => ({ value: shownValue(measure, one[measure]), views: one.views });
  return now.data.map((one) => {
    const atS = Date.parse(one.date) / 1_000;
    const then = earlier.get(atS);
    const partial = atS < scope.now.frame.fromS || atS + STEP_S[step] > scope.now.frame.toS;
    return { atS, ...told(one), partial, ...(then === undefined ? {} : { before: told(then) }) };
  });
}

function UsageTable({ steps, step }: { steps: UsageStep[]; step: Step }): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Usage, step by step">
      <table class="history">
        <thead><tr><th scope="col">Step</th>{MEASURES.map((measure) => <th key={measure} scope="col" class="num">{WORDS[measure].label}</th>)}</tr></thead>
        <tbody>
          {steps.map((one) => (
            <tr key={one.date}>
              <th scope="row">{stepText(Date.parse(one.date) / 1_000, step)}</th>
              {MEASURES.map((measure) => <td key={measure} class="num" title={`${countInFull(one[measure])}${measure === 'minutes_watched' ? ' minutes' : ''}`}>{shownText(shownValue(measure, one[measure]))}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const cells = (steps: UsageStep[], environment: string): Cell[][] =>
  [['step_utc', 'environment', ...MEASURES], ...steps.map((one): Cell[] => [one.date, environment, ...MEASURES.map((measure) => one[measure])])];
