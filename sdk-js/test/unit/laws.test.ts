/** Laws that hold whatever viewers, players and networks do. */

import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { Counters, WireEvent } from '../../src/core/wire';
import { byteLength, Queue } from '../../src/core/queue';
import { delayBefore, parseRetryAfter, verdictOf } from '../../src/core/retry';
import { FakePage } from './fake-page';
import { FakeVideo } from './fake-video';
import { session } from './session';

type Act = (video: FakeVideo, page: FakePage) => void;

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.nat(800).map((ms): Act => (video) => void (video.paused && (video.ended ? video.replay(ms) : video.play(ms)))),
  fc.constant<Act>((video) => void (video.paused || video.pause())),
  fc.constant<Act>((video) => video.freeze()),
  fc.constant<Act>((video) => void (video.paused || video.seeking || video.readyState < 4 || video.flow())),
  fc.tuple(fc.nat(30), fc.nat(1_500)).map(([to, ms]): Act => (video) => video.seek(to, ms)),
  fc.nat(30).map((to): Act => (video) => void (video.seeking || video.jump(to))),
  fc.constantFrom(0.5, 1, 2).map((rate): Act => (video) => video.setRate(rate)),
  fc.constantFrom<Act>((video) => video.say('waiting'), (video) => video.say('playing'), (video) => video.say('timeupdate')),
  fc.constantFrom<Act>((_, page) => page.hide(), (_, page) => page.show()),
  fc.constantFrom<Act>((video) => video.fail(3, 'decode'), (video) => video.say('emptied')),
  fc.constantFrom<Act>((video) => void (video.dropped += 3), (video) => void (video.dropped = 0)),
  fc.constantFrom<Act>((_, page) => page.replies.push('down'), (_, page) => page.replies.push({ status: 503 })),
);
const story = fc.array(fc.tuple(act, fc.nat(4_000)), { minLength: 1, maxLength: 40 });

/** Lives through a story and returns everything that arrived in the end. */
async function live(steps: [Act, number][]): Promise<{ events: WireEvent[]; tookMs: number }> {
  const page = new FakePage();
  const video = new FakeVideo(30);
  const { handle, after } = session({}, video, page);
  const begun = performance.now();
  for (const [step, ms] of steps) {
    step(video, page);
    await after(ms);
  }
  handle.destroy();
  const tookMs = performance.now() - begun;
  page.replies.length = 0;
  await after(200_000);
  vi.useRealTimers();
  return { events: page.events(), tookMs };
}

test('every story leaves a sound account', async () => {
  await fc.assert(
    fc.asyncProperty(story, async (steps) => {
      const { events, tookMs } = await live(steps);
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
      expect(events[0]?.type).toBe('viewinit');
      expect(events[events.length - 1]?.type).toBe('viewend');
      let before: WireEvent | undefined;
      for (const event of events) {
        checkTotals(event, tookMs);
        checkStretch(event, before);
        if (before) checkSuccession(before, event);
        before = event;
      }
    }),
    { numRuns: 300 },
  );
});

function checkTotals({ c, t_ms }: WireEvent, tookMs: number): void {
  const parts = (c.startup_ms ?? 0) + c.playing_ms + c.rebuffer_ms + c.seek_ms;
  expect(c.watch_ms).toBeGreaterThanOrEqual(parts);
  // Once started, the parts are the whole: nobody waits for anything that has no name.
  if (c.startup_ms !== undefined) expect(c.watch_ms).toBe(parts);
  expect(c.watch_ms).toBeLessThanOrEqual(tookMs + 1);
  for (const [name, value] of Object.entries(c)) {
    expect(Number.isInteger(value) && value >= 0, `${name} is ${value}`).toBe(true);
  }
  expect(Number.isInteger(t_ms)).toBe(true);
}

function checkSuccession(before: WireEvent, event: WireEvent): void {
  expect(event.t_ms).toBeGreaterThanOrEqual(before.t_ms);
  for (const name of Object.keys(before.c) as (keyof Counters)[]) {
    expect(event.c[name], name).toBeGreaterThanOrEqual(before.c[name]!);
  }
}

function checkStretch({ seg, c }: WireEvent, before: WireEvent | undefined): void {
  if (!seg) {
    expect(before?.seg).toBeUndefined();
    return;
  }
  const [number, from, to] = seg;
  expect(from).toBeLessThanOrEqual(to);
  expect(seg.every((part) => Number.isInteger(part) && part >= 0)).toBe(true);
  // Nothing is watched faster than twice as fast, the fastest these stories go; a look of slack.
  expect(to - from).toBeLessThanOrEqual(2 * (c.playing_ms + 700));
  const [lastNumber, lastFrom, lastTo] = before?.seg ?? [-1, 0, 0];
  if (number !== lastNumber) expect(number).toBe(lastNumber + 1);
  else {
    expect(from).toBe(lastFrom);
    expect(to).toBeGreaterThanOrEqual(lastTo);
  }
}

test('waiting grows, is bounded, keeps to the server\'s wish, and is never the same for all', () => {
  fc.assert(
    fc.property(fc.nat(100), fc.nat(100_000), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, wish, luck) => {
      const delay = delayBefore(attempt, wish, () => luck);
      expect(delay).toBeGreaterThanOrEqual(wish);
      expect(delay).toBeLessThanOrEqual(wish + Math.min(60_000, 1_000 * 2 ** attempt));
    }),
  );
});

test('every status has a meaning, and only success is forgotten as done', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999 }), (status) => {
      expect(verdictOf(status) === 'done').toBe(status >= 200 && status < 300);
      if (status === 0 || status === 429 || status >= 500) expect(verdictOf(status)).toBe('retry');
    }),
  );
  fc.assert(fc.property(fc.string(), (header) => parseRetryAfter(header, 0) >= 0));
});

test('the length in bytes is that of UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(byteLength(text)).toBe(new TextEncoder().encode(text).length);
    }),
  );
});

test('a queue never holds more than it may, and keeps starts and ends longest', () => {
  const types = fc.constantFrom('viewinit', 'heartbeat', 'custom', 'error', 'viewend', 'seeking');
  fc.assert(
    fc.property(fc.array(types, { maxLength: 60 }), (made) => {
      const queue = new Queue(10);
      let gone = 0;
      const origin = { id: 'v', elapsed: () => 0, suppressed: () => void gone++ };
      made.forEach((type, index) => queue.push(origin, { seq: index + 1, t_ms: index, type, c: {} } as WireEvent));
      expect(queue.size).toBeLessThanOrEqual(10);
      expect(queue.size + gone).toBe(made.length);
      const precious = made.filter((type) => ['viewinit', 'error', 'viewend'].includes(type)).length;
      const kept = queue.take(100, 1e6).filter(({ event }) => ['viewinit', 'error', 'viewend'].includes(event.type)).length;
      expect(kept).toBe(Math.min(precious, 10));
    }),
  );
});
