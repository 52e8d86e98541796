/** The states of the topics, as in schema/live.md. A member that is not known is left out, never null. */
import type { Query } from './frames';

export interface Overview {
  concurrent_viewers: number;
  playing: number;
  rebuffering: number;
  starting: number;
  paused: number;
  rebuffering_ratio?: number;
  starts_per_s: number;
  failures_per_s: number;
  exits_before_start_per_s: number;
  ended_per_s: number;
  startup_p50_ms?: number;
  startup_p95_ms?: number;
  views_open: number;
}

export interface Point {
  viewers?: number;
  rebuffering?: number;
  starts?: number;
  failures?: number;
  exits?: number;
}

export interface Timeseries {
  step_ms: number;
  /** Keyed by Unix second; a second that is missing is not known. */
  points: Record<string, Point>;
}

export interface TopRow {
  title?: string;
  viewers: number;
  rebuffering: number;
  starts: number;
  failures: number;
}

export interface Top {
  rows: Record<string, TopRow>;
}

/** Of one value of a dimension. */
export interface BreakdownRow {
  viewers: number;
  rebuffering: number;
  /** Views that failed within the last ten minutes. */
  failures: number;
}

export interface Breakdown {
  rows: Record<string, BreakdownRow>;
}

/** A group of viewers that fares much worse than everybody else. */
export interface Problem {
  dimension: string;
  value: string;
  /** `rebuffering` or `failures`. */
  kind: string;
  viewers: number;
  affected: number;
  /** The part of the group that is hit, and of everybody else. */
  ratio: number;
  elsewhere_ratio: number;
}

export interface Problems {
  rows: Record<string, Problem>;
}

export interface LiveHeatmap {
  video_id: string;
  title?: string;
  duration_ms?: number;
  bucket_ms: number;
  total_views: number;
  plays: Record<string, number>;
  viewers: Record<string, number>;
  /** `custom` events by name and second of the video. */
  moments?: Record<string, Record<string, number>>;
}

export const VIEW_STATES = [
  'idle', 'starting', 'playing', 'paused', 'seeking', 'rebuffering', 'ended', 'failed', 'exited', 'gone',
] as const;
export type ViewState = (typeof VIEW_STATES)[number];

export interface ViewRow {
  start_ms: number;
  video_id?: string;
  title?: string;
  viewer_id?: string;
  country?: string;
  browser?: string;
  operating_system?: string;
  player?: string;
  cdn?: string;
  state: ViewState;
  playhead_ms?: number;
  playing_ms?: number;
  startup_ms?: number;
  rebuffer_count?: number;
  rebuffer_ms?: number;
  error_code?: string;
  last_ms?: number;
}

export interface Views {
  rows: Record<string, ViewRow>;
}

/** Empty until the view's first beacon has come: one may subscribe to a view before it is known. */
export interface OneView {
  view?: ViewRow & {
    duration_ms?: number;
    watch_ms?: number;
    seek_count?: number;
    rendition_height?: number;
    rendition_bitrate?: number;
  };
  events?: Record<string, { t_ms: number; type: string; playhead_ms?: number }>;
  ranges?: Record<string, [fromMs: number, toMs: number]>;
}

/** Which state each topic has: what ties a subscription's name to the type of what it yields. */
export interface TopicStates {
  overview: Overview;
  timeseries: Timeseries;
  top: Top;
  breakdown: Breakdown;
  problems: Problems;
  heatmap: LiveHeatmap;
  views: Views;
  view: OneView;
}

export type TopicName = keyof TopicStates;

export type TopicQuery = Query;

/** What a topic says now, over HTTP. */
export function topicPath(name: TopicName, query: TopicQuery): string {
  const params = new URLSearchParams(Object.entries(query).map(([member, value]) => [member, String(value)]));
  return `/data/v1/live/${name}${params.size === 0 ? '' : `?${params.toString()}`}`;
}
