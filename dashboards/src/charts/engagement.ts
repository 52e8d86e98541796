/** A video's engagement, second by second: how many viewers saw it, how often it was played, and what that says. */
import type { LiveHeatmap } from '../live/topics';
import { countInFull, plural, position, ratio } from './format';

export interface Engagement {
  bucketMs: number;
  totalViews: number;
  /** Distinct viewers per bucket. */
  viewers: number[];
  /** Times played per bucket, replays included: never below `viewers` in what is drawn. */
  plays: number[];
  /** What viewers did of the site's own, by place: the most frequent name first, its places in order. */
  moments: NamedMoments[];
}

export interface NamedMoments {
  name: string;
  total: number;
  places: { atMs: number; count: number }[];
}

/** Buckets that are missing in the live state are zero; the video's length, once known, says how many there are. */
export function fromLive(state: LiveHeatmap): Engagement {
  const used = [...Object.keys(state.plays), ...Object.keys(state.viewers)].map(Number);
  const byLength = Math.ceil((state.duration_ms ?? 0) / state.bucket_ms);
  const length = Math.max(byLength, used.reduce((most, bucket) => Math.max(most, bucket + 1), 0));
  const column = (map: Record<string, number>): number[] => Array.from({ length }, (_, i) => map[i] ?? 0);
  return {
    bucketMs: state.bucket_ms,
    totalViews: state.total_views,
    viewers: column(state.viewers),
    plays: column(state.plays),
    moments: named(Object.entries(state.moments ?? {}).flatMap(([name, places]) =>
      Object.entries(places).map(([second, count]) => ({ name, playhead_ms: Number(second) * 1_000, count })))),
  };
}

export interface HistoryHeatmap {
  total_views: number;
  value: number[];
  viewers: number[];
  bucket_ms: number;
  moments: HistoryMoment[];
}

interface HistoryMoment {
  name: string;
  playhead_ms: number;
  count: number;
}

export const fromHistory = (data: HistoryHeatmap): Engagement => ({
  bucketMs: data.bucket_ms,
  totalViews: data.total_views,
  viewers: data.viewers,
  plays: data.value,
  moments: named(data.moments),
});

function named(moments: HistoryMoment[]): NamedMoments[] {
  const byName = new Map<string, HistoryMoment[]>();
  for (const moment of moments) byName.set(moment.name, [...(byName.get(moment.name) ?? []), moment]);
  const list = [...byName].map(([name, all]) => ({
    name: name === '' ? 'unnamed' : name,
    total: all.reduce((sum, { count }) => sum + count, 0),
    places: all.map(({ playhead_ms, count }) => ({ atMs: playhead_ms, count })).sort((a, b) => a.atMs - b.atMs),
  }));
  return list.sort((a, b) => b.total - a.total || (a.name < b.name ? -1 : 1));
}

export interface EngagementRow {
  fromMs: number;
  toMs: number;
  viewers: number;
  plays: number;
  replays: number;
}

const ROW_LENGTHS_MS = [1_000, 5_000, 10_000, 30_000, 60_000, 300_000, 600_000];
const MOST_ROWS = 60;

/** The chart's twin for reading: means over even stretches, as short as keeps the table under sixty rows. */
export function engagementRows(data: Engagement): EngagementRow[] {
  const total = data.plays.length * data.bucketMs;
  const rowMs = ROW_LENGTHS_MS.find((ms) => ms >= data.bucketMs && total / ms <= MOST_ROWS) ?? Math.max(600_000, data.bucketMs);
  const per = Math.max(1, Math.round(rowMs / data.bucketMs));
  const rows: EngagementRow[] = [];
  for (let i = 0; i < data.plays.length; i += per) {
    const viewers = mean(data.viewers.slice(i, i + per));
    const plays = mean(data.plays.slice(i, i + per));
    const end = Math.min(i + per, data.plays.length);
    rows.push({ fromMs: i * data.bucketMs, toMs: end * data.bucketMs, viewers, plays, replays: Math.max(0, plays - viewers) });
  }
  return rows;
}

const mean = (values: number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

const indexOfMost = (values: number[]): number =>
  values.reduce((best, value, i) => (value > (values[best] ?? 0) ? i : best), 0);

export function summariseEngagement(data: Engagement): string {
  if (data.totalViews === 0 || data.plays.length === 0) return 'No view of this video is known for this time.';
  const at = (i: number): string => position(i * data.bucketMs);
  const watched = indexOfMost(data.viewers);
  const replays = data.plays.map((plays, i) => plays - (data.viewers[i] ?? 0));
  const replayed = indexOfMost(replays);
  const half = data.viewers.findLastIndex((viewers) => viewers * 2 >= data.totalViews);
  const last = data.viewers.at(-1) ?? 0;
  return [
    `${plural(data.totalViews, 'view')}.`,
    `Most viewers at ${at(watched)}: ${countInFull(data.viewers[watched])}.`,
    (replays[replayed] ?? 0) > 0 ? `Most replayed at ${at(replayed)}: ${plural(replays[replayed] ?? 0, 'replay')}.` : 'Nothing was replayed.',
    half >= 0 ? `At least half of the views reach ${at(half)}; ${ratio(last / data.totalViews)} reach the end.` : '',
  ].join(' ').trim();
}
