/** What a page can do with its handle, and what it can never suffer from it. */

import { expect, test, vi } from 'vitest';
import { monitor } from '../../src/index';
import { FakePage } from './fake-page';
import { FakeVideo } from './fake-video';
import { session } from './session';

test('facts travel with the next event, custom events with their data', async () => {
  const { page, video, handle, after } = session();
  video.play();
  await after(1_000);
  handle.set({ cdn: 'alpha', custom: { plan: 'gold' } });
  handle.set({ custom: { seats: 2 } });
  handle.custom('chapter', { name: 'two', index: 2 });
  video.pause();
  await after(200);
  expect(page.first('custom')).toMatchObject({
    name: 'chapter',
    data: { name: 'two', index: 2 },
    set: { cdn: 'alpha', custom: { plan: 'gold', seats: 2 } },
  });
});

test('another video is another view, with its own sequence and totals', async () => {
  const { page, video, handle, after } = session({ data: { video_id: 'one' } });
  const first = handle.viewId;
  video.play();
  await after(5_000);
  video.freeze();
  video.paused = true;
  video.played.length = 0;
  handle.changeVideo({ video_id: 'two' });
  video.jump(0);
  video.say('emptied');
  video.play(300);
  await after(2_300);
  const second = handle.viewId;
  handle.destroy();
  await after(200);
  expect(second).not.toBe(first);
  expect(page.events(first).map(({ type }) => type)).toEqual(['viewinit', 'play', 'playing', 'viewend']);
  expect(page.events(second).map(({ type }) => type)).toEqual(['viewinit', 'play', 'playing', 'viewend']);
  expect(page.events(second)[0]?.set).toMatchObject({ video_id: 'two' });
  expect(page.events(second)[3]?.c).toMatchObject({ startup_ms: 300, playing_ms: 2_000 });
});

test('a player that changes the source some turns after it was told has not joined the old one', async () => {
  const { page, video, handle, after } = session();
  video.play();
  await after(3_000);
  handle.changeVideo({ video_id: 'two' });
  const second = handle.viewId;
  await after(20);
  video.freeze();
  video.paused = true;
  video.played.length = 0;
  video.jump(0);
  video.say('emptied');
  await after(100);
  video.play(3_000);
  await after(5_000);
  handle.destroy();
  await after(200);
  expect(page.events(second).map(({ type }) => type)).toEqual(['viewinit', 'play', 'playing', 'viewend']);
  expect(page.events(second)[3]?.c).toMatchObject({ startup_ms: 3_000, playing_ms: 2_000, rebuffer_count: 0 });
});

test('the new video may be announced before the element is given it, or while one flows into the other', async () => {
  const { page, video, handle, after } = session({}, new FakeVideo());
  video.play();
  await after(3_000);
  handle.changeVideo({ video_id: 'two' });
  video.freeze();
  video.paused = true;
  video.played.length = 0;
  video.jump(0);
  video.play(400);
  video.say('emptied');
  await after(2_000);
  handle.changeVideo({ video_id: 'three' });
  const third = handle.viewId;
  await after(1_000);
  handle.destroy();
  await after(200);
  const second = page.events().find((event) => event.set?.video_id === 'two');
  expect(second?.type).toBe('viewinit');
  expect(page.events().filter(({ c }) => c.startup_ms === 400).length).toBeGreaterThan(0);
  expect(page.events(third).map(({ type }) => type)).toEqual(['viewinit', 'playing', 'viewend']);
  expect(page.events(third)[2]?.c.startup_ms).toBeUndefined();
});

test('monitoring twice is monitoring once; after destroy nothing is left running', async () => {
  const { page, video, handle, after } = session();
  const again = monitor(video as unknown as HTMLVideoElement, { key: 'other' });
  expect(again).toBe(handle);
  video.play();
  await after(1_000);
  handle.destroy();
  handle.destroy();
  await after(200);
  const { length } = page.events();
  video.pause();
  handle.custom('late');
  handle.error({ code: 'late' });
  handle.set({ rendition_bitrate: 1 });
  handle.set({ rendition_bitrate: 2 });
  handle.changeVideo();
  page.pagehide(false);
  await after(60_000);
  expect(page.events()).toHaveLength(length);
  expect(page.latest.type).toBe('viewend');
  expect(vi.getTimerCount()).toBe(0);
});

test('an error of the site, as a rule and not as a fault', async () => {
  const { page, video, handle, after } = session();
  video.play(10_000);
  handle.error({ code: 'geo', message: 'not in your country', severity: 'business' });
  await after(200);
  expect(page.first('error').error).toEqual({ code: 'geo', message: 'not in your country', severity: 'business' });
});

test('whatever breaks inside, the page does not feel it', async () => {
  const { page, video, handle, after } = session();
  video.play();
  await after(1_000);
  video.freeze();
  Object.defineProperty(video, 'currentTime', {
    get() {
      throw new Error('hostile element');
    },
  });
  vi.stubGlobal('fetch', () => {
    throw new Error('hostile page');
  });
  expect(() => {
    for (const type of ['play', 'pause', 'seeking', 'seeked', 'timeupdate', 'ended', 'error', 'emptied']) video.say(type);
    handle.set({ video_title: 'x' });
    handle.set(null as never);
    handle.custom('x');
    handle.error({});
    handle.changeVideo();
    page.hide();
    page.pagehide(false);
    handle.destroy();
  }).not.toThrow();
  await after(60_000);
});

test('where measuring cannot begin, the handle is there and does nothing', () => {
  new FakePage();
  const handle = monitor(undefined as unknown as HTMLVideoElement, { key: 'k' });
  expect(handle.viewId).toBe('');
  expect(() => handle.destroy()).not.toThrow();
  expect(monitor(new FakeVideo() as unknown as HTMLVideoElement, undefined as never).viewId).toBe('');
});
