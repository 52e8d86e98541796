/** The frames of the live protocol `playhead.v1`, as written down in schema/live.md. */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A topic's state, and a delta's changes: plain objects keyed by strings that viewers may have chosen. */
export type JsonObject = Record<string, Json>;

export type Query = Record<string, string | number>;

export type ClientFrame =
  | { type: 'auth'; token: string }
  | { type: 'subscribe'; id: string; topic: string; query: Query; since?: number }
  | { type: 'unsubscribe'; id: string };

export type ServerFrame =
  | { type: 'hello'; server_ms: number; protocol: string }
  | { type: 'snapshot'; id: string; seq: number; state: JsonObject }
  | { type: 'delta'; id: string; seq: number; changes: JsonObject }
  | { type: 'heartbeat'; server_ms: number; data_age_ms: number }
  | { type: 'lagging'; dropped: number }
  | { type: 'going_away'; reconnect_ms: number }
  | { type: 'error'; id?: string; code: string; message: string };

export const PROTOCOL = 'playhead.v1';

/** Close codes after which the same connection would be refused again, so nothing is retried. */
export const FINAL_CLOSE_CODES: ReadonlySet<number> = new Set([4401, 4403, 4409, 4413]);

/** The server told us to slow down: the next attempt starts further up the back-off. */
export const RATE_LIMITED = 4429;

const KNOWN: ReadonlySet<string> = new Set<ServerFrame['type']>([
  'hello', 'snapshot', 'delta', 'heartbeat', 'lagging', 'going_away', 'error',
]);

/** One text frame. A type this page does not know is skipped, so that the server may add some. */
export function parseFrame(text: string): ServerFrame | undefined {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof frame !== 'object' || frame === null || !('type' in frame)) return undefined;
  return KNOWN.has(String(frame.type)) ? (frame as ServerFrame) : undefined;
}
