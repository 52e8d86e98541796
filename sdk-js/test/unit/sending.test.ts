/** What is sent when, what is kept, and what becomes of it when the collector or the network says no. */

import { expect, test, vi } from 'vitest';
import { FakePage } from './fake-page';
import { FakeVideo } from './fake-video';
import { session } from './session';
import { version } from '../../src/index';

test('the first events leave together within a tenth of a second, as a simple request', async () => {
  const { page, video, after } = session({ data: { video_id: 'v', viewer_id: 'anna', custom: { plan: 'gold' } } });
  video.play(5_000);
  await after(100);
  expect(page.requests).toHaveLength(1);
  const [{ body, keepalive }] = page.arrived as [(typeof page.arrived)[0]];
  expect(keepalive).toBe(true);
  expect(body).toMatchObject({ v: 1, sent_ms: Date.now(), views: [{ t_sent_ms: 100 }] });
  expect(body.views[0]?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(page.types()).toEqual(['viewinit', 'play']);
  expect(page.first('viewinit').set).toEqual({
    sdk: `playhead-js/${version}`,
    player_software: 'html5',
    page_url: 'https://site.test/watch',
    video_id: 'v',
    viewer_id: 'anna',
    custom: { plan: 'gold' },
  });
});

test('an unanswered request is repeated, unchanged, at growing distances', async () => {
  const page = new FakePage();
  page.replies.push('down', 'down', { status: 500 }, 'down');
  vi.spyOn(Math, 'random').mockReturnValue(0.999);
  const { after } = session({}, new FakeVideo(), page);
  await after(30_000);
  const gaps = page.requests.slice(1).map(({ at }, index) => at - page.requests[index]!.at);
  expect(gaps).toEqual([999, 1_998, 3_996, 7_992]);
  expect(page.types()).toEqual(['viewinit']);
  expect(page.arrived[0]?.keepalive).toBe(false);
});

test.each([
  ['seconds', () => '30'],
  ['a date', () => new Date(Date.now() + 30_000).toUTCString()],
])('Retry-After in %s is obeyed, even when the connection comes and goes', async (_form, retryAfter) => {
  const page = new FakePage();
  page.replies.push({ status: 503, headers: { 'Retry-After': retryAfter() } });
  const { after } = session({}, new FakeVideo(), page);
  await after(5_000);
  page.window.dispatchEvent(new Event('online'));
  await after(20_000);
  expect(page.requests).toHaveLength(1);
  await after(8_000);
  expect(page.requests).toHaveLength(2);
});

test('a connection that comes back ends the back-off', async () => {
  const page = new FakePage();
  page.replies.push(...Array.from({ length: 8 }, () => 'down' as const));
  const { after } = session({}, new FakeVideo(), page);
  await after(200_000);
  page.replies.length = 0;
  page.window.dispatchEvent(new Event('online'));
  await after(100);
  expect(page.types()).toEqual(['viewinit']);
});

test.each([401, 403, 410])('%i: nothing more is ever sent', async (status) => {
  const page = new FakePage();
  page.replies.push({ status });
  const { video, after } = session({}, new FakeVideo(), page);
  await after(1_000);
  video.play();
  await after(30_000);
  page.pagehide(false);
  expect(page.requests).toHaveLength(1);
  expect(page.arrived).toHaveLength(0);
});

test.each([400, 415])('%i: that batch is lost and counted, the next is sent', async (status) => {
  const page = new FakePage();
  page.replies.push({ status });
  const { video, after } = session({}, new FakeVideo(), page);
  await after(1_000);
  video.play();
  await after(1_000);
  expect(page.types()).toEqual(['play', 'playing']);
  expect(page.latest.c.suppressed).toBe(1);
});

test('413: in halves until it fits, and the one that never fits is let go of', async () => {
  const page = new FakePage();
  page.replies.push({ status: 413 }, { status: 413 }, { status: 413 }, { status: 413 });
  const { video, handle, after } = session({}, new FakeVideo(), page);
  video.play();
  for (let index = 0; index < 6; index++) handle.custom('step');
  await after(3_000);
  expect(page.requests.slice(0, 5).map(({ events }) => events)).toEqual([8, 4, 2, 1, 1]);
  expect(page.types()).toEqual(['play', ...Array.from({ length: 6 }, () => 'custom'), 'playing']);
  video.pause();
  await after(200);
  expect(page.latest.c.suppressed).toBe(1);
});

test('a view at the end of the page: once by beacon, the end of the view in it', async () => {
  const { page, video, after } = session();
  video.play();
  await after(3_050);
  page.pagehide(false);
  page.hide();
  const beacons = page.arrived.filter(({ via }) => via === 'beacon');
  expect(beacons).toHaveLength(1);
  expect(page.types()).toEqual(['viewinit', 'play', 'playing', 'viewend']);
  expect(page.latest.seg).toEqual([0, 0, 3_050]);
  expect(page.latest.c.playing_ms).toBe(3_050);
});

test('what a beacon took stays until it is confirmed, and is the same event when sent again', async () => {
  const { page, video, after } = session();
  video.play();
  await after(3_000);
  page.hide();
  await after(1_000);
  page.show();
  await after(200);
  const seqs = page.arrived
    .map(({ via, body }) => body.views[0]!.events.map(({ seq, t_ms }) => ({ via, seq, t_ms })))
    .reduce((all, some) => all.concat(some));
  const byBeacon = seqs.filter(({ via }) => via === 'beacon');
  expect(byBeacon.length).toBeGreaterThan(0);
  for (const { seq, t_ms } of byBeacon) expect(seqs).toContainEqual({ via: 'fetch', seq, t_ms });
});

test('without sendBeacon the last events go by a request that outlives the page', async () => {
  const page = new FakePage();
  page.takesBeacons = false;
  const { video, after } = session({}, new FakeVideo(), page);
  video.play();
  await after(1_000);
  page.pagehide(false);
  await after(0);
  expect(page.latest.type).toBe('viewend');
  expect(page.arrived[page.arrived.length - 1]).toMatchObject({ via: 'fetch', keepalive: true });
});

test('back from the back/forward cache it is the same view', async () => {
  const { page, video, handle, after } = session();
  const id = handle.viewId;
  video.play();
  await after(2_000);
  page.pagehide(true);
  video.freeze();
  // Frozen: time passes, timers do not.
  performance.now = ((real) => () => real() + 3_000)(performance.now.bind(performance));
  page.pageshow(true);
  video.flow();
  await after(2_000);
  video.pause();
  await after(200);
  expect(page.latest.c).toMatchObject({ watch_ms: 4_000, playing_ms: 4_000 });
  expect(handle.viewId).toBe(id);
  expect(page.types()).not.toContain('viewend');
  expect(page.events(id)).toHaveLength(page.events().length);
});

test('memory is bounded: heartbeats go first, their news is not lost, the loss is told', async () => {
  const page = new FakePage();
  page.replies.push(...Array.from({ length: 1_000 }, () => 'down' as const));
  const video = new FakeVideo(1e6);
  const { handle, after } = session({ heartbeatMs: 1_000 }, video, page);
  video.play();
  await after(500);
  handle.set({ cdn: 'one', custom: { a: 1 } });
  for (let minute = 0; minute < 40; minute++) {
    await after(60_000);
    handle.set({ custom: { b: minute } });
  }
  page.replies.length = 0;
  page.window.dispatchEvent(new Event('online'));
  await after(5_000);
  expect(page.events().length).toBeLessThanOrEqual(1_010);
  expect(page.types().slice(0, 3)).toEqual(['viewinit', 'play', 'playing']);
  const sets = page.events().map((event) => event.set);
  expect(sets).toContainEqual(expect.objectContaining({ cdn: 'one', custom: expect.objectContaining({ a: 1 }) as object }));
  expect(page.latest.c.suppressed).toBeGreaterThan(1_000);
  expect(page.latest.seg?.[2]).toBeGreaterThan(2_390_000);
});

test('a player gone mad is cut off, and the cut is counted', async () => {
  const { page, handle, after } = session();
  for (let index = 0; index < 10_000; index++) {
    handle.custom('again');
    if (index % 500 === 0) await after(200);
  }
  handle.destroy();
  await after(60_000);
  expect(page.events().length).toBeLessThanOrEqual(5_001);
  expect(page.latest.type).toBe('viewend');
  expect(page.latest.c.suppressed).toBeGreaterThanOrEqual(5_000);
});

const signals = [{ globalPrivacyControl: true }, { doNotTrack: '1' }];

test.each(signals)('%o: measures the video, says nothing of the viewer', async (signal) => {
  const data = { video_id: 'v', viewer_id: 'anna', session_id: 's', custom: { plan: 'gold' } };
  const { page, handle, after } = session({ data }, new FakeVideo(), new FakePage(signal));
  handle.set({ viewer_id: 'anna' });
  handle.custom('clicked', { who: 'anna' });
  await after(20_000);
  expect(page.first('viewinit').set).toEqual({ sdk: `playhead-js/${version}`, player_software: 'html5', video_id: 'v' });
  expect(JSON.stringify(page.arrived)).not.toContain('anna');
  expect(page.first('custom').name).toBe('clicked');
});

test('the site may decide otherwise about the signals', async () => {
  const page = new FakePage({ globalPrivacyControl: true });
  const { after } = session({ data: { viewer_id: 'anna' }, respectPrivacySignals: false }, new FakeVideo(), page);
  await after(1_000);
  expect(page.first('viewinit').set).toMatchObject({ viewer_id: 'anna' });
});
