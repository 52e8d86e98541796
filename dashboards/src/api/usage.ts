/** What an environment has used, as the API counts it: robots too, and a view of a sample as one. */
import type { Frame, Step } from '../time/frame';

export interface UsageStep {
  /** Beginning of the step, ISO 8601 in UTC. */
  date: string;
  views: number;
  minutes_watched: number;
  events: number;
  beacons: number;
}

export interface UsageAnswer {
  data: UsageStep[];
}

export function usagePath({ fromS, toS }: Frame, step: Step): string {
  const query = new URLSearchParams([['timeframe[]', String(fromS)], ['timeframe[]', String(toS)], ['group_by', step]]);
  return `/data/v1/usage?${query.toString()}`;
}

export const MEASURES = ['minutes_watched', 'views', 'events', 'beacons'] as const;
export type Measure = (typeof MEASURES)[number];

export const totalOf = (steps: UsageStep[], measure: Measure): number => steps.reduce((sum, step) => sum + step[measure], 0);
