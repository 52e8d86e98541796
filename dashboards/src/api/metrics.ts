/** The questions these pages ask of history. */
import type { HistoryHeatmap } from '../charts/engagement';
import { getJson } from './client';

export const TIMEFRAMES = ['1h', '24h', '7d', '28d', '90d'] as const;
export type Timeframe = (typeof TIMEFRAMES)[number];

export const PARAMETER: Record<Timeframe, string> = {
  '1h': '60:minutes',
  '24h': '24:hours',
  '7d': '7:days',
  '28d': '28:days',
  '90d': '90:days',
};

export const TIMEFRAME_WORDS: Record<Timeframe, string> = {
  '1h': 'last hour',
  '24h': 'last 24 hours',
  '7d': 'last 7 days',
  '28d': 'last 28 days',
  '90d': 'last 90 days',
};

export type Metric =
  | 'views'
  | 'playing_time'
  | 'video_startup_time'
  | 'rebuffer_percentage'
  | 'playback_failure_percentage'
  | 'exits_before_video_start';

interface OverallAnswer {
  data: { value: number | null; total_views?: number };
}

export interface Overall {
  /** Missing when there is nothing to measure: not zero. */
  value: number | undefined;
  totalViews: number | undefined;
}

const query = (pairs: [string, string][]): string => new URLSearchParams(pairs).toString();

export async function overall(metric: Metric, videoId: string, timeframe: Timeframe, signal: AbortSignal): Promise<Overall> {
  const pairs: [string, string][] = [['timeframe[]', PARAMETER[timeframe]], ['filters[]', `video_id:${videoId}`]];
  if (metric === 'video_startup_time') pairs.push(['measurement', 'median']);
  const answer = await getJson<OverallAnswer>(`/data/v1/metrics/${metric}/overall?${query(pairs)}`, signal);
  return { value: answer.data.value ?? undefined, totalViews: answer.data.total_views };
}

export async function heatmap(videoId: string, timeframe: Timeframe, signal: AbortSignal): Promise<HistoryHeatmap> {
  const pairs: [string, string][] = [['timeframe[]', PARAMETER[timeframe]], ['resolution', 'second']];
  const path = `/data/v1/engagement/videos/${encodeURIComponent(videoId)}/heatmap?${query(pairs)}`;
  return (await getJson<{ data: HistoryHeatmap }>(path, signal)).data;
}

/** The title a video was last seen with; there may be no view of it in the timeframe. */
export async function latestTitle(videoId: string, signal: AbortSignal): Promise<string | undefined> {
  const pairs: [string, string][] = [
    ['timeframe[]', PARAMETER['90d']], ['filters[]', `video_id:${videoId}`], ['order_direction', 'desc'], ['limit', '1'],
  ];
  const answer = await getJson<{ data: { video_title?: string | null }[] }>(`/data/v1/video-views?${query(pairs)}`, signal);
  return answer.data[0]?.video_title ?? undefined;
}
