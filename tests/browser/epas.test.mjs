/** Eyevinn's web SDK as it is on npm, told where to send: what its events add up to, against what the page saw. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch, openPage } from './browser.mjs';
import { between, eventually, near } from './check.mjs';
import { makeHls, RENDITION } from './hls.mjs';
import { INGEST_KEY, Server } from './server.mjs';
import { serveSite } from './static.mjs';
import { lateness, measureStartup, onVideo, playedTo } from './video.mjs';
import { SCRIPTS } from './wrappers.mjs';

const local = (path) => fileURLToPath(new URL(path, import.meta.url));
const SPECIFICATION = '@eyevinn/player-analytics-specification/package.json';
/** Its events are as exact as the element's, and the times between them as exact as a busy machine lets them be. */
const EVENT_MS = 200;
const STARTUP_MS = 150;
/** How long the site sits on the second segment once the picture stands still. */
const HELD_MS = 2_500;
const SEGMENT_S = 4;

let browser;
let server;
let hls;
let site;
/** Ways to let go of the second segment, and to lose the fourth. */
let release;
let lose;

before(async () => {
  [browser, server, hls] = await Promise.all([launch(), Server.start(), makeHls()]);
  const sink = `${server.url}/in/${INGEST_KEY}/epas`;
  const held = new Promise((resolve) => { release = resolve; });
  const lost = new Promise((resolve) => { lose = resolve; });
  site = await serveSite({
    files: {
      ...SCRIPTS,
      ...hls.files,
      '/epas.js': local('node_modules/@eyevinn/player-analytics-client-sdk-web/dist/module.js'),
      '/filter.js': local('node_modules/@eyevinn/media-event-filter/build/mef.min.js'),
    },
    // The SDK asks its specification's package for the version.
    scripts: { '/specification.js': `export default ${await readFile(local(`node_modules/${SPECIFICATION}`), 'utf8')}` },
    pages: { '/watch': page(sink, 'epas-watch', PROGRESSIVE), '/stall': page(sink, 'epas-stall', STREAM), '/unnamed': page(sink, 'epas-unnamed', PROGRESSIVE, {}) },
    before: async (path) => {
      if (path === '/hls/segment1.ts') await held;
      if (path !== '/hls/segment3.ts') return true;
      await lost;
      return false;
    },
  });
});
after(async () => {
  await Promise.all([browser?.close(), hls?.remove(), site?.close()]);
  await server?.stop();
});

/** A page whose button hands the video to the SDK and plays it; `start` is how it gets its media. */
const page = (sink, videoId, start, options = { sessionId: videoId, heartbeatInterval: 1_000 }) => `<!doctype html>
<title>A publisher's page</title><button id="play">Play</button><video width="640"></video>
<script type="importmap">${JSON.stringify({ imports: { '@eyevinn/media-event-filter': '/filter.js', [SPECIFICATION]: '/specification.js' } })}</script>
<script src="/hls.js"></script>
<script type="module">
  import { PlayerAnalyticsConnector } from '/epas.js';
  const video = document.querySelector('video');
  const epas = new PlayerAnalyticsConnector('${sink}');
  await epas.init(${JSON.stringify(options)});
  epas.reportMetadata({
    live: false, contentId: '${videoId}', contentTitle: 'Watched with EPAS', userId: 'anna', deviceType: 'web',
    contentUrl: location.origin + '/video.mp4?token=not-for-the-log',
  });
  window.leave = () => { epas.reportStop(); epas.destroy(); };
  document.querySelector('#play').onclick = () => {
    epas.load(video);
    ${start}
    video.play();
  };
  document.body.dataset.ready = 'yes';
</script>`;

const PROGRESSIVE = "video.src = '/video.mp4';";
const STREAM = `const hls = new Hls({ fragLoadPolicy: { default: { maxTimeToFirstByteMs: 60000, maxLoadTimeMs: 60000, errorRetry: null, timeoutRetry: null } } });
    hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => {
      const { bitrate, width, height } = hls.levels[level];
      epas.reportBitrateChange({ bitrate: bitrate / 1000, width, height });
    });
    hls.on(Hls.Events.ERROR, (_, { type, details, error, fatal }) => {
      const report = { category: type, code: details, message: String(error?.message), data: { fatal } };
      if (!details.startsWith('fragLoad')) return epas.reportWarning(report);
      window.failedAt = Date.now();
      epas.reportError(report);
      hls.stopLoad();
    });
    hls.loadSource('/hls/master.m3u8');
    hls.attachMedia(video);`;

async function open(path) {
  const visit = await openPage(browser);
  await visit.goto(site.url + path);
  await visit.locator('body[data-ready]').waitFor();
  return visit;
}

/** The view, once it is over. */
async function viewOf(id) {
  const view = await eventually(async () => {
    const { data } = await server.api('video-views', { 'timeframe[]': '24:hours', 'filters[]': `video_id:${id}` });
    assert.ok(data.length <= 1, `one view of ${id}`);
    return data[0]?.view_ended && data[0];
  }, `the view of ${id} has ended`);
  return (await server.api(`video-views/${view.id}`)).data;
}

/** The story of a view. A stall is left out if the machine made one: if the element said that it waits. */
const names = (view, waits) =>
  view.events.map(({ name }) => name).filter((name) => name !== 'heartbeat' && (waits === 0 || !name.startsWith('rebuffer'))).join();

/** Counts on the page how often the player runs out of something to show. */
const countWaits = (visit) =>
  onVideo(visit, (video) => {
    window.waits = 0;
    video.addEventListener('waiting', () => { window.waits += video.currentTime > 0 && !video.seeking ? 1 : 0; });
  });

describe("Eyevinn's web SDK", { concurrency: 2 }, () => {
  test('played, paused, gone back, stopped', async (t) => {
    const visit = await open('/watch');
    const startup = await measureStartup(visit, '#play');
    await countWaits(visit);
    await visit.locator('#play').click();
    await playedTo(visit, 3);
    const paused = await onVideo(visit, (video) => {
      video.pause();
      return video.currentTime * 1_000;
    });
    await sleep(1_000);
    await onVideo(visit, (video) => video.play());
    await playedTo(visit, 5);
    const back = await onVideo(visit, (video) => {
      const at = video.currentTime * 1_000;
      video.currentTime = 1;
      return at;
    });
    await playedTo(visit, 2.9);
    const left = await onVideo(visit, (video) => {
      const at = video.currentTime * 1_000;
      window.leave();
      return at;
    });
    const [waited, lateMs, waits] = [await startup.read(), await lateness(visit), await visit.evaluate(() => window.waits)];
    const view = await viewOf('epas-watch');
    assert.equal(view.id, 'epas-watch', 'the session is the view');
    assert.equal(names(view, waits), 'viewinit,metadata,play,loaded,playing,pause,playing,seeking,seeked,viewend');
    t.diagnostic(`startup ${view.video_startup_ms} ms; by the page playing after ${waited.playing.toFixed()} ms, shown after ${waited.shown.toFixed()} ms`);
    t.diagnostic(`ranges ${JSON.stringify(view.ranges)}, by the page ${JSON.stringify([[0, paused, back], [1_000, left]].map((r) => r.map(Math.round)))}`);
    t.diagnostic(`playing ${view.playing_ms} ms, watching ${view.watch_ms} ms`);
    between(view.video_startup_ms, Object.values(waited), STARTUP_MS + lateMs, 'startup');
    assert.equal(view.ranges.length, 2, JSON.stringify(view.ranges));
    for (const [n, [from, to]] of [[0, back], [1_000, left]].entries()) {
      near(view.ranges[n][0], from, EVENT_MS + lateMs, `range ${n} begins`);
      near(view.ranges[n][1], to, EVENT_MS + lateMs, `range ${n} ends`);
    }
    near(view.playing_ms, back + left - 1_000, 2 * EVENT_MS + lateMs, 'playing time');
    assert.ok(view.rebuffer_count <= waits, `${view.rebuffer_count} stalls, and ${waits} by the page`);
    assert.deepEqual(
      [view.seek_count, view.error_count, view.view_started, view.playback_failure, view.exit_before_video_start],
      [1, 0, true, false, false],
    );
    assert.deepEqual(
      [view.video_title, view.viewer_id, view.stream_type, view.source_hostname, view.video_duration_ms],
      ['Watched with EPAS', 'anna', 'on-demand', new URL(site.url).host, 60_000],
    );
    assert.match(view.sdk, /^epas 0\.3/);
    assert.ok(!JSON.stringify(view).includes('not-for-the-log'), 'no query string');
    assert.deepEqual(visit.complaints, []);
  });

  test('stood still, went on, failed', async (t) => {
    const visit = await open('/stall');
    await onVideo(visit, (video) => {
      window.stalls = [];
      video.addEventListener('waiting', () => { if (video.currentTime > 1) window.stalls.push({ from: Date.now() }); });
      video.addEventListener('playing', () => { const last = window.stalls.at(-1); if (last && !last.to) last.to = Date.now(); });
    });
    await visit.locator('#play').click();
    await eventually(() => visit.evaluate(() => window.stalls.length > 0), 'the picture stands still', 20_000);
    await sleep(HELD_MS);
    release();
    await playedTo(visit, SEGMENT_S + 1);
    lose();
    await eventually(() => visit.evaluate(() => window.failedAt), 'a segment that is missing');
    const [stall] = await visit.evaluate(() => window.stalls);
    const [stoodMs, lateMs] = [stall.to - stall.from, await lateness(visit)];
    const view = await viewOf('epas-stall');
    t.diagnostic(`stood for ${stoodMs} ms by the page, ${view.rebuffer_ms} ms here`);
    assert.ok(stoodMs >= HELD_MS);
    near(view.rebuffer_ms, stoodMs, EVENT_MS + lateMs, 'waited');
    assert.deepEqual(
      [view.rebuffer_count, view.playback_failure, view.error_code, view.view_started],
      [1, true, 'fragLoadError', true],
    );
    assert.deepEqual([view.rendition_bitrate, view.rendition_width, view.rendition_height], Object.values(RENDITION));
    near(view.ranges.at(-1)[1] - view.ranges[0][0], view.playing_ms, EVENT_MS + lateMs, 'what was played was played once');
  });

  test('a page that gives no session id has one view all the same', async () => {
    const visit = await open('/unnamed');
    await countWaits(visit);
    await visit.locator('#play').click();
    await playedTo(visit, 1.5);
    const [lateMs, waits] = [await lateness(visit), await visit.evaluate(() => window.waits)];
    const left = await onVideo(visit, (video) => {
      const at = video.currentTime * 1_000;
      window.leave();
      return at;
    });
    const view = await viewOf('epas-unnamed');
    assert.match(view.id, /^[0-9a-f-]{36}$/, 'made by the collector');
    assert.equal(names(view, waits), 'viewinit,metadata,play,loaded,playing,viewend');
    near(view.playing_ms, left, 2 * EVENT_MS + lateMs, 'playing time');
  });
});
