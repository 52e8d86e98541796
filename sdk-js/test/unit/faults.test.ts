/** Collectors that are down, slow, unwilling or not collectors at all: nothing counted twice, nothing lost, no storm. */

import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { FakePage, type Reply } from './fake-page';
import { FakeVideo } from './fake-video';
import { session } from './session';

const HTML: Reply = { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<!doctype html><title>Welcome</title>' };

test.each<[string, Reply | 'down']>([
  ['no connection', 'down'],
  ['500', { status: 500 }],
  ['429', { status: 429, headers: { 'Retry-After': '2' } }],
  ['503', { status: 503 }],
  ['a captive portal with 200', HTML],
  ['204 of something else', { status: 204 }],
  ['JSON of something else', { status: 200, body: '{"ok":true}' }],
  ['half an answer', { status: 202, body: '{"accep' }],
  ['null', { status: 200, body: 'null' }],
  ['an answer after the timeout', { status: 202, afterMs: 60_000 }],
])('%s: everything is kept, and arrives in the end', async (_name, reply) => {
  const page = new FakePage();
  page.replies.push(...Array.from({ length: 5 }, () => reply));
  const { video, handle, after } = session({}, new FakeVideo(1_000), page);
  video.play();
  await after(300_000);
  handle.destroy();
  await after(1_000);
  expect(page.types()).toEqual(['viewinit', 'play', 'playing', 'viewend']);
  expect(page.events().map(({ seq }) => seq)).toEqual(page.events().map((_, index) => index + 1));
  expect(page.latest.c.suppressed).toBeUndefined();
  // Waits between tries: no request storms.
  expect(page.requests.length).toBeLessThan(45);
});

test('a request without an answer is given up after twenty seconds', async () => {
  const page = new FakePage();
  page.replies.push({ status: 202, afterMs: 1e9 });
  vi.spyOn(Math, 'random').mockReturnValue(0);
  const { after } = session({}, new FakeVideo(), page);
  await after(19_900);
  expect(page.requests).toHaveLength(1);
  await after(500);
  expect(page.requests).toHaveLength(2);
  expect(page.types()).toEqual(['viewinit']);
});

const fault: fc.Arbitrary<Reply | 'down'> = fc.oneof(
  fc.constantFrom<Reply | 'down'>('down', HTML, { status: 500 }, { status: 202 }, { status: 202 }),
  fc.record({ status: fc.constantFrom(429, 503), headers: fc.record({ 'Retry-After': fc.constantFrom('1', '20', 'soon') }) }),
  fc.record({ status: fc.constant(202), afterMs: fc.nat(40_000) }),
);

test('through any weather of answers every event arrives, once it clears', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fault, { maxLength: 30 }), fc.array(fc.boolean(), { maxLength: 10 }), async (replies, looks) => {
      const page = new FakePage();
      page.replies.push(...replies);
      const { video, handle, after } = session({}, new FakeVideo(10_000), page);
      video.play();
      for (const away of looks) {
        await after(7_000);
        if (away) page.hide();
        else page.show();
      }
      page.show();
      await after(20_000);
      handle.destroy();
      page.replies.length = 0;
      await after(700_000);
      const seqs = page.events().map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.map((_, index) => index + 1));
      expect(page.latest.type).toBe('viewend');
      vi.useRealTimers();
    }),
    { numRuns: 60 },
  );
});

test('offline nothing is tried; online everything leaves at once', async () => {
  const connection = { onLine: true };
  const page = new FakePage();
  Object.defineProperty(navigator, 'onLine', { get: () => connection.onLine });
  const { video, after } = session({}, new FakeVideo(1_000), page);
  await after(200);
  connection.onLine = false;
  video.play();
  await after(120_000);
  expect(page.requests).toHaveLength(1);
  connection.onLine = true;
  page.window.dispatchEvent(new Event('online'));
  await after(200);
  expect(page.types()).toEqual(['viewinit', 'play', 'playing']);
  expect(page.events().filter(({ type }) => type === 'heartbeat').length).toBeGreaterThan(9);
});

test.each([
  [30_000, 30_000],
  [5, 1_000],
  [9e9, 60_000],
])('the collector asks for totals every %i ms: they come every %i ms', async (wish, expected) => {
  const page = new FakePage();
  page.replies.push({ status: 202, body: `{"accepted":1,"rejected":[],"heartbeat_ms":${wish}}` });
  const { video, after } = session({}, new FakeVideo(1_000), page);
  video.play();
  await after(200_000);
  const beats = page.events().filter(({ type }) => type === 'heartbeat').map(({ t_ms }) => t_ms);
  const gaps = beats.slice(1).map((at, index) => at - beats[index]!);
  expect(gaps.length).toBeGreaterThan(1);
  for (const gap of gaps) expect(Math.abs(gap - expected)).toBeLessThanOrEqual(200);
});

test('what outlives the page stays under 60 kB in all, and the newest totals go first', async () => {
  const page = new FakePage();
  const { video, handle, after } = session({}, new FakeVideo(1_000), page);
  video.play();
  await after(1_000);
  page.replies.push({ status: 202, afterMs: 10_000 });
  const text = '\u{8a9e}'.repeat(900);
  for (let index = 0; index < 60; index++) handle.custom('note', { text });
  video.pause();
  await after(200);
  const sizes = vi.spyOn(JSON, 'parse');
  page.pagehide(false);
  expect(page.arrived[page.arrived.length - 1]?.via).toBe('beacon');
  expect(page.latest.type).toBe('viewend');
  const bytes = (text: unknown): number => new TextEncoder().encode(String(text)).length;
  const beacon = bytes(sizes.mock.calls[0]?.[0]);
  const [inFlight] = page.unanswered;
  expect(bytes(inFlight) + beacon).toBeLessThan(60_000);
});
