/**
 * The stretch of time a screen is about. The address has it by a name that moves with the clock (`24h`, `yesterday`) or as
 * two Unix seconds (`1795259662-1795346062`); questions are always asked for two seconds, so that every panel of a screen
 * is about the same views, and so that a question can be asked again later.
 */
import { dateTimeShort } from '../charts/format';
import type { Zone } from './zone';

export const NAMED = ['1h', 'today', '24h', 'yesterday', '7d', '28d', '90d'] as const;
export type Named = (typeof NAMED)[number];
export type Timeframe = Named | `${number}-${number}`;

export const DEFAULT_TIMEFRAME: Timeframe = '24h';

/** From the first to before the second, Unix seconds. */
export interface Frame {
  fromS: number;
  toS: number;
}

/** As they read after "of the". */
const WORDS: Record<Named, string> = {
  '1h': 'last hour',
  today: 'day so far',
  '24h': 'last 24 hours',
  yesterday: 'day before today',
  '7d': 'last 7 days',
  '28d': 'last 28 days',
  '90d': 'last 90 days',
};

export const NAMES: Record<Named, string> = { '1h': '1 h', today: 'Today', '24h': '24 h', yesterday: 'Yesterday', '7d': '7 d', '28d': '28 d', '90d': '90 d' };

const DAY_S = 86_400;
/** Views are kept for so long. */
export const KEPT_DAYS = 90;
const SHORTEST_S = 60;
const LONGEST_S = KEPT_DAYS * DAY_S;

const LENGTH_S: Record<Exclude<Named, 'today' | 'yesterday'>, number> = {
  '1h': 3_600, '24h': DAY_S, '7d': 7 * DAY_S, '28d': 28 * DAY_S, '90d': LONGEST_S,
};

export const isNamed = (timeframe: Timeframe): timeframe is Named => NAMED.some((name) => name === timeframe);

/** What the address says; anything that is no timeframe means the default. */
export function timeframeOf(text: string | null): Timeframe {
  const named = NAMED.find((name) => name === text);
  if (named !== undefined) return named;
  const frame = fixedFrame(text ?? '');
  return frame === undefined ? DEFAULT_TIMEFRAME : written(frame);
}

export const written = ({ fromS, toS }: Frame): Timeframe => `${fromS}-${toS}`;

function fixedFrame(text: string): Frame | undefined {
  const [, from, to] = /^(\d{1,10})-(\d{1,10})$/.exec(text) ?? [];
  const frame = { fromS: Number(from), toS: Number(to) };
  const lengthS = frame.toS - frame.fromS;
  return lengthS >= SHORTEST_S && lengthS <= LONGEST_S ? frame : undefined;
}

/** The seconds a timeframe stands for at a moment. What has just happened counts, so the present second is in. */
export function resolve(timeframe: Timeframe, nowMs: number, zone: Zone): Frame {
  const toS = Math.floor(nowMs / 1_000) + 1;
  switch (timeframe) {
    case 'today':
      return { fromS: midnightS(nowMs, zone, 0), toS };
    case 'yesterday':
      return { fromS: midnightS(nowMs, zone, -1), toS: midnightS(nowMs, zone, 0) };
    case '1h': case '24h': case '7d': case '28d': case '90d':
      return { fromS: toS - LENGTH_S[timeframe], toS };
    default:
      return fixedFrame(timeframe) ?? { fromS: toS - DAY_S, toS };
  }
}

/** A day may have 23 or 25 hours, which is why the calendar is asked and not the arithmetic. */
function midnightS(nowMs: number, zone: Zone, days: number): number {
  const date = new Date(nowMs);
  const ms = zone === 'utc'
    ? Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + days)
    : new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime();
  return ms / 1_000;
}

/** Whether the timeframe ends with the present, so that asking again may give more. */
export const reachesNow = (timeframe: Timeframe): boolean => isNamed(timeframe) && timeframe !== 'yesterday';

export function timeframeWords(timeframe: Timeframe): string {
  if (isNamed(timeframe)) return WORDS[timeframe];
  const { fromS, toS } = fixedFrame(timeframe) ?? { fromS: 0, toS: 0 };
  return `time from ${dateTimeShort(fromS * 1_000)} to ${dateTimeShort(toS * 1_000)}`;
}

/** The steps of a time series, as the API names them, and their lengths. */
export const STEPS = ['minute', 'ten_minutes', 'hour', 'day'] as const;
export type Step = (typeof STEPS)[number];
export const STEP_S: Record<Step, number> = { minute: 60, ten_minutes: 600, hour: 3_600, day: DAY_S };
export const STEP_WORDS: Record<Step, [one: string, many: string]> = {
  minute: ['minute', 'minutes'], ten_minutes: ['10 minutes', '10-minute steps'], hour: ['hour', 'hours'], day: ['day', 'days'],
};
/** As many points as a screen has room for, and more than enough to see a minute in an evening. */
const MOST_STEPS = 2_000;

/** The API's own choice for a length of time. */
export function fittingStep({ fromS, toS }: Frame): Step {
  const lengthS = toS - fromS;
  if (lengthS < 90 * 60) return 'minute';
  if (lengthS <= 6 * 3_600) return 'ten_minutes';
  return lengthS <= 15 * DAY_S ? 'hour' : 'day';
}

/** The steps in which a timeframe makes a picture: neither a single point nor thousands. */
export function stepsFor({ fromS, toS }: Frame): Step[] {
  const fitting = fittingStep({ fromS, toS });
  return STEPS.filter((step) => step === fitting || ((toS - fromS) / STEP_S[step] <= MOST_STEPS && (toS - fromS) / STEP_S[step] >= 2));
}

/** The timeframe before or after this one; undefined when that has not been yet, or is not kept any more. */
export function neighbour({ fromS, toS }: Frame, direction: 1 | -1, nowMs: number): Frame | undefined {
  const lengthS = toS - fromS;
  const moved = { fromS: fromS + direction * lengthS, toS: toS + direction * lengthS };
  const nowS = Math.floor(nowMs / 1_000);
  if (moved.fromS >= nowS || moved.toS - SHORTEST_S <= nowS - LONGEST_S) return undefined;
  return moved;
}

/** What somebody drew on a chart, as a timeframe: whole minutes, not too short, not in the future, not longer than kept. */
export function zoomed(fromS: number, toS: number, nowMs: number): Frame {
  const lastS = Math.ceil(nowMs / 60_000) * 60;
  const end = Math.min(lastS, Math.ceil(toS / 60) * 60);
  const begin = Math.min(Math.floor(fromS / 60) * 60, end - 300);
  return { fromS: Math.max(begin, end - LONGEST_S), toS: end };
}

/** Why a chosen stretch of time cannot be shown; undefined when it can. */
export function whyNot(fromMs: number, toMs: number, nowMs: number): string | undefined {
  if (Number.isNaN(fromMs) || Number.isNaN(toMs)) return 'Give both a beginning and an end.';
  if (toMs <= fromMs) return 'The end has to come after the beginning.';
  if (fromMs >= nowMs) return 'That time has not come yet.';
  if (toMs - fromMs > LONGEST_S * 1_000) return `At most ${KEPT_DAYS} days at once: views are not kept for longer.`;
  if (toMs <= nowMs - LONGEST_S * 1_000) return `Views are kept for ${KEPT_DAYS} days; that time is gone.`;
  if (toMs - fromMs < SHORTEST_S * 1_000) return 'At least one minute.';
  return undefined;
}
