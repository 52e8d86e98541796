/** From the steps of a time series, and those of an earlier timeframe, to columns for a chart, rows for its table, and a sentence. */
import type { StepAnswer } from '../api/metrics';
import type { Unit } from '../time/compare';
import { STEP_S, STEP_WORDS } from '../time/frame';
import type { Frame, Step } from '../time/frame';
import { dateTimeShort, plural, timeOfDayShort, weekdayText } from './format';
import type { Column } from './series';
import { valueText } from './unit';

export interface StepRow {
  /** Unix second at which the step begins. */
  atS: number;
  value: number | null;
  views: number;
  /** Of the step that lies as far in as this one in the earlier timeframe; missing when nothing is compared. */
  before?: { value: number | null; views: number } | undefined;
  /** The timeframe has only a part of this step. */
  partial: boolean;
}

export function stepRows(steps: StepAnswer[], frame: Frame, step: Step, before?: { steps: StepAnswer[]; shiftS: number }): StepRow[] {
  const earlier = new Map(before?.steps.map(([at, value, views]) => [Date.parse(at) / 1_000 + before.shiftS, { value, views }]));
  return steps.map(([at, value, views]) => {
    const atS = Date.parse(at) / 1_000;
    const partial = atS < frame.fromS || atS + STEP_S[step] > frame.toS;
    return { atS, value, views, partial, ...(before === undefined ? {} : { before: earlier.get(atS) ?? { value: null, views: 0 } }) };
  });
}

/** Times, values, values before. A step holds up to the next one's beginning: the last is closed by a place of its own. */
export function stepColumns(rows: StepRow[], step: Step): [number[], Column, Column] {
  const last = rows.at(-1);
  const places = last === undefined ? [] : [...rows, { ...last, atS: last.atS + STEP_S[step] }];
  return [places.map(({ atS }) => atS), places.map(({ value }) => value), places.map(({ before }) => before?.value ?? null)];
}

/** `Sat 21 Nov` for a day, `Sat 21 Nov, 18:00` for what is shorter. */
export const stepText = (atS: number, step: Step): string =>
  step === 'day' ? weekdayText(atS * 1_000) : `${weekdayText(atS * 1_000)}, ${timeOfDayShort(atS * 1_000)}`;

/** Extremes of a handful of views are noise: they are only told when there is nothing better. */
const ENOUGH_VIEWS = 30;
const LEAST_STEPS = 2;

export function summariseSteps(rows: StepRow[], step: Step, unit: Unit): string {
  // Of a count nothing is a count too: an hour without views has none. Of everything else it is nothing to measure.
  const counted = unit === 'count';
  const known = rows.some(({ views }) => views > 0) ? rows.filter((row): row is StepRow & { value: number } => row.value !== null && (row.views > 0 || counted)) : [];
  const [one, many] = STEP_WORDS[step];
  const solid = counted ? [] : known.filter(({ views }) => views >= ENOUGH_VIEWS);
  const told = solid.length >= LEAST_STEPS ? solid : known;
  const [first] = told;
  if (first === undefined) return 'There is nothing to measure in this time.';
  const highest = told.reduce((best, row) => (row.value > best.value ? row : best), first);
  // A part of a step counts less because it is a part.
  const whole = counted ? told.filter(({ partial }) => !partial) : told;
  const lowest = whole.reduce((best, row) => (row.value < best.value ? row : best), whole[0] ?? first);
  const words = (row: StepRow): string => {
    const at = step === 'day' ? weekdayText(row.atS * 1_000) : dateTimeShort(row.atS * 1_000);
    return `${valueText(row.value, unit)} at ${at}${counted ? '' : ` (${plural(row.views, 'view')})`}`;
  };
  const empty = rows.length - known.length;
  return [
    `Highest by ${one}${told === known ? '' : `, of ${many} with ${ENOUGH_VIEWS} views or more`}: ${words(highest)}.`,
    highest === lowest ? '' : `Lowest: ${words(lowest)}.`,
    empty > 0 ? `${empty} of ${rows.length} ${many} ${empty === 1 ? 'has' : 'have'} no view to measure.` : '',
    rows.some((row) => row.partial) ? 'Hatched: only in part within the timeframe.' : '',
  ].filter((sentence) => sentence !== '').join(' ');
}
