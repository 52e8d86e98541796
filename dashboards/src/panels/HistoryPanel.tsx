/** A metric step by step, beside an earlier timeframe: as a chart or a table, with all that can be taken from it. */
import type { Signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { timeseriesPath } from '../api/metrics';
import type { Measurement, TimeseriesAnswer } from '../api/metrics';
import { dateTimeShort } from '../charts/format';
import { stepRows } from '../charts/history';
import type { StepRow } from '../charts/history';
import { UNIT_WORDS } from '../charts/unit';
import type { Direction, Unit } from '../time/compare';
import { notesBetween } from '../notes/marks';
import { useNotesSoFar } from '../notes/notes';
import type { Note } from '../notes/note';
import { STEP_S, fittingStep } from '../time/frame';
import type { Step } from '../time/frame';
import { Panel, ShapeSwitch, panelShape } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import type { Cell } from '../ui/export';
import { useCompared } from '../ui/hooks';
import type { Scope } from '../ui/scope';
import { filterText } from '../views/filters';
import { HistoryChart, HistoryTable } from './HistoryChart';

export interface Measured {
  metric: string;
  /** Missing means the metric's default. */
  measurement?: Measurement | undefined;
  label: string;
  unit: Unit;
  direction: Direction;
}

interface Props {
  id: string;
  title: string;
  titleHref?: string;
  of: Measured;
  scope: Scope;
  step?: Step;
  crosshair?: Signal<number | undefined>;
  actions?: ComponentChildren;
  class?: string;
}

export function HistoryPanel({ id, title, titleHref, of, scope, step = fittingStep(scope.now.frame), crosshair, actions, class: extra = '' }: Props): JSX.Element {
  const path = timeseriesPath(of.metric, of.measurement, scope.now, step);
  const beforePath = scope.before && timeseriesPath(of.metric, of.measurement, scope.before, step);
  const [seen, setSeen] = useState(false);
  const source = useCompared<TimeseriesAnswer>(seen ? path : undefined, beforePath);
  const { data } = source;
  const notes = useNotesSoFar(scope.now.frame);
  const rows = data.status === 'ready' ? rowsOf(data.value.now, data.value.before, scope, step) : undefined;
  const asked = [{ what: title, path }, ...(beforePath === undefined ? [] : [{ what: `${title}, before`, path: beforePath }])];
  return (
    <Panel
      id={id} title={title} titleHref={titleHref} class={`panel-chart ${extra}`} onSeen={() => setSeen(true)}
      note={data.status === 'ready' && data.value.problem !== undefined ? `The comparison did not load: ${data.value.problem}` : undefined}
      actions={<>
        {actions}
        <ShapeSwitch param={id} what={title} />
        <PanelMenu title={title} about={aboutOf(scope)} asked={asked} hasPicture={panelShape(id) === 'chart'} rows={rows && (() => cells(rows, of, scope, step, notes))} />
      </>}
    >
      <StateGate source={source} what={`“${title}”`}>
        {() => panelShape(id) === 'table'
          ? <HistoryTable rows={rows ?? []} of={of} step={step} compared={scope.before !== undefined} title={title} notes={notes} />
          : <HistoryChart rows={rows ?? []} of={of} step={step} compared={scope.before !== undefined} frame={scope.now.frame} title={title} notes={notes} crosshair={crosshair} />}
      </StateGate>
    </Panel>
  );
}

const rowsOf = (now: TimeseriesAnswer, before: TimeseriesAnswer | undefined, scope: Scope, step: Step): StepRow[] =>
  stepRows(now.data, scope.now.frame, step, before && scope.before && { steps: before.data, shiftS: scope.before.shiftS });

/** For titles of pictures and names of files. */
export const aboutOf = ({ now: { frame, filters } }: Scope): string[] =>
  [`${dateTimeShort(frame.fromS * 1_000)} to ${dateTimeShort(frame.toS * 1_000)}`, ...filters.map(filterText)];

/** Times in UTC; what the rows are of stands in each, since a file is soon without its page. */
function cells(rows: StepRow[], { metric, unit }: Measured, scope: Scope, step: Step, notes: Note[]): Cell[][] {
  const filters = scope.filters.map(filterText).join(' ');
  return [
    ['step_utc', `${metric} (${UNIT_WORDS[unit]})`, 'views', 'value_before', 'views_before', 'partial', 'filters', 'notes'],
    ...rows.map(({ atS, value, views, before, partial }): Cell[] =>
      [new Date(atS * 1_000).toISOString(), value, views, before?.value ?? null, before?.views ?? null, partial ? 'yes' : 'no', filters, notesBetween(notes, atS, atS + STEP_S[step]).map(({ text }) => text).join('; ')]),
  ];
}

