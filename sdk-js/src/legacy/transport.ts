/** The two ways out of the page for browsers without `fetch`; takes the place of `core/transport` in the ES5 build. */

import { parseRetryAfter } from '../core/retry';
import { ANSWER_TIMEOUT_MS, type Answer, type OnAnswer } from '../core/answer';

/** Posts and tells the answer, exactly once. Nothing here outlives the page, whatever was asked for. */
export function post(url: string, body: string, _keepalive: boolean, answered: OnAnswer): void {
  const request = open(url, true);
  request.timeout = ANSWER_TIMEOUT_MS;
  // Comes after the answer, an error, a timeout and an abort alike, and once.
  request.onloadend = () => {
    const said = request.status < 300 ? parse(request.responseText) : undefined;
    const known = request.status >= 300 || (said && said.accepted >= 0);
    answered(known ? request.status : 0, parseRetryAfter(request.getResponseHeader('Retry-After')), said && said.heartbeat_ms);
  };
  request.send(body);
}

/** Hands the body to the browser; one that cannot take it is made to wait for it. */
export function sendLast(url: string, body: string): void {
  if (!navigator.sendBeacon || !navigator.sendBeacon(url, new Blob([body], { type: 'text/plain' }))) {
    open(url, false).send(body);
  }
}

function open(url: string, patient: boolean): XMLHttpRequest {
  const request = new XMLHttpRequest();
  request.open('POST', url, patient);
  request.setRequestHeader('Content-Type', 'text/plain');
  return request;
}

function parse(text: string): Answer | undefined {
  try {
    return JSON.parse(text) as Answer;
  } catch {
    return undefined;
  }
}
