/** mux-embed as Mux publishes it, told to send its beacons here: one view, with the figures a viewer would agree to. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch, openPage } from './browser.mjs';
import { between, eventually, near } from './check.mjs';
import { INGEST_KEY, withServer } from './server.mjs';
import { serveSite } from './static.mjs';
import { lateness, leave, measureStartup, onVideo, playedTo } from './video.mjs';

const VIDEO_ID = 'mux-embed-test';
const DAY = { 'timeframe[]': '24:hours' };
/** mux-embed looks at the playhead every 25 ms, but its first and last look at a stretch go by slower events. */
const RANGE_MS = 300;
/** It hears of the start by the element's events, as the page's own measure does; a busy machine delivers them late. */
const STARTUP_MS = 100;

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const local = (path) => fileURLToPath(new URL(path, import.meta.url));

const page = (collector) => `<!doctype html><title>A publisher's page</title>
<button id="play">Play</button><video src="/video.mp4" preload="auto" width="640"></video>
<script src="/mux.js"></script>
<script>
  const video = document.querySelector('video');
  document.querySelector('#play').onclick = () => video.play();
  mux.monitor(video, {
    beaconCollectionDomain: '${collector}',
    data: { env_key: '${INGEST_KEY}', video_id: '${VIDEO_ID}', video_title: 'Watched with mux-embed', player_name: 'plain' },
  });
</script>`;

test('mux-embed: played, seeked, closed', async (t) => {
  await withServer({}, async (server) => {
    const site = await serveSite({
      pages: { '/': page(`localhost:${new URL(server.url).port}`) },
      files: {
        '/mux.js': local('node_modules/mux-embed/dist/mux.js'),
        '/video.mp4': local('../../dashboards/public/demo/playhead-demo.mp4'),
      },
    });
    try {
      const truth = await watch(site);
      await check(t, server, truth);
    } finally {
      await site.close();
    }
  });
});

/** Plays to 4 s, seeks to 20 s, plays to 23 s, closes. */
async function watch(site) {
  const visit = await openPage(browser);
  await visit.goto(`${site.url}/`);
  const startup = await measureStartup(visit, '#play');
  await visit.locator('#play').click();
  await playedTo(visit, 4);
  const left = await onVideo(visit, (video) => {
    const from = video.currentTime * 1_000;
    video.currentTime = 20;
    return from;
  });
  await playedTo(visit, 23);
  const [waited, lateMs] = [await startup.read(), await lateness(visit)];
  const answers = visit.requests.filter((request) => request.startsWith('POST'));
  const { placeMs: closed } = await leave(visit);
  assert.deepEqual(visit.complaints, []);
  return { waited, lateMs, ranges: [[0, left], [20_000, closed]], posts: answers.length };
}

async function check(t, server, truth) {
  const { data: [summary], total_row_count: count } = await eventually(async () => {
    const answer = await server.api('video-views', DAY);
    return answer.data[0]?.view_ended && answer;
  }, 'the view has ended in the list');
  assert.equal(count, 1, 'exactly one view, whatever was sent twice');
  assert.equal(summary.video_id, VIDEO_ID);
  assert.equal(summary.video_title, 'Watched with mux-embed');

  const { data: view } = await server.api(`video-views/${summary.id}`);
  const { playing, shown } = truth.waited;
  t.diagnostic(`startup ${view.video_startup_ms} ms; by the page playing after ${playing.toFixed()} ms, shown after ${shown.toFixed()} ms`);
  t.diagnostic(`ranges ${JSON.stringify(view.ranges)}, by the page ${JSON.stringify(truth.ranges.map((r) => r.map(Math.round)))}`);
  t.diagnostic(`playing ${view.playing_ms} ms, watching ${view.watch_ms} ms; ${truth.posts} POSTs while open`);
  assert.equal(view.ranges.length, truth.ranges.length);
  for (const [n, [from, to]] of truth.ranges.entries()) {
    near(view.ranges[n][0], from, RANGE_MS + truth.lateMs, `range ${n} begins`);
    near(view.ranges[n][1], to, RANGE_MS + truth.lateMs, `range ${n} ends`);
  }
  between(view.video_startup_ms, Object.values(truth.waited), STARTUP_MS + truth.lateMs, 'startup');
  const playedMs = truth.ranges.reduce((sum, [from, to]) => sum + to - from, 0);
  near(view.playing_ms, playedMs, 2 * RANGE_MS + truth.lateMs, 'playing time, by the clock on the wall');
  assert.deepEqual(
    [view.seek_count, view.error_count, view.view_started, view.playback_failure, view.player_name],
    [1, 0, true, false, 'plain'],
  );
  assert.match(view.sdk, /^mux-embed /);
}
