/**
 * The built SDK through eight hours of one video on an accelerated clock, under `node --expose-gc`: the heap after
 * the last hours is the heap after the first. Once with a collector that answers, once with one that is down.
 */

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

const HOURS = 8;
const STEP_MS = 200;
const MOST_GROWTH = 200_000;

mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] });
performance.now = () => Date.now();

const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
Object.defineProperty(globalThis, 'navigator', { value: { sendBeacon: () => false }, configurable: true });
Object.assign(globalThis, { window: new EventTarget(), document: page, location: new URL('https://site.test/') });

let down = false;
let bytes = 0;
globalThis.fetch = async (_url, { body }) => {
  bytes += body.length;
  if (down) throw new TypeError('down');
  return { ok: true, status: 202, headers: new Headers(), json: async () => ({ accepted: 1, rejected: [] }) };
};

/** A video that plays, and stands still for the last three seconds of every minute. */
class Video extends EventTarget {
  duration = 1e6;
  playbackRate = 1;
  paused = false;
  ended = false;
  seeking = false;
  loop = false;
  readyState = 4;
  networkState = 2;
  played = { length: 1 };
  currentTime = 0;
  dropped = 0;

  getVideoPlaybackQuality() {
    return { droppedVideoFrames: this.dropped };
  }

  async live(ms) {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      mock.timers.tick(STEP_MS);
      if (passed % 60_000 < 57_000) this.currentTime += STEP_MS / 1_000;
      if (passed % 1_000 === 0) this.dispatchEvent(new Event('timeupdate'));
      if (passed % 600_000 === 0) this.dispatchEvent(new Event('ratechange'));
      if (passed % 2_000 === 0) await turn();
    }
  }
}

const { monitor } = await import('../../dist/playhead.mjs');

for (const collector of ['answers', 'is down']) {
  test(`eight hours, the collector ${collector}`, async (t) => {
    down = collector === 'is down';
    bytes = 0;
    const video = new Video();
    const handle = monitor(video, { key: collector, endpoint: 'https://collector.test', heartbeatMs: 1_000 });
    const heaps = [];
    for (let hour = 1; hour <= HOURS; hour++) {
      await video.live(3_600_000);
      globalThis.gc();
      heaps.push(process.memoryUsage().heapUsed);
    }
    handle.destroy();
    // What stays grows the smallest of some hours too; what the engine had in hand when it was asked does not.
    const growth = Math.min(...heaps.slice(-3)) - Math.min(...heaps.slice(1, 4));
    t.diagnostic(`heap after each hour: ${heaps.map((heap) => (heap / 1e6).toFixed(2)).join(' ')} MB; growth from the first hours to the last ${growth} bytes; ${(bytes / 1e6).toFixed(1)} MB sent`);
    assert.ok(growth < MOST_GROWTH, `the heap grew by ${growth} bytes`);
    assert.ok(bytes > 1e6, 'the story was not told');
  });
}
