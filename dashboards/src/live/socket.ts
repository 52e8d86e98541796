/**
 * The page's one websocket. Subscriptions outlive connections: each keeps its id, its state and the last `seq` it
 * saw, and is sent again, with `since`, on every new connection. Knows nothing of the screen.
 */
import { FINAL_CLOSE_CODES, PROTOCOL, RATE_LIMITED, parseFrame } from './frames';
import type { ClientFrame, JsonObject, Query, ServerFrame } from './frames';
import { mergePatch } from './state';

export type Phase = 'connecting' | 'catching-up' | 'connected' | 'stale' | 'reconnecting' | 'refused';

/** What there is to know about the connection; times are this machine's `Date.now()`. */
export interface Link {
  phase: Phase;
  /** Attempts since the connection was lost, this one included. */
  attempt: number;
  lostAtMs?: number | undefined;
  lastFrameMs?: number | undefined;
  lastDataMs?: number | undefined;
  heartbeat?: { atMs: number; dataAgeMs: number } | undefined;
  refusal?: { code: number; message: string } | undefined;
}

export interface Sink {
  state(state: JsonObject): void;
  error(code: string, message: string): void;
}

export interface Subscription {
  close(): void;
  retry(): void;
}

interface Entry {
  topic: string;
  query: Query;
  sink: Sink;
  state: JsonObject | undefined;
  seq: number | undefined;
  /** Deltas are of no use until the next snapshot. */
  awaitingSnapshot: boolean;
  /** Nothing has come for it on this connection yet, nor has it been refused. */
  pending: boolean;
}

/** Heartbeats come every 5 s: one and a half without any frame is a doubt, three are a dead connection. */
export const STALE_AFTER_MS = 7_500;
export const DROP_AFTER_MS = 15_000;
const BACK_OFF_FIRST_MS = 250;
const BACK_OFF_MOST_MS = 30_000;
const RATE_LIMITED_ATTEMPT = 5;

export interface SocketOptions {
  url: string;
  token?: string;
  onLink: (link: Link) => void;
  random?: () => number;
  open?: (url: string) => WebSocket;
}

export class LiveSocket {
  private link: Link = { phase: 'connecting', attempt: 0 };
  private readonly entries = new Map<string, Entry>();
  private socket: WebSocket | undefined;
  private ready = false;
  private lagging = false;
  private nextId = 1;
  private failures = 0;
  private reconnectHint = 0;
  private lastError = '';
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private silenceTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly random: () => number;

  constructor(private readonly options: SocketOptions) {
    this.random = options.random ?? Math.random;
    globalThis.addEventListener('online', this.retryNow);
    this.connect();
  }

  subscribe(topic: string, query: Query, sink: Sink): Subscription {
    const id = `s${this.nextId++}`;
    const entry: Entry = {
      topic, query, sink, state: undefined, seq: undefined, awaitingSnapshot: true, pending: true,
    };
    this.entries.set(id, entry);
    this.sendSubscribe(id, entry);
    return {
      close: () => {
        if (this.entries.delete(id)) this.send({ type: 'unsubscribe', id });
        this.settle();
      },
      retry: () => this.resubscribe(id, entry),
    };
  }

  /** Cuts the wait for the next attempt short; does nothing while a connection is up or being made. */
  readonly retryNow = (): void => {
    if (this.link.phase === 'reconnecting' && this.socket === undefined) this.connect();
  };

  close(): void {
    globalThis.removeEventListener('online', this.retryNow);
    clearTimeout(this.retryTimer);
    this.entries.clear();
    this.detach();
  }

  private connect(): void {
    clearTimeout(this.retryTimer);
    const socket = this.options.open?.(this.options.url) ?? new WebSocket(this.options.url, PROTOCOL);
    this.socket = socket;
    socket.onmessage = (message: MessageEvent<unknown>) => {
      const frame = parseFrame(String(message.data));
      if (frame !== undefined) this.receive(frame);
    };
    socket.onclose = (event) => this.lost(event.code);
    this.watchSilence();
  }

  private receive(frame: ServerFrame): void {
    const now = Date.now();
    this.link = { ...this.link, lastFrameMs: now };
    this.watchSilence();
    switch (frame.type) {
      case 'hello':
        this.greet(frame.protocol);
        break;
      case 'snapshot':
      case 'delta':
        this.apply(frame, now);
        break;
      case 'heartbeat':
        this.failures = 0;
        this.link = { ...this.link, heartbeat: { atMs: now, dataAgeMs: frame.data_age_ms } };
        break;
      case 'lagging':
        this.lagging = true;
        break;
      case 'going_away':
        this.reconnectHint = frame.reconnect_ms;
        break;
      case 'error':
        this.refuse(frame);
        break;
    }
    this.settle();
  }

  private greet(protocol: string): void {
    if (protocol !== PROTOCOL) {
      this.detach();
      this.publish({ phase: 'refused', refusal: { code: 0, message: `The server speaks ${protocol}; reload the page.` } });
      return;
    }
    this.ready = true;
    if (this.options.token !== undefined) this.send({ type: 'auth', token: this.options.token });
    for (const [id, entry] of this.entries) this.sendSubscribe(id, entry);
  }

  private apply(frame: Extract<ServerFrame, { seq: number }>, now: number): void {
    const entry = this.entries.get(frame.id);
    if (entry === undefined) return;
    if (frame.type === 'snapshot') {
      entry.state = frame.state;
      entry.awaitingSnapshot = false;
      this.lagging = false;
    } else {
      if (entry.awaitingSnapshot || entry.state === undefined || entry.seq === undefined) return;
      if (frame.seq !== entry.seq + 1) {
        this.resubscribe(frame.id, entry);
        return;
      }
      entry.state = mergePatch(entry.state, frame.changes);
    }
    entry.seq = frame.seq;
    entry.pending = false;
    this.failures = 0;
    this.link = { ...this.link, lastDataMs: now };
    entry.sink.state(entry.state);
  }

  private refuse(frame: Extract<ServerFrame, { type: 'error' }>): void {
    this.lastError = frame.message;
    const entry = frame.id === undefined ? undefined : this.entries.get(frame.id);
    if (entry === undefined) return;
    entry.pending = false;
    entry.awaitingSnapshot = true;
    entry.sink.error(frame.code, frame.message);
  }

  /** Frames of the old subscription may still be on their way: until a snapshot comes, deltas do not count. */
  private resubscribe(id: string, entry: Entry): void {
    if (!this.entries.has(id)) return;
    entry.seq = undefined;
    this.send({ type: 'unsubscribe', id });
    this.sendSubscribe(id, entry);
  }

  private sendSubscribe(id: string, entry: Entry): void {
    entry.pending = true;
    entry.awaitingSnapshot = entry.seq === undefined;
    const since = entry.seq === undefined ? {} : { since: entry.seq };
    this.send({ type: 'subscribe', id, topic: entry.topic, query: entry.query, ...since });
  }

  private send(frame: ClientFrame): void {
    if (this.ready) this.socket?.send(JSON.stringify(frame));
  }

  /** A connection counts as found again once it has caught up: a server that only says hello does not. */
  private settle(): void {
    if (!this.ready) return;
    const waiting = this.lagging || [...this.entries.values()].some((entry) => entry.pending);
    this.publish(waiting ? { phase: 'catching-up' } : { phase: 'connected', attempt: 0, lostAtMs: undefined });
  }

  private watchSilence(): void {
    clearTimeout(this.silenceTimer);
    this.silenceTimer = setTimeout(() => {
      if (this.ready) this.publish({ phase: 'stale' });
      this.silenceTimer = setTimeout(() => this.lost(0), DROP_AFTER_MS - STALE_AFTER_MS);
    }, STALE_AFTER_MS);
  }

  private lost(code: number): void {
    this.detach();
    if (FINAL_CLOSE_CODES.has(code)) {
      this.publish({ phase: 'refused', refusal: { code, message: this.lastError } });
      return;
    }
    const wait = this.reconnectHint + this.backOff(code);
    this.reconnectHint = 0;
    const lostAtMs = this.link.lostAtMs ?? Date.now();
    this.publish({ phase: 'reconnecting', attempt: this.link.attempt + 1, lostAtMs });
    this.retryTimer = setTimeout(() => this.connect(), wait);
  }

  /** Full jitter: after a server's restart, its clients come back spread out, not together. */
  private backOff(code: number): number {
    if (code === RATE_LIMITED) this.failures = Math.max(this.failures, RATE_LIMITED_ATTEMPT);
    const most = Math.min(BACK_OFF_MOST_MS, BACK_OFF_FIRST_MS * 2 ** this.failures);
    this.failures += 1;
    return this.random() * most;
  }

  /** Lets go of the socket without waiting for its close: a dead connection may take minutes to say so. */
  private detach(): void {
    clearTimeout(this.silenceTimer);
    const socket = this.socket;
    this.socket = undefined;
    this.ready = false;
    this.lagging = false;
    if (socket === undefined) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  private publish(change: Partial<Link>): void {
    this.link = { ...this.link, ...change };
    this.options.onLink(this.link);
  }
}
