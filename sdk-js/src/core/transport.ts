/** The two ways out of the page: a request whose answer is read, and a beacon that outlives the page. */

import { parseRetryAfter } from './retry';

/** What came back; status 0 is no answer at all. */
export interface Answer {
  status: number;
  retryAfterMs: number;
}

export interface Transport {
  /** Posts and waits for the answer; never rejects. `outlive` asks the browser to finish it after the page. */
  post(body: string, outlive: boolean): Promise<Answer>;
  /** Hands the body to the browser for sending when the page is gone; false when it will not take it. */
  beacon(body: string): boolean;
}

/** Without an answer for this long the request counts as lost; the collector answers in milliseconds. */
const ANSWER_TIMEOUT_MS = 20_000;

/**
 * Bodies are `text/plain`, which makes the POST a simple request: no preflight, one round trip. No cookies go
 * with it, and no more of the page's address than its origin.
 */
export function httpTransport(url: string): Transport {
  const request = (body: string, keepalive: boolean, signal?: AbortSignal): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      body,
      keepalive,
      credentials: 'omit',
      referrerPolicy: 'origin',
      headers: { 'Content-Type': 'text/plain' },
      ...(signal && { signal }),
    });

  return {
    async post(body, outlive) {
      const abort = typeof AbortController === 'function' ? new AbortController() : undefined;
      const timer = setTimeout(() => abort?.abort(), ANSWER_TIMEOUT_MS);
      try {
        const response = await request(body, outlive, abort?.signal);
        const retryAfterMs = parseRetryAfter(response.headers.get('Retry-After'), Date.now());
        return { status: response.status, retryAfterMs };
      } catch {
        return { status: 0, retryAfterMs: 0 };
      } finally {
        clearTimeout(timer);
      }
    },

    beacon(body) {
      try {
        if (navigator.sendBeacon?.(url, new Blob([body], { type: 'text/plain' }))) return true;
        request(body, true).catch(() => undefined);
        return true;
      } catch {
        return false;
      }
    },
  };
}
