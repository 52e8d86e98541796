/**
 * One person watches the demo while another has the dashboard open: the script of the viewing, what each of the two
 * saw, and what the API says afterwards.
 */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPage } from './browser.mjs';
import { between, eventually, near } from './check.mjs';
import { lateness, leave, measureStartup, onVideo, playedTo, playsBySecond, position } from './video.mjs';

export const VIDEO_ID = 'playhead-demo';
const TITLE = 'Playhead demo';
const DAY = { 'timeframe[]': '24:hours' };
const PAUSE_MS = 2_000;
/** The button "Back 5 s". */
const BACK_MS = 5_000;
const HEARTBEAT_MS = 10_000;
/**
 * From the pause to the other screen. The SDK gathers for 100 ms and a frame of the screen takes 17; between is what is
 * promised to take 250 ms at the 99th percentile, on a machine with nothing else to do. This one runs two browsers.
 */
const FRESH_MS = 1_000;

/**
 * The SDK goes by the playhead, which tells to within a frame (33 ms) when it set off; the page's own measure goes by
 * events, which a busy machine delivers late.
 */
const STARTUP_MS = 100;
/** Where playback stopped, both read the same property of the same element at rest. */
const AT_REST_MS = 20;
/** Where it set off, the SDK goes by the first movement it sees: up to a frame, and on a busy machine the next. */
const AT_START_MS = 70;
/** The page's last look at the video and the SDK's are at the end of the page, one after the other. */
const AT_CLOSE_MS = 100;
/** Clocks on the wall are read at the events, which a busy machine delivers late. */
const COUNTED_MS = 250;

/** Opens the dashboard through the printed link and waits until it is live. */
export async function openDashboard(browser, server) {
  const dashboard = await openPage(browser);
  await dashboard.goto(server.loginLink);
  await dashboard.locator('#connection[data-state=connected]').waitFor();
  await dashboard.locator('#tile-viewers').waitFor();
  assert.equal(new URL(dashboard.url()).pathname, '/');
  return dashboard;
}

/** What the page asked over HTTP since then. The browser itself fetches the icon again with each new title. */
export function requestsSince(page, mark) {
  return page.requests.slice(mark).filter((request) => !request.includes('favicon'));
}

/** Plays to 8 s, pauses, goes back to 3 s, plays on to 15 s, closes. Returns what really happened, by the page. */
export async function watch(browser, server, dashboard) {
  const demo = await openPage(browser);
  await demo.goto(`${server.url}/demo`);
  await demo.locator('#view-id code').waitFor();
  const viewId = await demo.locator('#view-id code').textContent();
  const row = dashboard.locator('#views tbody tr', { hasText: TITLE });
  const startup = await measureStartup(demo, '#play');
  await keepMoments(demo);
  await lookForPause(dashboard);

  await demo.locator('#play').click();
  await seenLive(dashboard, row, 'Playing');
  await eventually(async () => (await tile(dashboard)) === '1', 'the dashboard counts one viewer');
  await playedTo(demo, 8);
  await demo.locator('#play').click();
  const { at: seenAt, lateMs: seenLateMs } = await dashboard.evaluate(() => window.pauseSeen);
  const first = [0, await position(demo)];
  await seenLive(dashboard, row, 'Paused');
  await sleep(PAUSE_MS);

  await demo.locator('#back').click();
  await onVideo(demo, (video) => video.seeking && new Promise((resolve) => video.addEventListener('seeked', resolve)));
  const rewatched = await position(demo);
  await demo.locator('#play').click();
  // The heartbeat comes ten seconds after playback was asked for again, at 3 s.
  await playedTo(demo, 15);
  const own = {
    passes: await demo.locator('#view [data-passes="2"]').count(),
    summary: await demo.locator('#view .passes .summary').textContent(),
    startup: await demo.locator('#view-startup').textContent(),
  };
  const [waited, lateMs] = [await startup.read(), await lateness(demo)];
  const { play: [began, resumed], pause: [paused], beatS } = await demo.evaluate(() => window.moments);
  const beacons = demo.requests.filter((request) => request.startsWith(`POST ${server.url}/in/`)).length;
  const { placeMs, atMs } = await leave(demo);
  const [second, lastedMs, restMs] = [[rewatched, placeMs], atMs - began, resumed - paused];
  near(rewatched, first[1] - BACK_MS, 1, 'the button goes back 5 s');
  assert.deepEqual(demo.complaints, []);
  return { viewId, waited, lateMs, ranges: [first, second], own, beatS, lastedMs, restMs, freshMs: seenAt - paused, seenLateMs, beacons };
}

/**
 * Keeps on the page when the player was asked to play and to pause, by the clock that both browsers share, and the place of
 * the playhead ten seconds after it was last asked to play, when the heartbeat comes.
 */
const keepMoments = (demo) =>
  onVideo(demo, (video, heartbeatMs) => {
    window.moments = { play: [], pause: [] };
    for (const type of ['play', 'pause']) video.addEventListener(type, () => window.moments[type].push(Date.now()));
    video.addEventListener('play', () => setTimeout(() => { window.moments.beatS = video.currentTime; }, heartbeatMs));
  }, HEARTBEAT_MS);

/** Keeps on the page when a pause is on the dashboard's screen, and how late a busy machine let it look at most. */
const lookForPause = (dashboard) =>
  dashboard.evaluate(() => void (window.pauseSeen = new Promise((resolve) => {
    let [looked, lateMs] = [performance.now(), 0];
    const look = () => {
      const now = performance.now();
      lateMs = Math.max(lateMs, now - looked);
      looked = now;
      if (document.querySelector('#views [data-state=paused]')) resolve({ at: Date.now(), lateMs });
      else requestAnimationFrame(look);
    };
    look();
  })));

const tile = (dashboard) => dashboard.locator('#tile-viewers .tile-value').textContent();

const seenLive = (dashboard, row, word) => row.locator('.view-state', { hasText: word }).waitFor();

/** The dashboard has moved with the viewing, by itself: one socket, and nothing asked. */
export async function checkLive(dashboard, truth, mark) {
  const row = dashboard.locator('#views tbody tr', { hasText: TITLE });
  await seenLive(dashboard, row, 'Left');
  await eventually(async () => (await tile(dashboard)) === '0', 'nobody watches any more');
  assert.equal(await dashboard.locator('#views tbody tr').count(), 1);
  assert.equal(await row.getAttribute('data-view'), truth.viewId);
  const chart = dashboard.locator('#viewers [role=slider]');
  await chart.focus();
  await dashboard.keyboard.press('End');
  // Back to where the viewer was still there: how many seconds ago that is, the machine says.
  await eventually(async () => {
    await dashboard.keyboard.press('ArrowLeft');
    return /Viewers 1\b/.test(await chart.getAttribute('aria-valuetext'));
  }, 'the chart shows one viewer');
  assert.ok(truth.freshMs <= FRESH_MS + truth.lateMs + truth.seenLateMs, `the pause was on the dashboard after ${truth.freshMs} ms`);
  assert.deepEqual(requestsSince(dashboard, mark), [], 'the dashboard asks nothing while it is live');
  assert.equal(dashboard.sockets.length, 1);
}

/** What the viewer's own page showed of the viewing while it went on. */
export function checkOwnPanel({ own, beatS, lateMs }) {
  assert.ok(own.passes > 0, 'the strip shows what was played twice');
  // The newest totals are of the heartbeat, at 13 s or a little before, if the machine held the video up.
  const [, seen] = /^(\d+(?:\.\d)?) s of .* seen .*: 0:00 to 0:\d\d\. At most 2 times\.$/.exec(own.summary) ?? [];
  near(Number(seen), beatS, 1 + lateMs / 1_000, `seconds seen, by ${own.summary}`);
  assert.match(own.startup, /^\d/);
}

/** Everything the API says of the viewing. Returns the view for the report. */
export async function checkApi(server, truth) {
  const listed = () => server.api('video-views', { ...DAY, 'filters[]': `video_id:${VIDEO_ID}` });
  const { data: [summary], total_row_count: count } = await eventually(async () => {
    const answer = await listed();
    return answer.data[0]?.view_ended && answer;
  }, 'the view has ended in the list');
  assert.equal(count, 1, 'exactly one view');
  assert.equal(summary.id, truth.viewId);
  assert.equal(summary.video_title, TITLE);

  const { data: view } = await server.api(`video-views/${truth.viewId}`);
  const [[from1, to1], [from2, to2], ...more] = view.ranges;
  const [[, pausedAt], [rewatchedFrom, closedAt]] = truth.ranges;
  assert.deepEqual(more, []);
  near(from1, 0, AT_START_MS + truth.lateMs, 'first range begins');
  near(to1, pausedAt, AT_REST_MS, 'first range ends');
  near(from2, rewatchedFrom, AT_START_MS + truth.lateMs, 'second range begins');
  near(to2, closedAt, AT_CLOSE_MS, 'second range ends');

  between(view.video_startup_ms, Object.values(truth.waited), STARTUP_MS + truth.lateMs, 'startup');
  const playedMs = pausedAt + closedAt - rewatchedFrom;
  const awakeMs = truth.lastedMs - truth.restMs;
  // Counted by the clock on the wall, which a busy machine's playhead falls behind a little.
  between(view.playing_ms, [playedMs, awakeMs], COUNTED_MS + truth.lateMs, 'playing time, the rewatched part included');
  near(view.watch_ms, awakeMs, COUNTED_MS + truth.lateMs, 'watch time, the pause left out');
  assert.deepEqual(
    [view.seek_count, view.rebuffer_count, view.error_count, view.view_started, view.playback_failure, view.exit_before_video_start],
    [1, 0, 0, true, false, false],
  );
  const names = view.events.map(({ name }) => name).filter((name) => name !== 'heartbeat').join();
  assert.equal(names, 'viewinit,play,playing,pause,seeking,seeked,play,playing,viewend');

  const { data: overall } = await server.api('metrics/views/overall', DAY);
  assert.deepEqual([overall.value, overall.total_views, overall.total_playing_time], [1, 1, view.playing_ms]);
  await checkHeatmap(server, view, truth);
  return view;
}

async function checkHeatmap(server, view, truth) {
  const { data } = await server.api(`engagement/videos/${VIDEO_ID}/heatmap`, { ...DAY, resolution: 'second' });
  assert.equal(data.total_views, 1);
  assert.equal(data.bucket_ms, 1_000);
  // Seconds 3 to 8, or where else a busy machine paused.
  const [[, paused], [back]] = truth.ranges;
  const [first, end] = [Math.ceil(back / 1_000), Math.floor(paused / 1_000)];
  assert.ok(end - first >= 4, `played twice from ${first} to ${end} s`);
  assert.deepEqual(data.value.slice(first, end), Array(end - first).fill(2), `seconds ${first} to ${end} were played twice`);
  assert.deepEqual(data.value.slice(0, first - 1), Array(first - 1).fill(1), 'and those before once');
  assert.deepEqual(data.viewers.slice(0, 12), Array(12).fill(1), 'by one viewer');
  const plays = playsBySecond(view.ranges, data.value.length);
  assert.deepEqual(data.value, plays);
  assert.deepEqual(data.viewers, plays.map((count) => Math.min(count, 1)));
}

/** The way an editor goes: from the newest views to the video, and there the curve of this one viewing. */
export async function checkVideoPage(dashboard) {
  await dashboard.locator('#views tbody a', { hasText: TITLE }).click();
  await dashboard.waitForURL(`**/videos/${VIDEO_ID}`);
  await dashboard.locator('#engagement .plot').waitFor();
  const chart = dashboard.locator('#engagement [role=slider]');
  // What a key did is there when it has been drawn.
  const says = (text) => eventually(async () => text.test(await chart.getAttribute('aria-valuetext')), String(text));
  await chart.focus();
  await dashboard.keyboard.press('Home');
  await says(/^0:00: Viewers 1 \(100(\.0)?%\), Replays 0$/);
  for (let second = 0; second < 5; second++) await dashboard.keyboard.press('ArrowRight');
  await says(/^0:05: Viewers 1 \(100(\.0)?%\), Replays 1$/);
  await dashboard.locator('#figure-views .tile-value', { hasText: /^1$/ }).waitFor();
  assert.equal(await dashboard.locator('h1').textContent(), TITLE);
  assert.equal(dashboard.sockets.length, 1, 'the same socket all the way');
  assert.deepEqual(dashboard.complaints, []);
}
