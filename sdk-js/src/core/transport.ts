/** The two ways out of the page: a request whose answer is read, and a beacon that outlives the page. */

import { ANSWER_TIMEOUT_MS, type Answer, type OnAnswer } from './answer';
import { parseRetryAfter } from './retry';

/**
 * Posts and tells the answer, exactly once. `keepalive` asks the browser to finish it after the page.
 *
 * A proxy, a captive portal or a parked domain answers 200 with a page of its own: only the collector's words, a count
 * of what it took, are an acknowledgement.
 */
export async function post(url: string, body: string, keepalive: boolean, answered: OnAnswer): Promise<void> {
  const abort = typeof AbortController === 'function' ? new AbortController() : undefined;
  const timer = setTimeout(() => abort && abort.abort(), ANSWER_TIMEOUT_MS);
  let status = 0;
  let retryAfterMs = 0;
  let heartbeatMs: number | undefined;
  try {
    const response = await request(url, body, keepalive, abort && abort.signal);
    retryAfterMs = parseRetryAfter(response.headers.get('Retry-After'));
    const said: Answer = response.ok ? ((await response.json()) as Answer) : { accepted: 0 };
    heartbeatMs = said.heartbeat_ms;
    if (said.accepted >= 0) ({ status } = response);
  } catch {
    // Status 0 says it.
  }
  clearTimeout(timer);
  answered(status, retryAfterMs, heartbeatMs);
}

/** Hands the body to the browser, which sends it when the page is gone. */
export function sendLast(url: string, body: string): void {
  if (!navigator.sendBeacon || !navigator.sendBeacon(url, new Blob([body], { type: 'text/plain' }))) {
    request(url, body, true).catch(() => 0);
  }
}

/**
 * A string goes as `text/plain`, which makes the POST a simple request: no preflight, one round trip. No cookies go
 * with it, and no more of the page's address than its origin; and the video goes first.
 */
function request(url: string, body: string, keepalive: boolean, signal: AbortSignal | null = null): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    body,
    keepalive,
    signal,
    credentials: 'omit',
    referrerPolicy: 'origin',
    priority: 'low',
  });
}
