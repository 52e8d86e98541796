/** Stories of playback that fails: at whom, when, and when it is nobody's failure any more. */

import { expect, test } from 'vitest';
import type { FakePage } from './fake-page';
import { FakeVideo } from './fake-video';
import { near, session, stretches } from './session';

const last = (page: FakePage) => page.events().slice(-1)[0]!;

test('the error of the element, without the secrets in its message', async () => {
  const { page, video, after } = session();
  video.play();
  await after(2_000);
  video.fail(2, 'cannot load https://cdn.test/a.mp4?token=secret today');
  await after(200);
  expect(page.latest.error).toEqual({ code: '2', message: 'cannot load https://cdn.test/a.mp4 today', severity: 'fatal' });
  const { watch_ms } = page.latest.c;
  await after(30_000);
  expect(page.latest.c.watch_ms).toBe(watch_ms);
});

test('an element that broke before it was followed, or ran out of sources, fails when asked to play', async () => {
  const video = new FakeVideo();
  video.networkState = 3;
  const { page, after } = session({}, video);
  await after(5_000);
  video.play(60_000);
  await after(5_000);
  expect(page.types()).toEqual(['viewinit', 'play', 'error']);
  expect(page.latest.error).toMatchObject({ code: '4', severity: 'fatal' });
});

test('letting go of the video by emptying its source is no error', async () => {
  const { page, video, after } = session();
  video.play();
  await after(2_000);
  video.pause();
  video.currentSrc = '';
  video.say('emptied');
  video.fail(4, 'MEDIA_ELEMENT_ERROR: Empty src attribute');
  await after(200);
  expect(page.types()).toEqual(['viewinit', 'play', 'playing', 'pause']);
});

test('an error before anybody asked for the video waits until somebody does', async () => {
  const { page, video, after } = session();
  video.fail(4, 'no such thing');
  await after(1_000);
  expect(page.types()).toEqual(['viewinit']);
  video.play(60_000);
  await after(1_000);
  expect(page.types()).toEqual(['viewinit', 'play', 'error']);
});

test('a player that failed to load before anybody asked, and let go of the element, has failed all the same', async () => {
  const { page, video, handle, after } = session();
  handle.error({ code: '1001', message: 'no manifest', severity: 'fatal' });
  video.say('emptied');
  await after(1_000);
  video.play(60_000);
  await after(1_000);
  expect(page.types()).toEqual(['viewinit', 'play', 'error']);
});

test('another source makes a failure before play forgotten', async () => {
  const { page, video, handle, after } = session();
  handle.error({ code: '1001', message: 'no manifest', severity: 'fatal' });
  video.say('emptied');
  video.currentSrc = 'https://cdn.test/another.mp4';
  video.say('loadstart');
  video.play(100);
  await after(1_000);
  expect(page.types()).not.toContain('error');
});

test('the same source tried again makes its own failure before play forgotten', async () => {
  const { page, video, after } = session();
  video.fail(2, 'cut off');
  video.error = null;
  video.say('emptied');
  video.say('loadstart');
  video.play(100);
  await after(1_000);
  expect(page.types()).not.toContain('error');
});

test('a player that fails before the element has begun with its source has failed all the same', async () => {
  const { page, video, handle, after } = session();
  handle.error({ code: 'manifestLoadError', message: '404', severity: 'fatal' });
  video.say('emptied');
  video.say('loadstart');
  await after(1_000);
  expect(page.types()).toEqual(['viewinit']);
  video.play(60_000);
  await after(1_000);
  expect(page.types()).toEqual(['viewinit', 'play', 'error']);
});

test('autoplay: such a failure is told at once, since somebody waits', async () => {
  const video = new FakeVideo();
  video.autoplay = true;
  video.networkState = 3;
  const { page, handle, after } = session({}, video);
  await after(10);
  handle.error({ code: 'manifestLoadError', message: '404', severity: 'fatal' });
  video.networkState = 2;
  video.say('loadstart');
  await after(1_000);
  expect(page.types()).toEqual(['viewinit', 'play', 'error']);
});

test('an engine that gives up leaves what is loaded, which is played; where that ends, it is no stall', async () => {
  const { page, video, handle, after } = session();
  video.play(100);
  await after(2_100);
  video.loaded = 8;
  handle.error({ code: 'fragLoadError', message: '404', severity: 'fatal' });
  await after(6_000);
  video.freeze();
  await after(5_000);
  handle.destroy();
  await after(200);
  near(last(page).c.playing_ms, 8_000, 50);
  expect(last(page).c).toMatchObject({ rebuffer_count: 0, rebuffer_ms: 0 });
  expect(stretches(page)).toEqual([[0, 8_000]]);
});

test('an engine that is talked into going on is followed as if nothing had been; stalls count again', async () => {
  const { page, video, handle, after } = session();
  video.play(100);
  await after(2_100);
  video.loaded = 4;
  handle.error({ code: 'fragLoadError', message: '404', severity: 'fatal' });
  await after(8_000);
  video.freeze();
  await after(3_000);
  handle.destroy();
  await after(200);
  near(last(page).c.playing_ms, 10_000, 50);
  near(last(page).c.rebuffer_ms, 3_000, 50);
});

test('play asked of an element that has failed is refused without an event, and is an attempt that failed', async () => {
  // As HTML has it.
  const play = () => Promise.reject(new Error('NotSupportedError'));
  const video = Object.assign(new FakeVideo(), { play: play as never });
  const { page, handle, after } = session({}, video);
  video.fail(4, 'not found');
  await after(500);
  const asked = video as { play: () => Promise<void> };
  await expect(asked.play()).rejects.toThrow('NotSupported');
  await expect(asked.play()).rejects.toThrow('NotSupported');
  await after(500);
  expect(page.types()).toEqual(['viewinit', 'play', 'error']);
  handle.destroy();
  expect(video.play).toBe(play);
});
