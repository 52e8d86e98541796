/**
 * The players that have mux-embed inside, pointed here by configuration alone, and what mux-embed does besides playing:
 * two players, a new programme, a page that is left and come back to, a collector that fails, an ad break.
 */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { launch, openPage } from './browser.mjs';
import { between, eventually, near } from './check.mjs';
import { livePlaylist, makeHls, RENDITION } from './hls.mjs';
import { failingProxy } from './proxy.mjs';
import { Server } from './server.mjs';
import { serveSite } from './static.mjs';
import { lateness, leave, measureStartup, onVideo, playedTo } from './video.mjs';
import { hlsjs, muxPlayer, pair, plain, SCRIPTS, videojs } from './wrappers.mjs';

const DAY = { 'timeframe[]': '24:hours' };
/** As in `mux.test.mjs`, on a machine that runs several pages at once. */
const RANGE_MS = 400;
const STARTUP_MS = 150;
const SOUGHT_S = 16;
/** Older versions of mux-embed speak nothing but HTTPS, to this machine too. */
const BY_HTTPS = 'https://playhead.example';
/** Failures before the collector is well again. */
const FAILURES = 3;

let browser;
let server;
let hls;
let site;
let proxy;

before(async () => {
  [browser, server, hls] = await Promise.all([launch({ remembersPages: true }), Server.start(), makeHls()]);
  proxy = await failingProxy(server.url, FAILURES);
  const collector = `localhost:${new URL(server.url).port}`;
  site = await serveSite({
    files: { ...SCRIPTS, ...hls.files },
    pages: {
      '/hlsjs': hlsjs(collector, 'hlsjs'),
      '/live': hlsjs(collector, 'live', '/hls/live.m3u8'),
      '/videojs': videojs(collector, 'videojs'),
      '/mux-player': muxPlayer(collector, 'mux-player'),
      '/pair': pair(collector, ['pair-one', 'pair-other']),
      '/programme': plain(collector, 'programme-one'),
      '/back': plain(collector, 'back'),
      '/elsewhere': '<!doctype html><title>Elsewhere</title>',
      '/failing': plain(`localhost:${proxy.port}`, 'failing'),
      '/ads': plain(collector, 'ads'),
      '/older': plain(new URL(BY_HTTPS).host, 'older', '/mux-4.js'),
    },
  });
});
after(async () => {
  await Promise.all([browser?.close(), hls?.remove(), site?.close(), proxy?.close()]);
  await server?.stop();
});

/** A page that gets nothing from anywhere but this machine, and what `prepare` does to it first. */
async function open(path, prepare = () => undefined) {
  const page = await openPage(browser);
  await prepare(page);
  await page.route((url) => !['localhost', '127.0.0.1'].includes(url.hostname), (route) => {
    const { origin, pathname } = new URL(route.request().url());
    return origin === BY_HTTPS ? relay(route, server.url + pathname) : route.abort();
  });
  await page.goto(site.url + path);
  return page;
}

/** What a proxy with a certificate would do. */
async function relay(route, url) {
  await route.fulfill({ response: await route.fetch({ url }) });
}

/** The one view of a video, once `is` holds for it. */
async function viewOf(videoId, is = (view) => view.view_ended) {
  const list = () => server.api('video-views', { ...DAY, 'filters[]': `video_id:${videoId}` });
  const { data } = await eventually(async () => {
    const answer = await list();
    return answer.data[0] && is(answer.data[0]) && answer;
  }, `the view of ${videoId}`);
  assert.equal(data.length, 1, `one view of ${videoId}, whatever was sent twice`);
  return (await server.api(`video-views/${data[0].id}`)).data;
}

function checkRanges(view, expected, lateMs = 0) {
  assert.equal(view.ranges.length, expected.length, `ranges ${JSON.stringify(view.ranges)}, by the page ${JSON.stringify(expected)}`);
  for (const [n, [from, to]] of expected.entries()) {
    near(view.ranges[n][0], from, RANGE_MS + lateMs, `range ${n} begins`);
    near(view.ranges[n][1], to, RANGE_MS + lateMs, `range ${n} ends`);
  }
}

const names = (view) => view.events.map(({ name }) => name);

/** Plays to 3 s, rests for a second, goes to 16 s, plays to 18 s, takes the player off the page. */
async function watchAndLeave(path) {
  const page = await open(path);
  const startup = await measureStartup(page, '#play');
  // Players seek by themselves as well, hls.js at the start of a stream.
  await onVideo(page, (video) => {
    window.seeks = 0;
    video.addEventListener('seeking', () => { window.seeks += 1; });
  });
  await page.locator('#play').click();
  await playedTo(page, 3);
  const paused = await onVideo(page, (video) => {
    video.pause();
    return video.currentTime * 1_000;
  });
  await sleep(1_000);
  await onVideo(page, (video, to) => new Promise((resolve) => {
    video.addEventListener('seeked', resolve, { once: true });
    video.currentTime = to;
  }), SOUGHT_S);
  await onVideo(page, (video) => video.play());
  await playedTo(page, SOUGHT_S + 2);
  const [waited, lateMs] = [await startup.read(), await lateness(page)];
  const seeks = await page.evaluate(() => window.seeks);
  const left = await onVideo(page, (video) => {
    const at = video.currentTime * 1_000;
    window.leave();
    return at;
  });
  return { waited, lateMs, seeks, ranges: [[0, paused], [SOUGHT_S * 1_000, left]] };
}

/** Everything about such a view that does not depend on the player. */
function checkWatched(t, view, truth) {
  const { playing, shown } = truth.waited;
  t.diagnostic(`startup ${view.video_startup_ms} ms; by the page playing after ${playing.toFixed()} ms, shown after ${shown.toFixed()} ms`);
  t.diagnostic(`ranges ${JSON.stringify(view.ranges)}, by the page ${JSON.stringify(truth.ranges.map((r) => r.map(Math.round)))}`);
  between(view.video_startup_ms, Object.values(truth.waited), STARTUP_MS + truth.lateMs, 'startup');
  checkRanges(view, truth.ranges, truth.lateMs);
  const playedMs = truth.ranges.reduce((sum, [from, to]) => sum + to - from, 0);
  near(view.playing_ms, playedMs, 2 * RANGE_MS + truth.lateMs, 'playing time');
  assert.deepEqual(
    [view.video_title, view.seek_count, view.error_count, view.view_started, view.playback_failure],
    [`Title of ${view.video_id}`, truth.seeks, 0, true, false],
  );
  assert.ok(names(view).includes('pause'));
}

describe('mux-embed in its players', { concurrency: 2 }, () => {
  test('mux-player, by two attributes', async (t) => {
    const truth = await watchAndLeave('/mux-player');
    const view = await viewOf('mux-player');
    checkWatched(t, view, truth);
    assert.equal(view.player_software, 'mux-player');
    assert.match(view.player_software_version, /^3\./);
  });

  test('hls.js with mux-embed', async (t) => {
    const truth = await watchAndLeave('/hlsjs');
    const view = await viewOf('hlsjs');
    checkWatched(t, view, truth);
    assert.deepEqual([view.player_name, view.experiment_name, view.sub_property_id, view.custom_1], ['publisher', 'blue button', 'sub-7', 'gold']);
    assert.deepEqual([view.rendition_bitrate, view.rendition_width, view.rendition_height], Object.values(RENDITION));
    const requests = view.events.filter(({ name }) => name === 'requestcompleted');
    assert.ok(requests.length >= 3, `${requests.length} requests told`);
    assert.ok(requests.some(({ details }) => details.request_response_headers?.startsWith('{')), 'their headers are kept');
    assert.ok(!JSON.stringify(view).includes('not-for-the-log'), 'no query string');
  });

  test('a live stream whose playlist tells the time: how far behind', async (t) => {
    // Five segments are there already: mux-embed tells no programme time of a stream's very first.
    const began = Date.now() - 21_000;
    const page = await open('/live', (fresh) => fresh.route('**/hls/live.m3u8', (route) =>
      route.fulfill({ contentType: 'application/vnd.apple.mpegurl', body: livePlaylist(began) })));
    await page.locator('#play').click();
    await onVideo(page, (video) => new Promise((resolve) => {
      const look = () => (video.played.length > 0 && video.currentTime - video.played.start(0) > 3 ? resolve() : requestAnimationFrame(look));
      look();
    }));
    const behind = await page.evaluate(() => {
      const ms = Date.now() - hls.playingDate.getTime();
      window.leave();
      return ms;
    });
    const view = await viewOf('live');
    t.diagnostic(`${view.live_latency_ms} ms behind, by hls.js ${behind}`);
    near(view.live_latency_ms, behind, 1_000, 'behind');
    assert.equal(view.stream_type, 'live', 'mux-embed says that its source is');
  });

  test('Video.js with videojs-mux', async (t) => {
    const truth = await watchAndLeave('/videojs');
    const view = await viewOf('videojs');
    checkWatched(t, view, truth);
    assert.match(view.player_software, /video\.?js/i);
  });

  test('mux-embed of an older version, which counts no playing time and tells no ranges', async (t) => {
    const truth = await watchAndLeave('/older');
    const view = await viewOf('older');
    checkWatched(t, view, truth);
    assert.equal(view.sdk, 'mux-embed 4.30.0');
    const { data: heat } = await server.api('engagement/videos/older/heatmap', { ...DAY, buckets: 10 });
    assert.equal(heat.total_views, 1);
    assert.equal(heat.value[0], 1, 'the heatmap has the view');
  });

  test('two players on one page are two views of one session', async () => {
    const page = await open('/pair');
    await page.locator('#play').click();
    const played = (element, seconds) => page.locator(element).evaluate((video, target) => new Promise((resolve) => {
      const look = () => (video.currentTime >= target ? resolve() : requestAnimationFrame(look));
      look();
    }), seconds);
    await played('#one', 2);
    const one = await page.locator('#one').evaluate((video) => {
      video.pause();
      return video.currentTime * 1_000;
    });
    await played('#other', 4);
    const lateMs = await lateness(page);
    const { placeMs: other } = await leave(page, '#other');
    const views = await Promise.all([viewOf('pair-one'), viewOf('pair-other')]);
    assert.notEqual(views[0].id, views[1].id);
    assert.equal(views[0].session_id, views[1].session_id);
    checkRanges(views[1], [[0, other]], lateMs);
    near(views[0].ranges[0][1], one, RANGE_MS + lateMs, 'the first one was paused');
  });

  test('a new programme in the same stream is a view of its own', async () => {
    const page = await open('/programme');
    await page.locator('#play').click();
    await playedTo(page, 2);
    const changed = await onVideo(page, (video) => {
      video.mux.emit('programchange', { video_id: 'programme-two', video_title: 'Title of programme-two' });
      return video.currentTime * 1_000;
    });
    await playedTo(page, 4);
    const lateMs = await lateness(page);
    const { placeMs: closed } = await leave(page);
    const [one, two] = [await viewOf('programme-one'), await viewOf('programme-two')];
    checkRanges(one, [[0, changed]], lateMs);
    checkRanges(two, [[changed, closed]], lateMs);
    assert.deepEqual([one.view_started, two.view_started, two.exit_before_video_start], [true, true, false]);
    near(two.playing_ms, closed - changed, 2 * RANGE_MS + lateMs, 'each has its own playing time');
  });

  test('a page that is left and come back to is still one view', async () => {
    const page = await open('/back');
    await page.evaluate(() => addEventListener('pageshow', (event) => { window.remembered = event.persisted; }));
    const began = Date.now();
    await page.locator('#play').click();
    await playedTo(page, 2);
    await page.goto(`${site.url}/elsewhere`);
    await sleep(500);
    await page.goBack({ waitUntil: 'commit' });
    await eventually(() => page.evaluate(() => window.remembered), 'the page is shown as it was left');
    await onVideo(page, (video) => video.play());
    await playedTo(page, 4);
    const lateMs = await lateness(page);
    const { placeMs: closed, atMs } = await leave(page);
    const view = await viewOf('back');
    near(Math.max(...view.ranges.map(([, to]) => to)), closed, RANGE_MS + lateMs, 'played on to the end');
    // mux-embed hears of no pause and goes by the clock, so the time elsewhere is in its account.
    between(view.playing_ms, [closed, atMs - began], RANGE_MS + lateMs, 'playing time');
  });

  test('a collector that fails gets everything again, and shows it once', async (t) => {
    const page = await openPage(browser);
    // Its waits between tries are tens of seconds; on this page they pass ten times as fast.
    await page.addInitScript(() => {
      const { setTimeout: real } = window;
      window.setTimeout = (act, ms, ...rest) => real(act, ms > 5_000 ? ms / 10 : ms, ...rest);
    });
    await page.goto(`${site.url}/failing`);
    await page.locator('#play').click();
    await playedTo(page, 2);
    await eventually(() => proxy.answers.includes(204), 'an answer after the failures', 20_000);
    const lateMs = await lateness(page);
    const left = await onVideo(page, (video) => {
      const at = video.currentTime * 1_000;
      window.leave();
      return at;
    });
    const view = await viewOf('failing');
    t.diagnostic(`POSTs were answered ${proxy.answers.join(', ')}`);
    assert.deepEqual(proxy.answers.slice(0, FAILURES), Array(FAILURES).fill(500));
    assert.ok(proxy.answers.slice(FAILURES).every((status) => status === 204));
    checkRanges(view, [[0, left]], lateMs);
    const sequences = view.events.map(({ details }) => details.sequence).sort((a, b) => a - b);
    assert.deepEqual(sequences, sequences.map((_, n) => n + 1), 'every event, and every one once');
  });

  test('an ad break that a page tells of is in the view', async () => {
    const page = await open('/ads');
    await page.locator('#play').click();
    await playedTo(page, 1);
    await onVideo(page, async (video) => {
      const ad = { ad_id: 'ad-1', ad_type: 'midroll', ad_tag_url: 'https://ads.example/tag?viewer=not-for-the-log' };
      const tell = (name) => video.mux.emit(name, ad);
      video.pause();
      for (const name of ['adbreakstart', 'adplay', 'adplaying']) tell(name);
      await new Promise((resolve) => setTimeout(resolve, 700));
      for (const name of ['adended', 'adbreakend']) tell(name);
      await video.play();
    });
    await playedTo(page, 3);
    await page.close();
    const view = await viewOf('ads');
    const told = names(view).filter((name) => name.startsWith('ad'));
    assert.deepEqual(told, ['adstart', 'adplay', 'adplaying', 'adended', 'adend']);
    const { details } = view.events.find(({ name }) => name === 'adplaying');
    assert.equal(details.ad_id, 'ad-1');
    assert.ok(!JSON.stringify(view).includes('not-for-the-log'), 'no query string');
  });
});
