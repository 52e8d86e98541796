/** From the points of the `timeseries` topic to columns for a chart, rows for its table, and a sentence about it. */
import type { Point, Timeseries } from '../live/topics';
import { countInFull, plural, ratio, share, timeOfDay } from './format';

export type Column = (number | null)[];

export interface LiveColumns {
  /** Unix seconds, evenly spaced: a second that is missing in the data has a place here all the same. */
  time: number[];
  viewers: Column;
  rebuffering: Column;
  rebufferingShare: Column;
}

const latest = new WeakMap<Timeseries, number | undefined>();

/** Listing the keys of an hour takes half a millisecond, and many parts of a page ask. */
export function latestSecond(series: Timeseries): number | undefined {
  if (latest.has(series)) return latest.get(series);
  const last = Object.keys(series.points).at(-1);
  const second = last === undefined ? undefined : Number(last);
  latest.set(series, second);
  return second;
}

/** Points of a window that ends at `endS`, or at the last known second. Nothing known means no columns. */
export function liveColumns(series: Timeseries, windowS: number, endS?: number): LiveColumns {
  const columns: LiveColumns = { time: [], viewers: [], rebuffering: [], rebufferingShare: [] };
  const last = latestSecond(series);
  if (last === undefined) return columns;
  const end = Math.max(endS ?? last, last);
  const step = Math.max(1, Math.round(series.step_ms / 1_000));
  for (let second = end - windowS + step; second <= end; second += step) {
    const point = series.points[second];
    columns.time.push(second);
    columns.viewers.push(point?.viewers ?? null);
    columns.rebuffering.push(point?.rebuffering ?? null);
    columns.rebufferingShare.push(share(point?.rebuffering, point?.viewers) ?? null);
  }
  return columns;
}

/** The sum of a count over the last `seconds`; missing when not one of them is known. */
export function sumLast(series: Timeseries, member: keyof Point, seconds: number): number | undefined {
  const last = latestSecond(series);
  if (last === undefined) return undefined;
  let sum: number | undefined;
  for (let second = last - seconds + 1; second <= last; second++) {
    const value = series.points[second]?.[member];
    if (value !== undefined) sum = (sum ?? 0) + value;
  }
  return sum;
}

/** One member over the last `seconds`, for a small line. */
export function lastColumn(series: Timeseries, member: keyof Point, seconds: number): Column {
  const last = latestSecond(series);
  if (last === undefined) return [];
  return Array.from({ length: seconds }, (_, i) => series.points[last - seconds + 1 + i]?.[member] ?? null);
}

export interface MinuteRow {
  minuteMs: number;
  viewers: number | undefined;
  rebuffering: number | undefined;
  starts: number | undefined;
  failures: number | undefined;
  exits: number | undefined;
}

/** The chart's twin for reading: newest minute first; levels as the minute's highest, happenings as its sum. */
export function minuteRows(series: Timeseries): MinuteRow[] {
  const rows = new Map<number, MinuteRow>();
  for (const [second, point] of Object.entries(series.points)) {
    const minuteMs = Math.floor(Number(second) / 60) * 60_000;
    const row = rows.get(minuteMs);
    rows.set(minuteMs, {
      minuteMs,
      viewers: most(row?.viewers, point.viewers),
      rebuffering: most(row?.rebuffering, point.rebuffering),
      starts: plus(row?.starts, point.starts),
      failures: plus(row?.failures, point.failures),
      exits: plus(row?.exits, point.exits),
    });
  }
  return [...rows.values()].sort((a, b) => b.minuteMs - a.minuteMs);
}

const most = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
const plus = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : a + b;

/** The longest stretches without a value, as half-open index ranges, for hatching. */
export function gapsOf(column: Column, atLeast: number): [from: number, to: number][] {
  const gaps: [number, number][] = [];
  let from = -1;
  for (let i = 0; i <= column.length; i++) {
    const missing = i < column.length && column[i] === null;
    if (missing && from < 0) from = i;
    if (!missing && from >= 0) {
      if (i - from >= atLeast) gaps.push([from, i]);
      from = -1;
    }
  }
  return gaps;
}

export function summariseLive(columns: LiveColumns): string {
  const { first, peak, now, missing } = landmarks(columns.viewers);
  if (now < 0) return 'Nothing is known about this time yet.';
  const at = (i: number): string => timeOfDay((columns.time[i] ?? 0) * 1_000);
  return [
    `${plural(columns.viewers[now] ?? 0, 'viewer')} at ${at(now)}, ${ratio(columns.rebufferingShare[now])} of them rebuffering.`,
    `Highest: ${countInFull(columns.viewers[peak])} at ${at(peak)}.`,
    missing > 0 ? `${plural(missing, 'second')} of the window not known.` : '',
    first > 0 ? `Nothing is known before ${at(first)}.` : '',
  ].filter((sentence) => sentence !== '').join(' ');
}

/** Where a column begins, is highest and ends, and how many values it lacks after its beginning; −1 is nowhere. */
function landmarks(column: Column): { first: number; peak: number; now: number; missing: number } {
  let [first, peak, now, highest, known] = [-1, -1, -1, -1, 0];
  for (let i = 0; i < column.length; i++) {
    const value = column[i] ?? null;
    if (value === null) continue;
    if (first < 0) first = i;
    if (value > highest) [peak, highest] = [i, value];
    now = i;
    known += 1;
  }
  return { first, peak, now, missing: first < 0 ? 0 : column.length - first - known };
}
