/** One metric of all segments over time, on one axis of values: as a chart, or as its table. */
import type { JSX } from 'preact';
import { useCallback, useMemo } from 'preact/hooks';
import { ask } from '../api/batch';
import type { Definition, TimeseriesAnswer } from '../api/metrics';
import { Plot } from '../charts/Plot';
import type { PlotConfig } from '../charts/Plot';
import { token } from '../charts/colors';
import { X_AXIS_SIZE, axis, fromZero, stepped } from '../charts/parts';
import type { Column } from '../charts/series';
import { stepText } from '../charts/history';
import { axisSteps, axisText, leastScale, valueText } from '../charts/unit';
import { INSETS, X_STEPS, timeLabel } from '../panels/HistoryChart';
import { STEP_S, STEP_WORDS, fittingStep } from '../time/frame';
import type { Step } from '../time/frame';
import { zone } from '../time/zone';
import { Panel, ShapeSwitch, panelShape } from '../ui/Panel';
import { PanelMenu } from '../ui/PanelMenu';
import { StateGate } from '../ui/StateGate';
import { useAnswer } from '../ui/hooks';
import { DASHES } from './CompareTable';
import { courseOf } from './course';
import type { Course } from './course';
import { coursePath, sameFrame, segmentName } from './segments';
import type { Segment } from './segments';

interface Props {
  segments: Segment[];
  metric: Definition;
}

export function CompareCourse({ segments, metric }: Props): JSX.Element {
  const frames = segments.map(({ of }) => of.frame);
  const longest = frames.reduce((most, frame) => (frame.toS - frame.fromS > most.toS - most.fromS ? frame : most));
  const step = fittingStep(longest);
  const paths = segments.map((segment) => coursePath(metric.id, undefined, segment, step));
  const source = useAnswer(paths.join('\n'), async (signal) => courseOf(await Promise.all(paths.map((path) => ask<TimeseriesAnswer>(path, signal))), frames, step));
  const names = segments.map(segmentName);
  const title = `${metric.name} over time`;
  const known = source.data.status === 'ready' ? source.data.value : undefined;
  const aligned = frames.every((frame) => sameFrame(frame, frames[0] ?? frame)) ? undefined : 'Laid over each other by their beginnings; times are those of the first';
  const cells = (course: Course) => [
    ['step_utc_of_the_first', ...names],
    ...course.atS.map((s, i) => [new Date(s * 1_000).toISOString(), ...course.values.map((column) => column[i] ?? null)]),
  ];
  return (
    <Panel id="course" title={title} class="panel-chart" note={aligned}
      actions={<><ShapeSwitch param="course" what={title} /><PanelMenu title={title} about={names} asked={paths.map((path, i) => ({ what: names[i] ?? '', path }))} hasPicture={panelShape('course') === 'chart'} rows={known && (() => cells(known))} /></>}>
      <StateGate source={source} what={`“${title}”`} isEmpty={({ atS }) => atS.length === 0} empty={<p class="state-title">No view in this time.</p>}>
        {(course) => panelShape('course') === 'table' ? <Table course={course} names={names} metric={metric} step={step} /> : <Chart course={course} names={names} metric={metric} step={step} />}
      </StateGate>
    </Panel>
  );
}

interface ShownProps {
  course: Course;
  names: string[];
  metric: Definition;
  step: Step;
}

function Chart({ course: { atS, values }, names, metric: { name, unit }, step }: ShownProps): JSX.Element {
  const data = useMemo<[number[], ...Column[]]>(() => [[...atS, (atS.at(-1) ?? 0) + STEP_S[step]], ...values.map((column) => [...column, column.at(-1) ?? null])], [atS, values, step]);
  const count = names.length;
  const configure = useCallback((): PlotConfig => {
    const steps = axisSteps(unit);
    return {
      padding: [8, INSETS[1], 0, 0],
      steps: true,
      scales: { x: { time: true }, y: { range: fromZero(leastScale[unit]) } },
      axes: [
        axis({ size: X_AXIS_SIZE, values: (_plot, splits) => splits.map((s) => timeLabel(s, step)), space: 70, grid: { show: false }, incrs: X_STEPS.filter((s) => s >= STEP_S[step]) }),
        axis({ size: INSETS[0], space: 40, ...(steps === undefined ? {} : { incrs: steps }), values: (_plot, splits) => splits.map((value) => axisText(value, unit)) }),
      ],
      series: [{}, ...Array.from({ length: count }, (_, i) => {
        const dash = DASHES[i];
        return { stroke: token(`series-${i + 1}`), width: 2, points: { show: false }, ...(dash === undefined ? {} : { dash }), ...(stepped === undefined ? {} : { paths: stepped }) };
      })],
    };
  }, [unit, step, count, zone.value]);
  const at = (column: Column | undefined, i: number): string => valueText(column?.[i], unit);
  return (
    <>
      <Plot
        label={`${name} over time`} configure={configure} data={data} restIndex={Math.max(0, ...values.map((column) => column.findLastIndex((value) => value !== null)))}
        place={(i) => stepText(atS[i] ?? 0, step)}
        legend={names.map((label, i) => ({ label, color: `series-${i + 1}`, dashed: DASHES[i] ?? false, value: (index) => at(values[i], index) }))}
      />
      <p class="summary">{summary(values, names, unit, step)}</p>
    </>
  );
}

/** How often the first was above the others, which is what one looks for in crossing lines. */
function summary(values: Column[], names: string[], unit: Definition['unit'], step: Step): string {
  const [first = []] = values;
  return values.slice(1).map((column, i) => {
    const both = first.flatMap((value, place) => { const other = column[place]; return value === null || other === null || other === undefined ? [] : [value - other]; });
    const pair = `${names[0] ?? ''} and ${names[i + 1] ?? ''}`;
    if (both.length === 0) return `${pair} have no ${STEP_WORDS[step][0]} in common.`;
    return `Of ${pair} the first is above in ${both.filter((by) => by > 0).length} of ${both.length} ${STEP_WORDS[step][1]}, and they differ by ${valueText(Math.max(...both.map(Math.abs)), unit)} at most.`;
  }).join(' ');
}

function Table({ course: { atS, values }, names, metric: { unit, name }, step }: ShownProps): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={`${name}, step by step`}>
      <table class="history">
        <thead><tr><th scope="col">Step</th>{names.map((text) => <th scope="col" class="num" key={text}>{text}</th>)}</tr></thead>
        <tbody>
          {atS.map((s, i) => <tr key={s}><th scope="row">{stepText(s, step)}</th>{values.map((column, n) => <td class="num" key={names[n]}>{valueText(column[i], unit)}</td>)}</tr>)}
        </tbody>
      </table>
    </div>
  );
}
