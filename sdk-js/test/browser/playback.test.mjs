/** A real Chromium plays the real demo video through the built script; what is asserted is what arrived. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEMO, near, stage } from './stage.mjs';
import { KEY } from './recorder.mjs';
import { playedMs, watchedMs } from './witness.mjs';

const { at, open, playFor, seen, story, tag, video } = stage();

/** What the element itself says was played, in ms: an oracle that shares nothing with the SDK. */
const played = () =>
  video(({ played: ranges }) =>
    Array.from({ length: ranges.length }, (_, n) => [ranges.start(n) * 1_000, ranges.end(n) * 1_000]),
  );

test('play three seconds, pause, go back, watch again, close the tab', async (t) => {
  await open(`<video src="/demo.mp4" preload="auto" width="640"></video>${tag(DEMO)}`);
  await sleep(300);
  const shownAfter = await video(
    (element) =>
      new Promise((resolve) => {
        const asked = performance.now();
        element.requestVideoFrameCallback(() => resolve(performance.now() - asked));
        void element.play();
      }),
  );
  await playFor(3_000);
  const firstEnd = await video((element) => (element.pause(), element.currentTime * 1_000));
  await sleep(500);
  await video((element) => void (element.currentTime = 1));
  await at.recorder.arrival('seeked');
  await video((element) => element.play());
  await playFor(2_000);
  await at.page.close();
  const last = await at.recorder.arrival('viewend');
  const truth = await at.recorder.goodbye();
  const secondEnd = truth.said.at(-1).placeMs;

  assert.equal(story(truth), 'viewinit,play,playing,pause,seeking,seeked,play,playing,viewend');
  const [first, second, ...more] = at.recorder.stretches();
  t.diagnostic(`stretches ${JSON.stringify([first, second])}, element ${firstEnd.toFixed()} and ${secondEnd.toFixed()}`);
  t.diagnostic(`start-up ${last.c.startup_ms} ms, first new frame after ${shownAfter.toFixed()} ms; totals ${JSON.stringify(last.c)}`);
  assert.equal(more.length, 0);
  near(first[0], 0, 50 + truth.lateMs, 'first stretch begins');
  near(first[1], firstEnd, 20, 'first stretch ends');
  near(second[0], 1_000, 50 + truth.lateMs, 'second stretch begins');
  near(second[1], secondEnd, 50, 'second stretch ends');
  near(last.c.startup_ms, shownAfter, 100 + truth.lateMs, 'start-up');
  near(last.c.playing_ms + last.c.rebuffer_ms, playedMs(truth), 250 + truth.lateMs, 'playing');
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
    await playFor(1_400);
    await video((element, to) => void (element.currentTime = to), target);
  }
  await playFor(1_400);
  await video((element) => element.pause());
  await at.recorder.arrival('pause');
  const mine = at.recorder.stretches().sort((a, b) => a[0] - b[0]);
  const [its, { lateMs }] = [await played(), await seen()];
  const rounded = its.map((range) => range.map(Math.round));
  t.diagnostic(`SDK ${JSON.stringify(mine)}, element ${JSON.stringify(rounded)}`);
  assert.equal(mine.length, 4);
  for (const [index, [from, to]] of its.entries()) {
    near(mine[index][0], from, 100 + lateMs, `stretch ${index} begins`);
    near(mine[index][1], to, 100 + lateMs, `stretch ${index} ends`);
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
  const { freezeMs, lateMs } = await seen();
  t.diagnostic(`stalled at ${start.playhead_ms} ms for ${end.t_ms - start.t_ms} ms, the picture for ${freezeMs.toFixed()} ms, counted ${end.c.rebuffer_ms} ms`);
  assert.ok(freezeMs >= 3_000, 'the picture stood still');
  near(end.t_ms - start.t_ms, freezeMs, 250 + lateMs, 'stall');
  near(end.c.rebuffer_ms, end.t_ms - start.t_ms, 50 + lateMs, 'rebuffer_ms');
  assert.equal(end.c.rebuffer_count, 1);
});

test('the end, once more from the start, and round and round', async () => {
  await open(`<video src="/demo.mp4" preload="auto"></video>${tag(DEMO)}`);
  await video((element) => element.play());
  await at.recorder.arrival('playing');
  await video((element) => void (element.currentTime = 59));
  await at.recorder.arrival('ended');
  const paused = at.recorder.types().filter((type) => type === 'pause').length;
  await video((element) => element.play());
  await playFor(1_200);
  const replayed = await video((element) => {
    const place = element.currentTime * 1_000;
    element.loop = true;
    element.currentTime = 59;
    return place;
  });
  await video(
    (element) =>
      new Promise((resolve) => {
        const look = () => (element.currentTime > 1 && element.currentTime < 50 ? resolve() : setTimeout(look, 10));
        look();
      }),
  );
  await video((element) => element.pause());
  const { c } = await at.recorder.arrival('pause', { count: paused + 1 });
  const stretches = at.recorder.stretches();
  const { lateMs } = await seen();
  assert.equal(at.recorder.viewIds().length, 1);
  assert.equal(c.seek_count, 2, 'replay and loop are not seeks');
  const [tail, replay, again, loop] = stretches.slice(-4);
  near(tail[1], 60_000, 50, 'the end');
  near(replay[0], 0, 50 + lateMs, 'replay begins');
  near(replay[1], replayed, 50 + lateMs, 'replay ends');
  near(again[1], 60_000, 50, 'the end before the loop');
  near(loop[0], 0, 100 + lateMs, 'loop begins');
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
  await playFor(1_500);
  await at.page.goto(`${at.recorder.origin}/away`);
  await sleep(1_000);
  await at.page.goBack({ waitUntil: 'commit' });
  await at.page.locator('video').waitFor();
  const restored = await at.page.evaluate(() => performance.getEntriesByType('navigation')[0].type !== 'back_forward');
  assert.ok(restored, 'the page was loaded anew: this browser keeps no pages');
  await video((element) => element.play());
  await playFor(1_500);
  await video((element) => element.pause());
  // The browser pauses what it puts away.
  await at.recorder.arrival('playing', { count: 2 });
  const { c } = await at.recorder.until(
    () => at.recorder.types().at(-1) === 'pause' && at.recorder.events().findLast(({ type }) => type === 'pause'),
    () => `the last is no pause: ${at.recorder.types().join()}`,
  );
  const truth = await seen();
  assert.equal(at.recorder.viewIds().length, 1);
  assert.ok(!at.recorder.types().includes('viewend'));
  near(c.playing_ms + c.rebuffer_ms, playedMs(truth), 250 + truth.lateMs, 'playing');
  near(c.watch_ms, watchedMs(truth), 250 + truth.lateMs, 'the time away is not watched');
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
  const late = await at.recorder.until(() => at.recorder.viewIds()[1], () => 'no second view');
  assert.equal(at.recorder.events(late)[0].set.video_id, 'late');
  await at.page.evaluate(() => document.querySelectorAll('video')[1].remove());
  await at.recorder.arrival('viewend', { id: late });
  assert.deepEqual(errors, []);
});
