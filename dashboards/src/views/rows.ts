/** Rows of the list of views: history's and the live topic's in one shape, and how the two become one list. */
import type { ViewSummary } from '../api/views';
import type { ViewRow, ViewState } from '../live/topics';

/** What became of a view; while it runs, what it does now. */
export type Result = ViewState | 'running' | 'left-before-start';

export interface Row {
  id: string;
  startMs: number;
  videoId: string | undefined;
  title: string | undefined;
  viewerId: string | undefined;
  country: string | undefined;
  browser: string | undefined;
  system: string | undefined;
  result: Result;
  startupMs: number | undefined;
  stalls: number | undefined;
  stalledMs: number | undefined;
  errorCode: string | undefined;
  errorMessage: string | undefined;
}

/** After this long without a sign, a view nobody ended is not taken to be under way. */
const SILENT_MS = 60_000;

const OVER: ReadonlySet<ViewState> = new Set(['ended', 'failed', 'exited', 'gone']);

export const isOver = (state: ViewState): boolean => OVER.has(state);

export function fromHistory(view: ViewSummary, nowMs: number): Row {
  return {
    id: view.id,
    startMs: Date.parse(view.view_start),
    videoId: view.video_id ?? undefined,
    title: view.video_title ?? undefined,
    viewerId: view.viewer_id ?? undefined,
    country: view.country_code ?? undefined,
    browser: view.viewer_application_name ?? undefined,
    system: view.viewer_os_family ?? undefined,
    result: resultOf(view, nowMs),
    startupMs: view.video_startup_time ?? undefined,
    stalls: view.rebuffer_count,
    stalledMs: view.rebuffer_duration,
    errorCode: view.player_error_code ?? undefined,
    errorMessage: view.player_error_message ?? undefined,
  };
}

function resultOf(view: ViewSummary, nowMs: number): Result {
  if (view.playback_failure) return 'failed';
  if (view.exit_before_video_start) return 'left-before-start';
  if (view.view_ended) return 'ended';
  return nowMs - Date.parse(view.view_end) < SILENT_MS ? 'running' : 'gone';
}

export function fromLive(id: string, view: ViewRow): Row {
  return {
    id,
    startMs: view.start_ms,
    videoId: view.video_id,
    title: view.title,
    viewerId: view.viewer_id,
    country: view.country,
    browser: view.browser,
    system: view.operating_system,
    result: liveResult(view),
    startupMs: view.startup_ms,
    stalls: view.rebuffer_count,
    stalledMs: view.rebuffer_ms,
    errorCode: view.error_code,
    errorMessage: undefined,
  };
}

/** In history's words, so that a row does not read otherwise after a reload. */
function liveResult({ state, startup_ms: startupMs }: ViewRow): Result {
  if (state !== 'exited') return state;
  return startupMs === undefined ? 'left-before-start' : 'ended';
}

/**
 * The first page kept live: what began since it was asked and fits comes on top, newest first; what was there stays in
 * its order with the values of now. `most` rows, as history had them.
 */
export function merged(history: Row[], live: Map<string, Row>, fits: (id: string) => boolean, sinceMs: number, most: number): Row[] {
  const known = new Set(history.map((row) => row.id));
  const fresh = [...live.values()].filter((row) => !known.has(row.id) && row.startMs >= sinceMs && fits(row.id));
  fresh.sort((a, b) => b.startMs - a.startMs || (a.id < b.id ? -1 : 1));
  const kept = history.map((row) => {
    const now = live.get(row.id);
    return now === undefined ? row : { ...now, title: now.title ?? row.title, errorMessage: row.errorMessage };
  });
  return [...fresh, ...kept].slice(0, most);
}
