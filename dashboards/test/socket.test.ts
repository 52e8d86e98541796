/** The socket on a hand-moved clock: subscriptions outlive connections, gaps heal, silence is noticed. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { JsonObject } from '../src/live/frames';
import { LiveSocket } from '../src/live/socket';
import type { Link } from '../src/live/socket';
import { Wire, open, page, useClock } from './support';

let links: Link[] = [];
let socket: LiveSocket;
const phase = (): string | undefined => links.at(-1)?.phase;

function start(random = () => 1, token?: string): LiveSocket {
  socket = new LiveSocket({ url: 'ws://x/live', open, random, onLink: (link) => links.push(link), ...(token === undefined ? {} : { token }) });
  return socket;
}

function watch(): { states: JsonObject[]; errors: string[]; sink: Parameters<LiveSocket['subscribe']>[2] } {
  const states: JsonObject[] = [];
  const errors: string[] = [];
  return { states, errors, sink: { state: (state) => states.push(structuredClone(state)), error: (code) => errors.push(code) } };
}

beforeEach(() => {
  useClock();
  links = [];
});
afterEach(() => {
  socket.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a connection', () => {
  test('authenticates and subscribes after hello, not before', () => {
    start(undefined, 'id:secret').subscribe('overview', {}, watch().sink);
    expect(Wire.last.sent).toEqual([]);
    Wire.last.hello();
    expect(Wire.last.sent).toEqual([
      { type: 'auth', token: 'id:secret' },
      { type: 'subscribe', id: 's1', topic: 'overview', query: {} },
    ]);
    expect(phase()).toBe('catching-up');
    Wire.last.snapshot('s1', 4, {});
    expect(phase()).toBe('connected');
  });

  test('applies deltas in order, each with the whole state', () => {
    const seen = watch();
    start().subscribe('top', {}, seen.sink);
    Wire.last.hello();
    Wire.last.snapshot('s1', 4, { rows: { a: 1 } });
    Wire.last.delta('s1', 5, { rows: { b: 2 } });
    Wire.last.delta('s1', 6, { rows: { a: null } });
    expect(seen.states).toEqual([{ rows: { a: 1 } }, { rows: { a: 1, b: 2 } }, { rows: { b: 2 } }]);
  });

  test('a gap subscribes again without since, and deltas count only after the next snapshot', () => {
    const seen = watch();
    start().subscribe('top', {}, seen.sink);
    Wire.last.hello();
    Wire.last.snapshot('s1', 4, { n: 4 });
    Wire.last.delta('s1', 6, { n: 6 });
    expect(Wire.last.sent.slice(-2)).toEqual([
      { type: 'unsubscribe', id: 's1' },
      { type: 'subscribe', id: 's1', topic: 'top', query: {} },
    ]);
    expect(phase()).toBe('catching-up');
    Wire.last.delta('s1', 7, { n: 7 });
    expect(seen.states).toEqual([{ n: 4 }]);
    Wire.last.snapshot('s1', 9, { n: 9 });
    Wire.last.delta('s1', 10, { n: 10 });
    expect(seen.states.slice(1)).toEqual([{ n: 9 }, { n: 10 }]);
    expect(phase()).toBe('connected');
  });

  test('lagging means catching up until a snapshot', () => {
    start().subscribe('top', {}, watch().sink);
    Wire.last.hello();
    Wire.last.snapshot('s1', 1, {});
    Wire.last.frame({ type: 'lagging', dropped: 12 });
    expect(phase()).toBe('catching-up');
    Wire.last.snapshot('s1', 14, {});
    expect(phase()).toBe('connected');
  });

  test('an error of a subscription reaches its sink, and retry asks again', () => {
    const seen = watch();
    const subscription = start().subscribe('view', { view_id: 'x' }, seen.sink);
    Wire.last.hello();
    Wire.last.frame({ type: 'error', id: 's1', code: 'unknown_topic', message: 'no' });
    expect(seen.errors).toEqual(['unknown_topic']);
    expect(phase()).toBe('connected');
    subscription.retry();
    expect(Wire.last.subscribes()).toHaveLength(2);
  });

  test('frames of other versions and of closed subscriptions are passed over', () => {
    const seen = watch();
    const subscription = start().subscribe('top', {}, seen.sink);
    Wire.last.hello();
    Wire.last.frame({ type: 'confetti' });
    subscription.close();
    Wire.last.snapshot('s1', 1, {});
    expect(seen.states).toEqual([]);
    expect(Wire.last.sent.at(-1)).toEqual({ type: 'unsubscribe', id: 's1' });
  });

  test('another protocol is refused, not guessed at', () => {
    start();
    Wire.last.frame({ type: 'hello', server_ms: 0, protocol: 'playhead.v2' });
    expect(phase()).toBe('refused');
    vi.advanceTimersByTime(60_000);
    expect(Wire.all).toHaveLength(1);
  });
});

describe('a lost connection', () => {
  test('keeps subscriptions and resumes each from its last seq', () => {
    const seen = watch();
    start().subscribe('top', { limit: 3 }, seen.sink);
    Wire.last.hello();
    Wire.last.snapshot('s1', 4, { n: 4 });
    Wire.last.delta('s1', 5, { n: 5 });
    Wire.last.drop();
    expect(phase()).toBe('reconnecting');
    vi.advanceTimersByTime(250);
    Wire.last.hello();
    expect(Wire.last.sent).toEqual([{ type: 'subscribe', id: 's1', topic: 'top', query: { limit: 3 }, since: 5 }]);
    // The server still had what was missed.
    Wire.last.delta('s1', 6, { n: 6 });
    expect(seen.states.at(-1)).toEqual({ n: 6 });
    expect(phase()).toBe('connected');
  });

  test('backs off with full jitter from 0.25 s to 30 s, and counts its attempts', () => {
    const random = vi.fn(() => 1);
    start(random);
    const waits: number[] = [];
    for (let i = 0; i < 10; i++) {
      Wire.last.drop();
      const before = Date.now();
      vi.advanceTimersToNextTimer();
      waits.push(Date.now() - before);
    }
    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(links.at(-1)?.attempt).toBe(10);
    random.mockReturnValue(0);
    Wire.last.drop();
    const before = Date.now();
    vi.advanceTimersToNextTimer();
    expect(Date.now() - before).toBe(0);
  });

  test('a server that only says hello and hangs up does not reset the back-off or the time of loss', () => {
    start().subscribe('top', {}, watch().sink);
    const lostAt = Date.now();
    for (let i = 0; i < 5; i++) {
      Wire.last.hello();
      Wire.last.drop();
      vi.advanceTimersToNextTimer();
    }
    expect(Date.now() - lostAt).toBe(250 + 500 + 1_000 + 2_000 + 4_000);
    expect(links.at(-1)?.lostAtMs).toBe(lostAt);
  });

  test('going_away waits as long as the server asked, and a little', () => {
    start(() => 0.5);
    Wire.last.hello();
    Wire.last.frame({ type: 'going_away', reconnect_ms: 3_000 });
    Wire.last.drop(1012);
    vi.advanceTimersByTime(3_124);
    expect(Wire.all).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(Wire.all).toHaveLength(2);
  });

  test('a rate limit starts far up the back-off', () => {
    start();
    Wire.last.drop(4429);
    vi.advanceTimersByTime(7_999);
    expect(Wire.all).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(Wire.all).toHaveLength(2);
  });

  test.each([4401, 4403, 4409, 4413])('close code %i is final', (code) => {
    start();
    Wire.last.hello();
    Wire.last.frame({ type: 'error', code: 'no', message: 'not you' });
    Wire.last.drop(code);
    expect(links.at(-1)).toMatchObject({ phase: 'refused', refusal: { code, message: 'not you' } });
    vi.advanceTimersByTime(120_000);
    expect(Wire.all).toHaveLength(1);
  });

  test('the browser coming online, or a person, cuts the wait short', () => {
    start();
    Wire.last.drop();
    page.dispatchEvent(new Event('online'));
    expect(Wire.all).toHaveLength(2);
    Wire.last.drop();
    socket.retryNow();
    expect(Wire.all).toHaveLength(3);
    socket.retryNow();
    expect(Wire.all).toHaveLength(3);
    vi.advanceTimersByTime(400);
    expect(Wire.all).toHaveLength(3);
  });
});

describe('silence', () => {
  test('is a doubt after 7.5 s, the end after 15 s, and any frame clears it', () => {
    start();
    Wire.last.hello();
    vi.advanceTimersByTime(7_500);
    expect(phase()).toBe('stale');
    Wire.last.frame({ type: 'heartbeat', server_ms: 0, data_age_ms: 10 });
    expect(phase()).toBe('connected');
    vi.advanceTimersByTime(15_000);
    expect(phase()).toBe('reconnecting');
    expect(Wire.all[0]?.closed).toBe(true);
    vi.advanceTimersByTime(250);
    expect(Wire.all).toHaveLength(2);
  });

  test('a connection that never opens is given up after 15 s', () => {
    start();
    vi.advanceTimersByTime(15_250);
    expect(Wire.all).toHaveLength(2);
  });
});
