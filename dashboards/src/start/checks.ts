/** What a first view should say, and what it says: each point with the way to mend it. */
import type { ViewRow } from '../live/topics';

export interface Check {
  what: string;
  passed: boolean;
  /** What is there, or what to do about what is not. */
  detail: string;
  /** A view without it works, and tells less. */
  optional?: boolean;
}

export function checksOf(view: ViewRow): Check[] {
  const said = (value: string | undefined, otherwise: string): Pick<Check, 'passed' | 'detail'> =>
    value === undefined || value === '' ? { passed: false, detail: otherwise } : { passed: true, detail: value };
  const started = (view.startup_ms ?? view.playing_ms) !== undefined;
  const failed = view.error_code !== undefined;
  return [
    { what: 'A beacon arrived', passed: true, detail: [view.player, view.browser, view.operating_system].filter((part) => part !== undefined).join(' · ') || 'from a sender that does not say what it is' },
    { what: 'Playback began', passed: started, detail: failed ? `error ${view.error_code ?? ''}: the player could not play` : started ? 'the first frame moved' : 'press play' },
    { what: 'The video has an id', ...said(view.video_id, 'set video_id: without it views cannot be told apart by video') },
    { what: 'The video has a title', ...said(view.title, 'set video_title to read names instead of ids'), optional: true },
    { what: 'The viewer has an id', ...said(view.viewer_id, 'set viewer_id (a pseudonym) to count people and find their views'), optional: true },
    { what: 'The country is known', ...said(view.country, 'a local address has none; else see the setting country_database'), optional: true },
  ];
}

/** When each view was last heard of; by the server's clock, which is never compared with this machine's. */
export type Heard = Record<string, number>;

export const heardOf = (rows: Record<string, ViewRow>): Heard =>
  Object.fromEntries(Object.entries(rows).map(([id, view]) => [id, view.last_ms ?? view.start_ms]));

/** The newest view that has been heard of since; a test beacon only when there is no other. */
export function newestSince(rows: Record<string, ViewRow>, before: Heard, testVideo: string): [id: string, view: ViewRow] | undefined {
  const since = Object.entries(rows).filter(([id, view]) => (view.last_ms ?? view.start_ms) > (before[id] ?? Number.NEGATIVE_INFINITY));
  const byTime = since.sort(([, a], [, b]) => b.start_ms - a.start_ms);
  return byTime.find(([, view]) => view.video_id !== testVideo) ?? byTime[0];
}
