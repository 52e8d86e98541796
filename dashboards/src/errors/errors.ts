/** What is known of errors, from several answers in one: how many views and viewers, what became of the views, and whether it is new. */
import { breakdownPath, path } from '../api/metrics';
import type { BreakdownAnswer, Selection } from '../api/metrics';

/** A row of `/data/v1/errors`: an error and the views that have it as their last. */
export interface ErrorAnswer {
  player_error_code: string;
  /** As it was last said. */
  message: string | null;
  count: number;
  /** Of all views of the timeframe, 0 to 1. */
  percentage: number;
  last_seen: string;
}

export const errorsPath = (of: Selection): string => path('/data/v1/errors', of);

const byCode = (metric: string, of: Selection, measurement?: 'count'): string =>
  breakdownPath({ metric, measurement, dimension: 'error_code', order: 'views', descending: true, limit: 1_000 }, of);

/** What is asked beside the errors themselves, by its name in `parts`. */
export const partPaths = (of: Selection): Record<keyof Parts, string> => ({
  viewers: byCode('unique_viewers', of),
  failures: byCode('playback_failure_percentage', of, 'count'),
  rules: byCode('playback_business_exception_percentage', of, 'count'),
});

export interface Parts {
  viewers: BreakdownAnswer;
  /** Views that ended by a fatal error. */
  failures: BreakdownAnswer;
  /** Views that a business rule stopped. */
  rules: BreakdownAnswer;
}

/** What an error does to a view. */
export type Kind = 'fatal' | 'rule' | 'warning' | 'mixed' | 'unknown';

export interface ErrorRow {
  code: string;
  message: string | undefined;
  views: number;
  /** Of all views, 0 to 1. */
  part: number;
  viewers: number | undefined;
  kind: Kind;
  /** Views it ended; undefined while that is not known. */
  failures: number | undefined;
  lastSeenMs: number;
  /** Undefined when nothing is compared, or the comparison is not there. */
  before: { views: number; part: number } | undefined;
}

export function errorRows(now: ErrorAnswer[], parts: Parts | undefined, before: ErrorAnswer[] | undefined): ErrorRow[] {
  const [viewers, failures, rules] = (['viewers', 'failures', 'rules'] as const).map((name) =>
    new Map(parts?.[name].data.map(({ field, value }) => [field ?? '', value ?? 0])));
  const earlier = new Map(before?.map((row) => [row.player_error_code, row]));
  return now.map(({ player_error_code: code, message, count: views, percentage: part, last_seen: seen }) => {
    const then = earlier.get(code);
    return {
      code, message: message === null || message === '' ? undefined : message, views, part, lastSeenMs: Date.parse(seen),
      viewers: parts === undefined ? undefined : viewers?.get(code),
      failures: parts === undefined ? undefined : (failures?.get(code) ?? 0),
      kind: parts === undefined ? 'unknown' : kindOf(views, failures?.get(code) ?? 0, rules?.get(code) ?? 0),
      before: before === undefined ? undefined : { views: then?.count ?? 0, part: then?.percentage ?? 0 },
    };
  });
}

/** By what became of the views that have it as their last. */
function kindOf(views: number, failures: number, rules: number): Kind {
  if (failures >= views) return 'fatal';
  if (rules >= views) return 'rule';
  return failures + rules === 0 ? 'warning' : 'mixed';
}

export const ORDERS = ['views', 'viewers', 'seen', 'change'] as const;
export type Order = (typeof ORDERS)[number];

export function ordered(rows: ErrorRow[], order: Order): ErrorRow[] {
  const by: Record<Order, (row: ErrorRow) => number> = {
    views: (row) => row.views,
    viewers: (row) => row.viewers ?? row.views,
    seen: (row) => row.lastSeenMs,
    // How much larger its part of all views has become.
    change: (row) => row.part - (row.before?.part ?? 0),
  };
  return [...rows].sort((a, b) => by[order](b) - by[order](a) || b.views - a.views || (a.code < b.code ? -1 : 1));
}

export interface MessageGroup {
  /** With what differs from view to view taken out. */
  text: string;
  /** One of them as it was said. */
  example: string;
  views: number;
  /** The newest view that said so. */
  viewId: string;
}

/** Messages that differ only by a number, an id, an address or what is in quotes say the same. */
export const plainMessage = (message: string): string => message
  .replace(/[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/gi, '‹address›')
  .replace(/[0-9a-f]{8}-[0-9a-f-]{27}|\b(?=[0-9a-f]*\d)[0-9a-f]{12,}\b/gi, '‹id›')
  .replace(/\d+([.,:]\d+)*/g, '‹n›');

/** The newest first among equals, as the views come. */
export function messageGroups(views: { id: string; player_error_message: string | null }[]): MessageGroup[] {
  const groups = new Map<string, MessageGroup>();
  for (const { id, player_error_message: message } of views) {
    const text = plainMessage(message ?? '');
    const group = groups.get(text);
    if (group === undefined) groups.set(text, { text, example: message ?? '', views: 1, viewId: id });
    else group.views += 1;
  }
  return [...groups.values()].sort((a, b) => b.views - a.views);
}

export interface PlaceRow {
  value: string | null;
  /** Views with the error, and all views with this value. */
  views: number;
  all: number;
  part: number;
  /** How many times as often as in all views; undefined while too few views say anything. */
  times: number | undefined;
}

/** A share of fewer views than this is chance. */
export const FEW = 30;

/** Where an error is more frequent than elsewhere: its views beside all views with the same value. */
export function placeRows(withError: BreakdownAnswer, all: BreakdownAnswer, overall: number | undefined): PlaceRow[] {
  const totals = new Map(all.data.map(({ field, views }) => [field ?? '', views]));
  return withError.data.filter(({ views }) => views > 0).map(({ field, views }) => {
    // A view may have come in between the two answers.
    const of = Math.max(views, totals.get(field ?? '') ?? 0);
    const part = views / of;
    return { value: field === '' ? null : field, views, all: of, part, times: of < FEW || overall === undefined || overall === 0 ? undefined : part / overall };
  });
}
