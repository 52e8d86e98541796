/** What is learnt about picture, player and time besides playing itself. */

import { expect, test, vi } from 'vitest';
import { FakePage } from './fake-page';
import { FakeVideo } from './fake-video';
import { near, session } from './session';

test('rendition, bitrate, dropped frames and scaling', async () => {
  let resized: (entries: unknown[]) => void = () => undefined;
  (globalThis as Record<string, unknown>).ResizeObserver = class {
    constructor(callback: (entries: unknown[]) => void) {
      resized = callback;
    }
    observe(): void {
      resized([{ contentRect: { width: 1280, height: 720 } }]);
    }
    disconnect(): void {
      resized = () => undefined;
    }
  };
  const { page, video, handle, after } = session();
  video.play();
  await after(2_000);
  handle.set({ rendition_bitrate: 2_000_000 });
  await after(3_000);
  video.dropped = 7;
  video.resize(1920, 1080);
  await after(1_000);
  video.pause();
  await after(200);
  delete (globalThis as Record<string, unknown>).ResizeObserver;
  const { c } = page.latest;
  expect(page.first('renditionchange').set).toMatchObject({ rendition_width: 1920, rendition_height: 1080 });
  expect(c.dropped_frames).toBe(7);
  near(c.upscale_ms, 5_000, 10);
  near(c.downscale_ms, 333, 10);
  near(c.bitrate_ms / 2_000_000, 4_000, 10);
});

/** How often a switch was told. */
const switches = (page: FakePage): number => page.types().filter((type) => type === 'renditionchange').length;

test('one switch is told once, whether the picture or the player says it first', async () => {
  const { page, video, handle, after } = session();
  handle.set({ rendition_bitrate: 1_000_000, rendition_width: 640, rendition_height: 360 });
  video.play();
  await after(1_000);
  expect(switches(page)).toBe(0);
  // The player first.
  handle.set({ rendition_bitrate: 3_000_000, rendition_width: 1280, rendition_height: 720 });
  await after(300);
  video.resize(1280, 720);
  await after(1_000);
  // The picture first; another fact in between changes nothing.
  video.resize(1920, 1080);
  await after(300);
  handle.set({ cdn: 'north' });
  handle.set({ rendition_bitrate: 6_000_000, rendition_width: 1920, rendition_height: 1080 });
  // Another bitrate of the same size.
  await after(11_000);
  handle.set({ rendition_bitrate: 8_000_000, rendition_width: 1920, rendition_height: 1080 });
  await after(1_000);
  video.pause();
  await after(200);
  expect(switches(page)).toBe(3);
  expect(page.events().map(({ set }) => set?.rendition_bitrate).filter(Boolean)).toEqual([1e6, 3e6, 6e6, 8e6]);
});

test('what an adapter may say is sent as it says it', async () => {
  const { page, video, handle, after } = session();
  const facts = {
    rendition_bitrate: 2_500_000,
    rendition_width: 1280,
    rendition_height: 720,
    rendition_fps: 29.97,
    rendition_codec: 'avc1.640028',
    cdn: 'north',
    live_latency_ms: 4_200,
    player_software: 'hls.js',
    player_software_version: '1.7.4',
    source_hostname: 'media.test',
  };
  video.play();
  await after(500);
  handle.set(facts);
  video.pause();
  await after(200);
  expect(page.first('renditionchange').set).toMatchObject(facts);
});

test('live latency, where the element knows the time of day of its stream', async () => {
  const page = new FakePage();
  const video = Object.assign(new FakeVideo(Infinity), { getStartDate: () => new Date(start) });
  const { after } = session({}, video, page);
  const start = Date.now() - 7_000;
  video.play();
  await after(25_000);
  const latencies = page.events().map(({ set }) => set?.live_latency_ms).filter((ms) => ms !== undefined);
  expect(latencies).toEqual([7_000, 7_000]);
  expect(page.events().find(({ set }) => set?.stream_type)?.set).toMatchObject({ stream_type: 'live' });
});

test('no latency is made up for streams without a time of day', async () => {
  const { page, video, after } = session({}, Object.assign(new FakeVideo(Infinity), { getStartDate: () => new Date(NaN) }));
  video.play();
  await after(25_000);
  expect(JSON.stringify(page.arrived)).not.toContain('live_latency_ms');
});

test('an audio element is followed as a video without a picture', async () => {
  const audio = new FakeVideo() as unknown as Record<string, unknown>;
  for (const name of ['videoWidth', 'videoHeight', 'getVideoPlaybackQuality']) audio[name] = undefined;
  const { page, video, after } = session({}, audio as unknown as FakeVideo);
  video.play(200);
  await after(2_200);
  video.freeze();
  await after(1_000);
  video.flow();
  await after(1_000);
  video.pause();
  await after(200);
  expect(page.types()).toEqual(['viewinit', 'play', 'playing', 'rebufferstart', 'rebufferend', 'pause']);
  expect(page.latest.c).toMatchObject({ startup_ms: 200, dropped_frames: 0, upscale_ms: 0, downscale_ms: 0 });
  expect(JSON.stringify(page.arrived)).not.toMatch(/rendition_|player_width/);
});

test('player start-up belongs to the first view, and only where the page told its beginning', async () => {
  const page = new FakePage();
  const playerInitTime = performance.now();
  await vi.advanceTimersByTimeAsync(120);
  const { handle, after } = session({ playerInitTime }, new FakeVideo(), page);
  const first = handle.viewId;
  handle.changeVideo();
  const second = handle.viewId;
  await after(200);
  expect(page.events(first)[0]?.c.player_startup_ms).toBe(120);
  expect(page.events(second)[0]?.c.player_startup_ms).toBeUndefined();
});

test('a viewer who leaves before the first frame has waited, and has no start-up time', async () => {
  const { page, video, handle, after } = session();
  video.play(60_000);
  await after(4_000);
  handle.destroy();
  await after(200);
  expect(page.types()).toEqual(['viewinit', 'play', 'viewend']);
  expect(page.latest.c.startup_ms).toBeUndefined();
  expect(page.latest.c).toMatchObject({ watch_ms: 4_000, playing_ms: 0 });
});

test('the time the page took to load belongs to the first view of the page', async () => {
  vi.resetModules();
  const { monitor } = await import('../../src/index');
  const page = new FakePage();
  await vi.advanceTimersByTimeAsync(432);
  const [first, second] = ['a', 'b'].map((key) => monitor(new FakeVideo() as unknown as HTMLMediaElement, { key: `load-${key}` }));
  await vi.advanceTimersByTimeAsync(200);
  expect(page.events(first!.viewId)[0]?.c.page_load_ms).toBe(432);
  expect(page.events(second!.viewId)[0]?.c).not.toHaveProperty('page_load_ms');
});
