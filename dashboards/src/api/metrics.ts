/**
 * The questions these pages ask of history, as paths: what is asked is what a panel shows as its API call, and what tells one
 * question from another. Answers as in schema/openapi.json.
 */
import type { HistoryHeatmap } from '../charts/engagement';
import type { Direction, Unit } from '../time/compare';
import { resolve } from '../time/frame';
import type { Frame, Step } from '../time/frame';
import { filterText } from '../views/filters';
import type { Filter } from '../views/filters';
import { getJson } from './client';

/** Which views a question is about. */
export interface Selection {
  frame: Frame;
  filters: Filter[];
}

/** By which part of the views a value is not exceeded, in their order. */
export const PERCENTILES = ['25th', 'median', '75th', '90th', '95th', '99th'] as const;
export type Percentile = (typeof PERCENTILES)[number];

export const MEASUREMENTS = ['avg', ...PERCENTILES, 'sum', 'count'] as const;
export type Measurement = (typeof MEASUREMENTS)[number];

export interface Definition {
  id: string;
  name: string;
  unit: Unit;
  definition: string;
  direction: Direction;
  /** The first is the default. */
  measurements: [Measurement, ...Measurement[]];
  aggregation: 'view_start' | 'view_end' | 'presence';
}

interface Framed<T> {
  data: T;
  timeframe: [fromS: number, toS: number];
}

export type OverallAnswer = Framed<{ value: number | null; total_views: number; total_watch_time: number }>;

/** Beginning of the step in ISO 8601, value, views that have one. */
export type StepAnswer = [at: string, value: number | null, views: number];
export type TimeseriesAnswer = Framed<StepAnswer[]>;

export interface Group {
  /** Null when it is not known. */
  field: string | null;
  value: number | null;
  views: number;
  negative_impact: number;
}
export type BreakdownAnswer = Framed<Group[]> & { total_row_count: number };

export type HeatmapAnswer = Framed<HistoryHeatmap>;

const DEFINITIONS = '/data/v1/metrics';

/** What the metrics mean does not change while the server runs: asked once for all pages. */
let definitions: Promise<Definition[]> | undefined;
export function metricDefinitions(): Promise<Definition[]> {
  definitions ??= getJson<{ data: Definition[] }>(DEFINITIONS).then(({ data }) => data).catch((error: unknown) => {
    definitions = undefined;
    throw error;
  });
  return definitions;
}

type Pair = [string, string | number | undefined];

/** The address of a question about some views. */
export function path(base: string, { frame, filters }: Selection, pairs: Pair[] = []): string {
  const query = new URLSearchParams([['timeframe[]', String(frame.fromS)], ['timeframe[]', String(frame.toS)]]);
  for (const filter of filters) query.append('filters[]', filterText(filter));
  for (const [name, value] of pairs) if (value !== undefined) query.append(name, String(value));
  return `${base}?${query.toString()}`;
}

const metric = (id: string, what: string): string => `/data/v1/metrics/${encodeURIComponent(id)}/${what}`;

export const overallPath = (id: string, measurement: Measurement | undefined, of: Selection): string =>
  path(metric(id, 'overall'), of, [['measurement', measurement]]);

export const timeseriesPath = (id: string, measurement: Measurement | undefined, of: Selection, step: Step): string =>
  path(metric(id, 'timeseries'), of, [['measurement', measurement], ['group_by', step]]);

export const ORDERS = ['negative_impact', 'views', 'value', 'field'] as const;
export type Order = (typeof ORDERS)[number];

export interface BreakdownQuestion {
  metric: string;
  measurement?: Measurement | undefined;
  dimension: string;
  order: Order;
  descending: boolean;
  page?: number;
  limit: number;
}

export const breakdownPath = (question: BreakdownQuestion, of: Selection): string =>
  path(metric(question.metric, 'breakdown'), of, [
    ['measurement', question.measurement], ['group_by', question.dimension], ['order_by', question.order],
    ['order_direction', question.descending ? 'desc' : 'asc'], ['page', question.page], ['limit', question.limit],
  ]);

/** A value of a dimension, and how far its views move the metric for the worse. */
export interface Insight {
  filter_column: string;
  /** Null: not known. */
  filter_value: string | null;
  metric: number | null;
  negative_impact_score: number;
  total_views: number;
}

export interface InsightsAnswer {
  data: Insight[];
}

export const insightsPath = (id: string, measurement: Measurement | undefined, of: Selection, limit: number): string =>
  path(metric(id, 'insights'), of, [['measurement', measurement], ['limit', limit]]);

export const heatmapPath = (videoId: string, of: Selection): string =>
  path(`/data/v1/engagement/videos/${encodeURIComponent(videoId)}/heatmap`, of, [['resolution', 'second']]);

/** What one viewer has watched of a video, over all their views of the timeframe. */
export interface WatcherAnswer {
  /** Null: not known; then the row is a single view. */
  viewer_id: string | null;
  view_ids: string[];
  views: number;
  /** 0 to 1, each part once; null when the video's length is not known. */
  percent_viewed: number | null;
  seen_ms: number;
  duration_ms: number | null;
  running: boolean;
  view_end: string;
  ranges: { from_ms: number; to_ms: number; times: number }[];
}

export type WatchersAnswer = Framed<WatcherAnswer[]> & { total_row_count: number };

export const WATCHER_ORDERS = ['view_end', 'percent_viewed', 'views'] as const;
export type WatcherOrder = (typeof WATCHER_ORDERS)[number];

export const watchersPath = (videoId: string, of: Selection, order: WatcherOrder, limit: number): string =>
  path(`/data/v1/engagement/videos/${encodeURIComponent(videoId)}/viewers`, of, [['group_by', 'viewer_id'], ['order_by', order], ['limit', limit]]);

export interface DimensionNames {
  basic: string[];
  advanced: string[];
  /** Of the site's own. */
  custom: string[];
}

interface NamesAnswer {
  data: { basic: string[]; advanced: string[]; custom: { name: string }[] };
}

/** Those of the site's own as far as the last days have them. */
export async function dimensionNames(signal: AbortSignal): Promise<DimensionNames> {
  const { data: { basic, advanced, custom } } = await getJson<NamesAnswer>('/data/v1/dimensions?timeframe[]=7:days', signal);
  return { basic, advanced, custom: custom.map(({ name }) => name) };
}

export interface DimensionValue {
  value: string | null;
  total_count: number;
}

export const dimensionValuesPath = (dimension: string, of: Selection, limit: number): string =>
  path(`/data/v1/dimensions/${encodeURIComponent(dimension)}`, of, [['limit', limit]]);

/** The titles of some videos, as far as their newest views in that time tell. */
export async function videoTitles(ids: string[], { frame, filters }: Selection, signal: AbortSignal): Promise<Map<string, string>> {
  const those = ids.map((value) => ({ dimension: 'video_id', value, negated: false }));
  const asked = path('/data/v1/video-views', { frame, filters: [...filters, ...those] }, [['order_direction', 'desc'], ['limit', 100]]);
  const { data } = await getJson<{ data: { video_id: string | null; video_title: string | null }[] }>(asked, signal);
  return new Map(data.flatMap(({ video_id: id, video_title: title }) => (id === null || title === null || title === '' ? [] : [[id, title] as const])).reverse());
}

/** The title a video was last seen with; there may be no view of it in all that is kept. */
export async function latestTitle(videoId: string, signal: AbortSignal): Promise<string | undefined> {
  const of = { frame: resolve('90d', Date.now(), 'utc'), filters: [{ dimension: 'video_id', value: videoId, negated: false }] };
  const asked = path('/data/v1/video-views', of, [['order_direction', 'desc'], ['limit', 1]]);
  const { data } = await getJson<{ data: { video_title?: string | null }[] }>(asked, signal);
  return data[0]?.video_title ?? undefined;
}
