/** What an answer of the collector means for the batch it answers, and how long to wait before the next try. */

export const enum Verdict {
  /** Durable: forget it. */
  Done,
  /** This batch will never be taken; the next may be. */
  Drop,
  /** Too large; try in smaller pieces. */
  Split,
  /** This key or page is not welcome; send nothing more. */
  Stop,
  /** Theirs or the network's fault; keep it. */
  Retry,
}

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
/** A server may ask for more patience than our own ceiling, but not for the rest of the day. */
const LONGEST_OBEYED_MS = 600_000;

/** Status 0 stands for "no answer". Codes nobody planned for are taken as passing, since the wait grows anyway. */
export function verdictOf(status: number): Verdict {
  if (status >= 200 && status < 300) return Verdict.Done;
  if (status === 413) return Verdict.Split;
  if (status === 401 || status === 403 || status === 410) return Verdict.Stop;
  return status === 400 || status === 415 || status === 422 ? Verdict.Drop : Verdict.Retry;
}

/**
 * Full jitter: a uniform draw below a ceiling that doubles, so that a crowd thrown off together does not come back
 * together. What the server asked for is a floor; the jitter comes on top of it.
 */
export function delayBefore(attempt: number, retryAfterMs: number): number {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
  return Math.round(Math.min(retryAfterMs, LONGEST_OBEYED_MS) + Math.random() * ceiling);
}

/** `Retry-After` in either of its forms, in ms; 0 when absent or unreadable. */
export function parseRetryAfter(header: string | null): number {
  return Math.max(0, Number(header) * 1_000 || Date.parse(header!) - Date.now() || 0);
}
