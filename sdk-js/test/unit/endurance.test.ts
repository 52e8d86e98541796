/** Eight hours in front of one page: whatever the network does, nothing in here grows. */

import { expect, test, vi } from 'vitest';
import { push } from '../../src/core/queue';
import * as queues from '../../src/core/queue';
import { FakePage } from './fake-page';
import { FakeVideo } from './fake-video';
import { session } from './session';

const HOUR_MS = 3_600_000;
const MOST_ENTRIES = 1_000;

/** Watches the queue, which lives inside the SDK, through its only way in. */
function watchQueue(): { longest: number; queue?: unknown[] } {
  const seen: { longest: number; queue?: unknown[] } = { longest: 0 };
  const real = push;
  vi.spyOn(queues, 'push').mockImplementation((queue, ...rest) => {
    real(queue, ...rest);
    seen.queue = queue;
    seen.longest = Math.max(seen.longest, queue.length);
  });
  return seen;
}

/** An hour as people spend it: stalls, seeks, switches, a pause, a trip to another tab. */
async function anHour({ page, video, handle, after }: ReturnType<typeof session>): Promise<void> {
  for (let part = 0; part < 12; part++) {
    video.play(100);
    await after(100_000);
    video.freeze();
    await after(2_000);
    video.flow();
    video.resize(part % 2 ? 1280 : 640, part % 2 ? 720 : 360);
    handle.set({ rendition_bitrate: part % 2 ? 3e6 : 1e6, custom: { part } });
    await after(90_000);
    video.seek((video.currentTime + 30) % 20_000, 300);
    page.hide();
    await after(60_000);
    page.show();
    handle.custom('chapter', { part });
    await after(40_000);
    video.pause();
    await after(7_900);
  }
}

test('eight hours with a collector that answers: the queue is empty in the end', async () => {
  const watched = watchQueue();
  const story = session({}, new FakeVideo(1e6));
  for (let hour = 0; hour < 8; hour++) {
    await anHour(story);
    story.page.arrived.splice(0, story.page.arrived.length - 10);
  }
  await story.after(20_000);
  expect(watched.longest).toBeLessThan(20);
  const { c } = story.page.latest;
  expect(c.watch_ms).toBe(c.startup_ms! + c.playing_ms + c.rebuffer_ms + c.seek_ms);
  expect(c.watch_ms / (8 * HOUR_MS)).toBeGreaterThan(0.9);
  expect(c.rebuffer_count).toBe(96);
  story.handle.destroy();
  await story.after(1_000);
  expect(vi.getTimerCount()).toBe(0);
});

test('eight hours without a collector: a full queue, few tries, and the whole story told in the end', async () => {
  const watched = watchQueue();
  const page = new FakePage();
  let down = true;
  const answer = fetch;
  let tries = 0;
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => (tries++, down ? Promise.reject(new TypeError('down')) : answer(url, init)));
  page.takesBeacons = false;
  const story = session({ heartbeatMs: 1_000 }, new FakeVideo(1e6), page);
  for (let hour = 0; hour < 8; hour++) await anHour(story);
  expect(watched.longest).toBeLessThanOrEqual(MOST_ENTRIES + 1);
  expect(watched.queue!.length).toBeLessThanOrEqual(MOST_ENTRIES);
  // Half a minute between tries on average, and one for each time the page went out of sight.
  expect(tries).toBeLessThan((8 * HOUR_MS) / 25_000 + 8 * 12);
  down = false;
  story.handle.destroy();
  await story.after(200_000);
  expect(page.latest.type).toBe('viewend');
  expect(page.latest.c.rebuffer_count).toBe(96);
  expect(page.latest.c.suppressed).toBeGreaterThan(10_000);
});
