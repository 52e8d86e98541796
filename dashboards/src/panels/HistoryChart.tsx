/** Steps of time as a chart and as its table twin. */
import type { Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { useCallback, useMemo, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { Plot } from '../charts/Plot';
import type { LegendItem, PlotConfig } from '../charts/Plot';
import { token } from '../charts/colors';
import { countInFull, dayText, plural, timeOfDayShort } from '../charts/format';
import { stepColumns, stepText, summariseSteps } from '../charts/history';
import type { StepRow } from '../charts/history';
import { X_AXIS_SIZE, axis, fromZero, hatchSpans, lonely, stepped, uprights } from '../charts/parts';
import { axisSteps, axisText, leastScale, valueText } from '../charts/unit';
import { NotesStrip } from '../notes/NotesStrip';
import { notesBetween, notesWords } from '../notes/marks';
import { mayWrite, noteAt } from '../notes/notes';
import type { Note } from '../notes/note';
import { changeOf } from '../time/compare';
import type { Direction, Unit } from '../time/compare';
import { STEP_S } from '../time/frame';
import type { Frame, Step } from '../time/frame';
import { zone } from '../time/zone';
import { ChangeText } from '../ui/ChangeText';
import { zoomTo } from '../ui/scope';

interface Shown {
  label: string;
  unit: Unit;
  direction: Direction;
}

interface Props {
  rows: StepRow[];
  of: Shown;
  step: Step;
  compared: boolean;
  title: string;
  /** What was noted at times; none where notes mean nothing. */
  notes?: Note[];
}

/** Beside the plot: the axis of values, and half of the last label of times. */
export const INSETS: [left: number, right: number] = [64, 22];

const NO_NOTES: Note[] = [];

interface ChartProps extends Props {
  frame: Frame;
  crosshair?: Signal<number | undefined> | undefined;
  /** Where there is no other time to look at. */
  still?: boolean;
}

export function HistoryChart({ rows, of, step, compared, title, notes = NO_NOTES, frame, crosshair, still = false }: ChartProps): JSX.Element {
  const data = useMemo(() => stepColumns(rows, step), [rows, step]);
  const drawn = useRef({ rows, frame });
  drawn.current = { rows, frame };
  const configure = useCallback(
    () => configuration(of.unit, step, () => partialSpans(drawn.current.rows, step, drawn.current.frame), () => notes.map(({ atMs }) => atMs / 1_000)),
    [of.unit, step, zone.value, notes],
  );
  const [places] = data;
  const at = (i: number): StepRow | undefined => rows[i];
  const legend: LegendItem[] = [
    { label: of.label, color: 'series-1', value: (i) => `${valueText(at(i)?.value, of.unit)}${of.unit === 'count' ? '' : ` of ${plural(at(i)?.views ?? 0, 'view')}`}` },
    ...(compared ? [{ label: 'Before', color: 'text-2', dashed: true, value: (i: number) => valueText(at(i)?.before?.value, of.unit) }] : []),
  ];
  return (
    <>
      <Plot
        label={title} configure={configure} data={data} legend={legend} crosshair={crosshair} onZoom={still ? undefined : zoomTo}
        onNote={mayWrite() && !still ? (atS) => noteAt(within(atS, frame) * 1_000) : undefined}
        restIndex={restOf(rows)}
        place={(i) => { const row = at(i); return row === undefined ? '' : `${stepText(row.atS, step)}${row.partial ? ', in part' : ''}`; }}
      />
      <NotesStrip notes={notes} fromS={places[0] ?? frame.fromS} toS={places.at(-1) ?? frame.toS} insets={INSETS} />
      <p class="summary">{summariseSteps(rows, step, of.unit)}<span class="visually-hidden">{notesWords(notes)}</span></p>
    </>
  );
}

/** The last step that is whole and has a value; where none is whole, the last with one. */
function restOf(rows: StepRow[]): number {
  const whole = rows.findLastIndex(({ value, partial }) => value !== null && !partial);
  return whole >= 0 ? whole : rows.findLastIndex(({ value }) => value !== null);
}

/** A step may begin before the timeframe or end after it: what is noted of it there would not be shown here. Notes are of whole minutes. */
const within = (atS: number, { fromS, toS }: Frame): number => Math.min(toS, Math.max(Math.ceil(fromS / MINUTE_S) * MINUTE_S, atS));

const MINUTE_S = 60;

/** Steps that stick out of the timeframe look like a drop and are none. */
function partialSpans(rows: StepRow[], step: Step, frame: Frame): [fromS: number, toS: number][] {
  return rows.filter(({ partial }) => partial).map(({ atS }) => (atS < frame.fromS ? [atS, Math.min(frame.fromS, atS + STEP_S[step])] : [Math.max(atS, frame.toS), atS + STEP_S[step]]));
}

function configuration(unit: Unit, step: Step, spans: () => [number, number][], noted: () => number[]): PlotConfig {
  const color = token('series-1');
  const quiet = token('text-2');
  const steps = axisSteps(unit);
  const paths = stepped === undefined ? {} : { paths: stepped };
  return {
    ...(zone.value === 'utc' ? { tzDate: (s: number) => uPlot.tzDate(new Date(s * 1_000), 'Etc/UTC') } : {}),
    // Half of the last label stands beyond the last step.
    padding: [8, INSETS[1], 0, 0],
    steps: true,
    scales: { x: { time: true }, y: { range: fromZero(leastScale[unit]) } },
    axes: [
      axis({ size: X_AXIS_SIZE, values: (_plot, splits) => splits.map((s) => timeLabel(s, step)), space: 70, grid: { show: false }, incrs: X_STEPS.filter((s) => s >= STEP_S[step]) }),
      axis({ size: INSETS[0], space: 40, ...(steps === undefined ? {} : { incrs: steps }), values: (_plot, splits) => splits.map((value) => axisText(value, unit)) }),
    ],
    series: [
      {},
      { stroke: color, width: 2, fill: token('series-1-fill'), points: { show: true, size: 5, fill: color, filter: lonely }, ...paths },
      { stroke: quiet, width: 1.5, dash: [5, 4], points: { show: false }, ...paths },
    ],
    hooks: { drawClear: [hatchSpans(spans)], draw: [uprights(noted)] },
  };
}

const HOUR = 3_600;
export const X_STEPS = [60, 300, 600, 900, 1_800, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR, 48 * HOUR, 96 * HOUR, 168 * HOUR, 336 * HOUR, 672 * HOUR];

/** A day where it begins, the time of day else. */
export function timeLabel(s: number, step: Step): string {
  const time = timeOfDayShort(s * 1_000);
  return step === 'day' || time === '00:00' ? dayText(s * 1_000) : time;
}

export function HistoryTable({ rows, of, step, compared, title, notes = NO_NOTES }: Props): JSX.Element {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={`${title}, step by step`}>
      <table class="history">
        <thead>
          <tr>
            <th scope="col">Step</th><th scope="col" class="num">{of.label}</th><th scope="col" class="num">Views</th>
            {compared && <><th scope="col" class="num">Before</th><th scope="col" class="num">Change</th></>}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.atS}>
              <th scope="row">{stepText(row.atS, step)}{row.partial && <span class="note">, in part</span>}{notesBetween(notes, row.atS, row.atS + STEP_S[step]).map(({ id, text }) => <span class="note row-note" key={id} title={text}>{text}</span>)}</th>
              <td class="num strong">{valueText(row.value, of.unit)}</td>
              <td class="num">{countInFull(row.views)}</td>
              {compared && <><td class="num">{valueText(row.before?.value, of.unit)}</td><td class="num"><ChangeText change={changeOf(row.value, row.before?.value, of.unit, of.direction)} than="the step before" /></td></>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
