/** From what a node says of itself to rows of its page: minutes of its last hour, and what became of events. */
import type { CoursePoint, Series } from '../api/system';
import type { StepRow } from './history';

export const COURSES = ['accepted', 'stored', 'refused', 'lag'] as const;
export type CourseName = (typeof COURSES)[number];

const MINUTE_S = 60;

const VALUE: Record<CourseName, (point: CoursePoint) => number> = {
  accepted: (point) => point.accepted_per_s,
  stored: (point) => point.stored_per_s,
  refused: (point) => point.rejected_per_s + point.shed_per_s,
  lag: (point) => point.lag_records,
};

/** The first point does not say how long it is. */
const POINT_S = 10;

/** By minute: as many events as came in it, and the highest lag. A point tells of the seconds since the one before. */
export function minutesOf(course: CoursePoint[], what: CourseName): StepRow[] {
  const minutes = new Map<number, number>();
  course.forEach((point, i) => {
    const endS = point.at_ms / 1_000;
    const seconds = endS - (course[i - 1]?.at_ms ?? point.at_ms - POINT_S * 1_000) / 1_000;
    const atS = Math.floor((endS - 0.001) / MINUTE_S) * MINUTE_S;
    const known = minutes.get(atS) ?? 0;
    minutes.set(atS, what === 'lag' ? Math.max(known, VALUE[what](point)) : known + VALUE[what](point) * seconds);
  });
  const last = [...minutes.keys()].at(-1);
  return [...minutes].map(([atS, value]) => ({ atS, value: Math.round(value), views: 1, partial: atS === last }));
}

/** Of the last minute, a second. */
export function ratePerS(course: CoursePoint[]): number | undefined {
  const last = course.slice(-6);
  return last.length === 0 ? undefined : last.reduce((sum, { accepted_per_s: rate }) => sum + rate, 0) / last.length;
}

export const sumOf = (counters: Series[], name: string, labels: Record<string, string> = {}): number =>
  counters.filter((series) => series.name === name && Object.entries(labels).every(([label, value]) => series.labels[label] === value)).reduce((sum, { value }) => sum + value, 0);

export const INTAKE = 'playhead_events_intake_total';

/** What each counter is about, in the order of an event's way; others are gauges that stand elsewhere on the page. */
const STAGES: [name: string, words: string][] = [
  [INTAKE, 'Events at intake'],
  ['playhead_beacons_refused_total', 'Beacons refused'],
  ['playhead_fields_dropped_total', 'Fields left out'],
  ['playhead_fields_unknown_total', 'Fields without a meaning, kept'],
  ['playhead_events_processed_total', 'Events read from the log'],
  ['playhead_insert_errors_total', 'Inserts that failed'],
  ['playhead_sql_statements_total', 'SQL statements'],
];

export interface Fate {
  stage: string;
  what: string;
  value: number;
}

export const fatesOf = (counters: Series[]): Fate[] =>
  STAGES.flatMap(([name, stage]) => counters
    .filter((series) => series.name === name && series.value > 0)
    .sort((a, b) => b.value - a.value)
    .map(({ labels, value }) => ({ stage, what: Object.entries(labels).sort(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b)).map(([, word]) => word.replaceAll('_', ' ')).join(', '), value })));

/** What happened, then why, then to whom. */
const ORDER = ['importance', 'format', 'kind', 'outcome', 'code', 'reason', 'fate'].reverse();

/** `1.5 GB`; disks are sold by the thousand. */
export function bytesText(bytes: number): string {
  const steps = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = bytes < 1_000 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1_000 ** step).toFixed(step === 0 || bytes / 1_000 ** step >= 100 ? 0 : 1)} ${steps[step] ?? ''}`;
}
