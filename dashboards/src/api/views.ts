/** The questions the pages of views ask: a page of views, one view, and what an id is an id of. */
import { reachesNow, resolve } from '../time/frame';
import type { Timeframe } from '../time/frame';
import { zone } from '../time/zone';
import type { Filter } from '../views/filters';
import { filterText } from '../views/filters';
import { ApiError, getJson } from './client';
import { path } from './metrics';
import type { Selection } from './metrics';

/** A view in a list, as far as these pages show it. Times are ISO 8601 in UTC, lengths ms. */
export interface ViewSummary {
  id: string;
  view_start: string;
  view_end: string;
  view_ended: boolean;
  video_id: string | null;
  video_title: string | null;
  viewer_id: string | null;
  country_code: string | null;
  viewer_application_name: string | null;
  viewer_os_family: string | null;
  player_error_code: string | null;
  player_error_message: string | null;
  player_software: string | null;
  player_software_version: string | null;
  cdn: string | null;
  playback_failure: boolean;
  exit_before_video_start: boolean;
  rebuffer_count: number;
  rebuffer_duration: number;
  video_startup_time: number | null;
}

export interface ViewList {
  rows: ViewSummary[];
  total: number;
  /** Unix seconds: where the list ends, and where further pages of the same list must end too. */
  untilS: number;
}

export interface ListQuestion {
  timeframe: Timeframe;
  /** Unix second; missing means now. */
  untilS?: number | undefined;
  filters: Filter[];
  page: number;
  limit: number;
}

interface ListAnswer {
  data: ViewSummary[];
  timeframe: [fromS: number, toS: number];
  total_row_count: number;
}

export function listPath({ timeframe, untilS, filters, page, limit }: ListQuestion): string {
  // A list that reached to the present when it was asked ends, on all of its pages, at that moment.
  const atMs = untilS !== undefined && reachesNow(timeframe) ? (untilS - 1) * 1_000 : Date.now();
  const { fromS, toS } = resolve(timeframe, atMs, zone.value);
  const pairs = [
    ['timeframe[]', String(fromS)], ['timeframe[]', String(toS)], ...filters.map((filter) => ['filters[]', filterText(filter)]),
    ['order_direction', 'desc'], ['limit', String(limit)], ['page', String(page)],
  ];
  return `/data/v1/video-views?${new URLSearchParams(pairs).toString()}`;
}

export async function listViews(question: ListQuestion, signal: AbortSignal): Promise<ViewList> {
  const answer = await getJson<ListAnswer>(listPath(question), signal);
  return { rows: answer.data, total: answer.total_row_count, untilS: answer.timeframe[1] };
}

/** The first or the last views of a selection, by when they began. */
export const viewsPath = (of: Selection, direction: 'asc' | 'desc', limit: number): string =>
  path('/data/v1/video-views', of, [['order_by', 'view_start'], ['order_direction', direction], ['limit', limit]]);

/** Everything the API knows of one view, by its names. */
export type Facts = Record<string, unknown>;

export interface EventAnswer {
  name: string;
  /** Unix ms on the server's clock. */
  viewer_time: number;
  playback_time: number | null;
  details: Record<string, string | number>;
}

export interface ViewAnswer {
  facts: Facts;
  events: EventAnswer[];
}

export const viewPath = (id: string): string => `/data/v1/video-views/${encodeURIComponent(id)}`;

/** `undefined` when there is no such view, or not yet. */
export async function oneView(id: string, signal: AbortSignal): Promise<ViewAnswer | undefined> {
  try {
    const answer = await getJson<{ data: Facts & { events: EventAnswer[] } }>(viewPath(id), signal);
    const { events, ...facts } = answer.data;
    return { facts, events };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/** What somebody may have copied from elsewhere and look for here. */
export const SEARCHED = ['viewer_id', 'video_id', 'error_code'] as const;
export type Searched = (typeof SEARCHED)[number];

export interface Match {
  dimension: 'view' | Searched;
  views: number;
}

/** Of what a text is the id, within all that is kept. */
export async function matchesOf(text: string, signal: AbortSignal): Promise<Match[]> {
  const asView = oneView(text, signal).then((found) => ({ dimension: 'view' as const, views: found === undefined ? 0 : 1 }));
  const asOthers = SEARCHED.map(async (dimension) => {
    const filters = [{ dimension, value: text, negated: false }];
    const { total } = await listViews({ timeframe: '90d', filters, page: 1, limit: 1 }, signal);
    return { dimension, views: total };
  });
  return (await Promise.all([asView, ...asOthers])).filter(({ views }) => views > 0);
}
