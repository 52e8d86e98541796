/** A real Chromium plays the real demo video through the built script; what is asserted is what arrived. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEMO, near, stage } from './stage.mjs';
import { KEY } from './recorder.mjs';

const { at, open, tag, video } = stage();

/** What the element itself says was played, in ms: an oracle that shares nothing with the SDK. */
const played = () =>
  video(({ played: ranges }) =>
    Array.from({ length: ranges.length }, (_, n) => [ranges.start(n) * 1_000, ranges.end(n) * 1_000]),
  );

test('play three seconds, pause, go back, watch again, close the tab', async (t) => {
  await open(`<video src="/demo.mp4" preload="auto" width="640"></video>${tag(DEMO)}`);
  await sleep(300);
  const truth = await video(
    (element) =>
      new Promise((resolve) => {
        const asked = performance.now();
        element.requestVideoFrameCallback(() => resolve(performance.now() - asked));
        void element.play();
      }),
  );
  await sleep(3_000);
  const firstEnd = await video((element) => (element.pause(), element.currentTime * 1_000));
  await sleep(500);
  await video((element) => void (element.currentTime = 1));
  await at.recorder.arrival('seeked');
  await video((element) => element.play());
  await sleep(2_000);
  const secondEnd = await video((element) => element.currentTime * 1_000);
  await at.page.close();
  const last = await at.recorder.arrival('viewend');

  const expected = 'viewinit,play,playing,pause,seeking,seeked,play,playing,viewend';
  assert.equal(at.recorder.types().join(), expected);
  const [first, second, ...more] = at.recorder.stretches();
  t.diagnostic(`stretches ${JSON.stringify([first, second])}, element ${firstEnd.toFixed()} and ${secondEnd.toFixed()}`);
  t.diagnostic(`start-up ${last.c.startup_ms} ms, first new frame after ${truth.toFixed()} ms; totals ${JSON.stringify(last.c)}`);
  assert.equal(more.length, 0);
  near(first[0], 0, 50, 'first stretch begins');
  near(first[1], firstEnd, 20, 'first stretch ends');
  near(second[0], 1_000, 50, 'second stretch begins');
  near(second[1], secondEnd, 150, 'second stretch ends');
  near(last.c.startup_ms, truth, 100, 'start-up');
  near(last.c.playing_ms, firstEnd + secondEnd - 1_000, 250, 'playing');
  assert.equal(last.c.rebuffer_count, 0);
  assert.equal(last.c.seek_count, 1);
  assert.equal(at.recorder.viewIds().length, 1);
  assert.equal(at.recorder.events()[0].t_ms, 0);
  assert.equal(at.recorder.events()[0].set.video_id, 'demo');
  const [{ path, headers }] = at.recorder.posts;
  assert.equal(path, `/in/${KEY}`);
  assert.match(headers['content-type'], /^text\/plain/);
  assert.equal(headers.cookie, undefined);
});

test('seeking while playing, against the element\'s own record of what was played', async (t) => {
  await open(`<video src="/demo.mp4" preload="auto"></video>${tag(DEMO)}`);
  await video((element) => element.play());
  for (const target of [20, 40, 10]) {
    await sleep(1_400);
    await video((element, to) => void (element.currentTime = to), target);
  }
  await sleep(1_400);
  await video((element) => element.pause());
  await at.recorder.arrival('pause');
  const mine = at.recorder.stretches().sort((a, b) => a[0] - b[0]);
  const its = await played();
  const rounded = its.map((range) => range.map(Math.round));
  t.diagnostic(`SDK ${JSON.stringify(mine)}, element ${JSON.stringify(rounded)}`);
  assert.equal(mine.length, 4);
  for (const [index, [from, to]] of its.entries()) {
    near(mine[index][0], from, 100, `stretch ${index} begins`);
    near(mine[index][1], to, 100, `stretch ${index} ends`);
  }
  assert.equal(at.recorder.events().at(-1).c.seek_count, 3);
});

test('a line that goes silent is one stall, as long as the silence of the picture', async (t) => {
  at.recorder.holdAfter = 160_000;
  await open(`<video src="/demo.mp4" preload="auto"></video>${tag(DEMO)}`);
  await video((element) => element.play());
  await at.recorder.arrival('rebufferstart', { within: 25_000 });
  await sleep(3_000);
  at.recorder.release();
  const end = await at.recorder.arrival('rebufferend');
  const start = await at.recorder.arrival('rebufferstart');
  t.diagnostic(`stalled at ${start.playhead_ms} ms for ${end.t_ms - start.t_ms} ms, counted ${end.c.rebuffer_ms} ms`);
  near(end.t_ms - start.t_ms, 3_400, 500, 'stall');
  near(end.c.rebuffer_ms, end.t_ms - start.t_ms, 50, 'rebuffer_ms');
  assert.equal(end.c.rebuffer_count, 1);
});

test('the end, once more from the start, and round and round', async () => {
  await open(`<video src="/demo.mp4" preload="auto"></video>${tag(DEMO)}`);
  await video((element) => element.play());
  await at.recorder.arrival('playing');
  await video((element) => void (element.currentTime = 59));
  await at.recorder.arrival('ended');
  await video((element) => element.play());
  await sleep(1_200);
  await video((element) => {
    element.loop = true;
    element.currentTime = 59;
  });
  await sleep(2_200);
  await video((element) => element.pause());
  await sleep(300);
  const stretches = at.recorder.stretches();
  const { c } = at.recorder.events().at(-1);
  assert.equal(at.recorder.viewIds().length, 1);
  assert.equal(c.seek_count, 2, 'replay and loop are not seeks');
  const [tail, replay, again, loop] = stretches.slice(-4);
  near(tail[1], 60_000, 50, 'the end');
  near(replay[0], 0, 50, 'replay begins');
  near(replay[1], 1_200, 250, 'replay ends');
  near(again[1], 60_000, 50, 'the end before the loop');
  near(loop[0], 0, 100, 'loop begins');
});

test('a source that is not there', async () => {
  await open(`<video><source src="/none.mp4" type="video/mp4"></video>${tag(DEMO)}`);
  await video((element) => void element.play().catch(() => undefined));
  const { error } = await at.recorder.arrival('error');
  assert.equal(error.code, '4');
  assert.equal(error.severity, 'fatal');
});

test('autoplay, in a sandboxed frame without an origin, storage or cookies', async () => {
  at.recorder.pages.set('/inner', `${tag('')}<video src="/demo.mp4" autoplay muted></video>`);
  await open(`<iframe sandbox="allow-scripts" src="/inner"></iframe>`);
  await at.recorder.arrival('playing');
  assert.deepEqual(at.recorder.types().slice(0, 3), ['viewinit', 'play', 'playing']);
  await at.page.evaluate(() => document.querySelector('iframe').remove());
  await at.recorder.arrival('viewend');
});

test('away and back through the back/forward cache: the same view goes on', async () => {
  at.recorder.pages.set('/away', 'elsewhere');
  await open(`<video src="/demo.mp4" preload="auto"></video>${tag(DEMO)}`);
  await video((element) => element.play());
  await sleep(1_500);
  await at.page.goto(`${at.recorder.origin}/away`);
  await sleep(1_000);
  await at.page.evaluate(() => history.back());
  await sleep(1_000);
  const restored = await at.page.evaluate(() => performance.getEntriesByType('navigation')[0].type !== 'back_forward');
  assert.ok(restored, 'the page was loaded anew: this browser keeps no pages');
  await video((element) => element.play());
  await sleep(1_500);
  await video((element) => element.pause());
  await sleep(300);
  assert.equal(at.recorder.viewIds().length, 1);
  assert.ok(!at.recorder.types().includes('viewend'));
  const { c } = at.recorder.events().at(-1);
  near(c.playing_ms, 3_000, 400, 'playing');
  near(c.watch_ms, c.playing_ms + c.startup_ms, 100, 'the time away is not watched');
});

test('videos that come and go are followed, and a page error is never ours', async () => {
  const errors = [];
  at.page.on('pageerror', (error) => errors.push(error));
  await open(`<video src="/demo.mp4"></video>${tag(DEMO)}`);
  await at.page.evaluate(() => {
    const late = document.createElement('video');
    late.dataset.playheadVideoId = 'late';
    late.src = '/demo.mp4';
    document.body.append(late);
    void late.play();
  });
  await sleep(1_500);
  const [, late] = at.recorder.viewIds();
  assert.equal(at.recorder.events(late)[0].set.video_id, 'late');
  await at.page.evaluate(() => document.querySelectorAll('video')[1].remove());
  await at.recorder.arrival('viewend', { id: late });
  assert.deepEqual(errors, []);
});
