/** What the collector answers, and how a transport passes it on. */

/** The collector's words for a body it took. */
export interface Answer {
  accepted: number;
  /** How often it wants to hear the totals. */
  heartbeat_ms?: number;
}

/** Status 0 is no answer at all, or one that is not the collector's. */
export type OnAnswer = (status: number, retryAfterMs: number, heartbeatMs?: number) => void;

/** Without an answer for this long the request counts as lost; the collector answers in milliseconds. */
export const ANSWER_TIMEOUT_MS = 20_000;
