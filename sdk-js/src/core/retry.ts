/** What an answer of the collector means for the batch it answers, and how long to wait before the next try. */

/**
 * - `done`: durable, forget it.
 * - `drop`: this batch will never be taken; the next may be.
 * - `split`: too large; try in smaller pieces.
 * - `stop`: this key or page is not welcome; send nothing more.
 * - `retry`: theirs or the network's fault; keep it.
 */
export type Verdict = 'done' | 'drop' | 'split' | 'stop' | 'retry';

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
/** A server may ask for more patience than our own ceiling, but not for the rest of the day. */
const LONGEST_OBEYED_MS = 600_000;

/** Status 0 stands for "no answer". Codes nobody planned for are taken as passing, since the wait grows anyway. */
export function verdictOf(status: number): Verdict {
  if (status >= 200 && status < 300) return 'done';
  switch (status) {
    case 400:
    case 415:
    case 422:
      return 'drop';
    case 413:
      return 'split';
    case 401:
    case 403:
    case 410:
      return 'stop';
    default:
      return 'retry';
  }
}

/**
 * Full jitter: a uniform draw below a ceiling that doubles, so that a crowd thrown off together does not come back
 * together. What the server asked for is a floor; the jitter comes on top of it.
 */
export function delayBefore(attempt: number, retryAfterMs: number, random: () => number = Math.random): number {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
  return Math.round(Math.min(retryAfterMs, LONGEST_OBEYED_MS) + random() * ceiling);
}

/** `Retry-After` in either of its forms; 0 when absent or unreadable. */
export function parseRetryAfter(header: string | null, wallMs: number): number {
  if (!header) return 0;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - wallMs : seconds * 1_000;
  return ms > 0 ? ms : 0;
}
