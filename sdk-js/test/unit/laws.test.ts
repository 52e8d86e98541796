/** Laws that hold whatever viewers, players and networks do. */

import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { Counters, EventType, WireEvent } from '../../src/core/wire';
import { push, take, type Entry } from '../../src/core/queue';
import { delayBefore, parseRetryAfter, Verdict, verdictOf } from '../../src/core/retry';
import { openView } from '../../src/core/view';
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
      const draw = vi.spyOn(Math, 'random').mockReturnValue(luck);
      const delay = delayBefore(attempt, wish);
      draw.mockRestore();
      expect(delay).toBeGreaterThanOrEqual(wish);
      expect(delay).toBeLessThanOrEqual(wish + Math.min(60_000, 1_000 * 2 ** attempt));
    }),
  );
});

test('every status has a meaning, and only success is forgotten as done', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999 }), (status) => {
      expect(verdictOf(status) === Verdict.Done).toBe(status >= 200 && status < 300);
      if (status === 0 || status === 429 || status >= 500) expect(verdictOf(status)).toBe(Verdict.Retry);
    }),
  );
  fc.assert(fc.property(fc.string(), (header) => parseRetryAfter(header) >= 0));
});

test('a queue never holds more than it may, and keeps starts and ends longest', () => {
  const precious = ['viewinit', 'play', 'playing', 'error', 'ended', 'viewend'];
  const types = fc.constantFrom(...precious, 'heartbeat', 'custom', 'seeking', 'pause', 'rebufferend') as fc.Arbitrary<EventType>;
  const view = openView(new FakeVideo(), () => undefined, () => 0, (error) => error);
  fc.assert(
    fc.property(fc.array(types, { minLength: 950, maxLength: 1_200 }), (made) => {
      const queue: Entry[] = [];
      delete view._totals.suppressed;
      made.forEach((type, index) => push(queue, view, { seq: index + 1, t_ms: index, type, c: view._totals }));
      expect(queue.length).toBe(Math.min(1_000, made.length));
      expect(queue.length + (view._totals.suppressed ?? 0)).toBe(made.length);
      const count = (all: string[]): number => all.filter((type) => precious.includes(type)).length;
      expect(count(queue.map(({ _event }) => _event.type))).toBe(Math.min(1_000, count(made)));
    }),
    { numRuns: 20 },
  );
});

test('what is taken at once fits, and is always something', () => {
  const view = openView(new FakeVideo(), () => undefined, () => 0, (error) => error);
  const sizes = fc.array(fc.nat(3_000), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(sizes, fc.nat(100), fc.nat(20_000), (lengths, count, room) => {
      const entries = lengths.map((length) => ({ _view: view, _event: {} as WireEvent, _json: 'x'.repeat(length) }));
      const taken = take(entries, count, room);
      expect(taken).toEqual(entries.slice(0, taken.length));
      expect(taken.length).toBeGreaterThan(0);
      expect(taken.length).toBeLessThanOrEqual(Math.max(1, count));
      const size = taken.reduce((sum, { _json }) => sum + _json.length, 0);
      if (taken.length > 1) expect(size).toBeLessThan(room);
    }),
  );
});
