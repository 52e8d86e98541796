/**
 * Two to four segments side by side. The address has each as a letter: `a=cdn:edge-a` (again for further conditions), and
 * `a.time=7d` where a segment is about a time of its own. The screen's filters hold for all of them.
 */
import { overallPath, timeseriesPath } from '../api/metrics';
import type { Definition, Measurement, OverallAnswer, Selection } from '../api/metrics';
import type { Address } from '../router';
import { resolve, timeframeOf, timeframeWords } from '../time/frame';
import type { Frame, Step, Timeframe } from '../time/frame';
import type { Zone } from '../time/zone';
import { filterSentence, filterText, parseFilter } from '../views/filters';
import type { Filter } from '../views/filters';

export const LETTERS = ['a', 'b', 'c', 'd'] as const;
export type Letter = (typeof LETTERS)[number];

export interface Segment {
  letter: Letter;
  filters: Filter[];
  /** Missing means the screen's. */
  timeframe: Timeframe | undefined;
  of: Selection;
}

const TIME = '.time';

/** Those the address names; with none, all views beside those of the time before. */
export function segmentsOf(params: URLSearchParams, common: Selection, askedAtMs: number, zone: Zone): Segment[] {
  const named = LETTERS.filter((letter) => params.has(letter) || params.has(letter + TIME));
  return named.map((letter) => {
    const text = params.get(letter + TIME);
    const timeframe = text === null ? undefined : timeframeOf(text);
    const filters = params.getAll(letter).flatMap((condition) => parseFilter(condition) ?? []);
    const frame = timeframe === undefined ? common.frame : resolve(timeframe, askedAtMs, zone);
    return { letter, filters, timeframe, of: { frame, filters: [...common.filters, ...filters] } };
  });
}

/** What tells a segment from the others. */
export function segmentName({ filters, timeframe }: Segment): string {
  const what = filters.map(filterSentence).join(', ');
  const when = timeframe === undefined ? '' : timeframeWords(timeframe);
  return [what === '' ? 'All views' : what, when].filter((part) => part !== '').join(', ');
}

/** The address with other segments, lettered anew from the first on. */
export function withSegments(from: Address, segments: { filters: Filter[]; timeframe: Timeframe | undefined }[]): string {
  const params = new URLSearchParams(from.params);
  for (const letter of LETTERS) {
    params.delete(letter);
    params.delete(letter + TIME);
  }
  segments.slice(0, LETTERS.length).forEach(({ filters, timeframe }, i) => {
    const letter = LETTERS[i] ?? 'a';
    for (const filter of filters) params.append(letter, filterText(filter));
    if (timeframe !== undefined) params.set(letter + TIME, timeframe);
    // A segment of all views has to be there all the same.
    if (filters.length === 0 && timeframe === undefined) params.append(letter, '');
  });
  return `${from.path}?${params.toString()}`;
}

/** The metrics a comparison is about, the most telling first. */
export const COMPARED = [
  'views', 'unique_viewers', 'playing_time', 'viewer_experience_score', 'video_startup_time', 'exits_before_video_start', 'playback_failure_percentage',
  'video_startup_failure_percentage', 'rebuffer_percentage', 'rebuffer_frequency', 'weighted_average_bitrate', 'upscale_percentage', 'dropped_frames', 'live_latency',
] as const;

export type Cells = Record<string, (OverallAnswer['data'] | undefined)[]>;

export const cellPath = (metric: string, { of }: Segment): string => overallPath(metric, undefined, of);

export const coursePath = (metric: string, measurement: Measurement | undefined, { of }: Segment, step: Step): string => timeseriesPath(metric, measurement, of, step);

export const sameFrame = (one: Frame, other: Frame): boolean => one.fromS === other.fromS && one.toS === other.toS;

/** A value of fewer views is worth little. */
export const FEW = 30;

/**
 * Whether a difference of two shares may well be chance: the interval of 95 % around it (normal approximation, unpooled) has zero
 * in it. Undefined where the values are no shares of views, since their spread is not known here.
 */
export function maybeChance({ unit, measurements }: Definition, one: Cell, other: Cell): boolean | undefined {
  // Shares of views can be averaged and counted, and nothing else.
  const isShare = unit === 'ratio' && measurements.every((measurement) => measurement === 'avg' || measurement === 'count');
  const [a, b] = [one?.value, other?.value];
  if (!isShare || typeof a !== 'number' || typeof b !== 'number') return undefined;
  const variance = (share: number, views = 1): number => (share * (1 - share)) / Math.max(1, views);
  return Math.abs(a - b) <= Z_95 * Math.sqrt(variance(a, one?.total_views) + variance(b, other?.total_views));
}

type Cell = { value: number | null; total_views: number } | undefined;

const Z_95 = 1.96;
