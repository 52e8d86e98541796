/**
 * A page without a browser: document, window and collector, all on vitest's fake clock. The real code runs against
 * it from `monitor()` down to `fetch`; what is asserted is what arrived.
 */

import { vi } from 'vitest';
import type { Beacon, WireEvent } from '../../src/core/wire';

export interface Reply {
  status: number;
  headers?: Record<string, string>;
  /** Text of the answer; the collector's words by default. */
  body?: string;
  /** The answer takes this long. */
  afterMs?: number;
}

export class FakePage {
  readonly window = new EventTarget();
  readonly document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  /** Bodies that arrived and were taken, in order of arrival, with the way they came. */
  readonly arrived: { via: 'fetch' | 'beacon'; body: Beacon; keepalive: boolean; at: number }[] = [];
  /** Answers to the next requests; 202 when empty. `'down'` is no answer. */
  readonly replies: (Reply | 'down')[] = [];
  requests: { at: number; status: number; events: number }[] = [];
  /** Bodies on their way, not answered yet. */
  readonly unanswered: string[] = [];
  takesBeacons = true;

  constructor(navigator: Record<string, unknown> = {}) {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] });
    const globals = {
      document: this.document,
      location: new URL('https://site.test/watch?token=secret#part'),
      navigator: { sendBeacon: (_url: string, body: Blob) => this.beacon(body), ...navigator },
      window: this.window,
      Blob: FakeBlob,
      fetch: (_url: string, init: RequestInit) => this.answer(init),
    };
    for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
  }

  /** All events of a view that arrived, each once, by sequence. */
  events(viewId?: string): WireEvent[] {
    const bySeq = new Map<string, WireEvent>();
    for (const { body } of this.arrived) {
      for (const view of body.views) {
        if (viewId && view.id !== viewId) continue;
        for (const event of view.events) bySeq.set(`${view.id} ${String(event.seq).padStart(6, '0')}`, event);
      }
    }
    return [...bySeq].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, event]) => event);
  }

  /** Types of all events that arrived, heartbeats left out. */
  types(): string[] {
    return this.events().map((event) => event.type).filter((type) => type !== 'heartbeat');
  }

  /** The first event of a type; fails the test when there is none. */
  first(type: WireEvent['type']): WireEvent {
    const found = this.events().find((event) => event.type === type);
    if (!found) throw new Error(`no ${type} among ${this.types().join()}`);
    return found;
  }

  get latest(): WireEvent {
    return this.events().pop()!;
  }

  hide(): void {
    this.document.visibilityState = 'hidden';
    this.document.dispatchEvent(new Event('visibilitychange'));
  }

  show(): void {
    this.document.visibilityState = 'visible';
    this.document.dispatchEvent(new Event('visibilitychange'));
  }

  pagehide(persisted: boolean): void {
    this.window.dispatchEvent(Object.assign(new Event('pagehide'), { persisted }));
  }

  pageshow(persisted: boolean): void {
    this.window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted }));
  }

  private beacon(body: Blob): boolean {
    if (this.takesBeacons) this.take('beacon', (body as unknown as FakeBlob).text, true);
    return this.takesBeacons;
  }

  private async answer(init: RequestInit): Promise<Response> {
    const reply = this.replies.shift() ?? { status: 202 };
    const body = init.body as string;
    const parsed = JSON.parse(body) as Beacon;
    const events = parsed.views.reduce((sum, view) => sum + view.events.length, 0);
    this.requests.push({ at: performance.now(), status: reply === 'down' ? 0 : reply.status, events });
    this.unanswered.push(body);
    try {
      if (reply !== 'down' && reply.afterMs) await hold(reply.afterMs, init.signal);
      else await Promise.resolve();
    } finally {
      this.unanswered.splice(this.unanswered.indexOf(body), 1);
    }
    if (reply === 'down') throw new TypeError('failed to fetch');
    const { status, headers, body: text = `{"accepted":${events},"rejected":[]}` } = reply;
    if (status < 300 && text.startsWith('{')) this.take('fetch', body, init.keepalive === true);
    return new Response(status === 204 ? null : text, { status, headers: headers ?? {} });
  }

  private take(via: 'fetch' | 'beacon', body: string, keepalive: boolean): void {
    this.arrived.push({ via, body: JSON.parse(body) as Beacon, keepalive, at: performance.now() });
  }
}

/** An answer that is a long time coming, unless the asker gives up. */
function hold(ms: number, signal?: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new DOMException('aborted', 'AbortError'));
    });
  });
}

class FakeBlob {
  readonly text: string;
  constructor(parts: string[]) {
    this.text = parts.join('');
  }
}
