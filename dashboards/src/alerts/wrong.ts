/** What is wrong at this moment: groups of viewers that fare much worse than all others, from the breakdowns of monitoring. */

export interface MonitoredGroup {
  /** Null: not known. */
  value: string | null;
  display_value: string;
  metric_value: number | null;
  concurrent_viewers: number;
}

export const WATCHED = ['current-rebuffering-percentage', 'playback-failure-percentage'] as const;
export type Watched = (typeof WATCHED)[number];

/** What a group may be; each is a question of its own. */
export const GROUPED = ['cdn', 'country', 'asn_organization', 'player_software', 'device', 'video_title'] as const;

export interface Wrong {
  metric: Watched;
  dimension: string;
  value: string;
  text: string;
  /** The part of the group, and of everybody else. */
  part: number;
  elsewhere: number;
  viewers: number;
  /** Viewers hit: the group's part of them. */
  affected: number;
}

/** A group says nothing below so many viewers, nor by a handful of them. */
const LEAST_VIEWERS = 20;
const LEAST_AFFECTED = 3;
/** Worse than elsewhere by this factor, and by more than chance would have it. */
const LEAST_TIMES = 2;
const LEAST_DEVIATIONS = 3;

export function wrongOf(metric: Watched, dimension: string, groups: MonitoredGroup[]): Wrong[] {
  const measured = groups.flatMap(({ metric_value: part, ...group }) => (part === null ? [] : [{ ...group, part }]));
  const all = measured.reduce((sum, { concurrent_viewers: viewers }) => sum + viewers, 0);
  const hit = measured.reduce((sum, { concurrent_viewers: viewers, part }) => sum + viewers * part, 0);
  return measured.flatMap(({ value, display_value: text, concurrent_viewers: viewers, part }) => {
    const others = all - viewers;
    if (value === null || value === '' || viewers < LEAST_VIEWERS || others === 0) return [];
    const elsewhere = Math.max(0, (hit - viewers * part) / others);
    const affected = viewers * part;
    const whole = hit / all;
    const deviation = Math.sqrt(whole * (1 - Math.min(1, whole)) * (1 / viewers + 1 / others));
    const stands = part >= LEAST_TIMES * elsewhere && part - elsewhere >= LEAST_DEVIATIONS * deviation;
    return stands && affected >= LEAST_AFFECTED ? [{ metric, dimension, value, text, part, elsewhere, viewers, affected }] : [];
  });
}

/** The most viewers first. */
export const ranked = (wrong: Wrong[]): Wrong[] => [...wrong].sort((a, b) => b.affected - a.affected || b.part - a.part);
