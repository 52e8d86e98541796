/** react-native-video's callbacks, in the order it makes them, on a device without a page. */

import { expect, test, vi } from 'vitest';
import { monitorVideo, type VideoOptions } from '../../src/react-native';
import type { Beacon, WireEvent } from '../../src/core/wire';
import { near } from './session';

const PROGRESS_MS = 250;
let devices = 0;

/** The component's side: a playhead that moves with the clock and tells so four times a second. */
function device(options: Partial<VideoOptions> = {}) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] });
  const bodies: Beacon[] = [];
  vi.stubGlobal('navigator', { product: 'ReactNative' });
  vi.stubGlobal('crypto', undefined);
  vi.stubGlobal('fetch', (_url: string, { body }: RequestInit) => {
    bodies.push(JSON.parse(body as string) as Beacon);
    return Promise.resolve(new Response('{"accepted":1,"rejected":[]}', { status: 202 }));
  });
  const handle = monitorVideo({ key: `rn${++devices}`, endpoint: 'https://collector.test', ...options });
  const { callbacks } = handle;
  let seconds = 0;
  let tells: ReturnType<typeof setInterval> | undefined;
  const events = (id = handle.viewId): WireEvent[] =>
    bodies.reduce<WireEvent[]>((all, { views }) => all.concat(...views.filter((view) => view.id === id).map((view) => view.events)), []);
  return {
    handle,
    callbacks,
    events,
    bodies,
    types: (id?: string) => events(id).map(({ type }) => type).filter((type) => type !== 'heartbeat'),
    after: (ms: number) => vi.advanceTimersByTimeAsync(ms),
    go() {
      callbacks.onPlaybackStateChanged({ isPlaying: true });
      tells = setInterval(() => callbacks.onProgress({ currentTime: (seconds += PROGRESS_MS / 1_000) }), PROGRESS_MS);
    },
    halt() {
      clearInterval(tells);
      callbacks.onPlaybackStateChanged({ isPlaying: false });
    },
    jump(to: number) {
      seconds = to;
      callbacks.onSeek({ currentTime: to, seekTime: to });
    },
    load(duration = 60) {
      callbacks.onLoad({ duration, currentTime: 0, naturalSize: { width: 1280, height: 720 } });
      callbacks.onReadyForDisplay();
    },
  };
}

test('start, stall, seek, pause, end', async () => {
  const { handle, callbacks, events, types, after, go, halt, jump, load } = device({ data: { video_id: 'v' } });
  callbacks.onLoadStart();
  await after(700);
  load();
  go();
  await after(5_000);
  halt();
  callbacks.onBuffer({ isBuffering: true });
  await after(3_000);
  callbacks.onBuffer({ isBuffering: false });
  go();
  await after(4_000);
  callbacks.onPlaybackStateChanged({ isPlaying: true, isSeeking: true });
  await after(400);
  jump(30);
  await after(2_000);
  halt();
  handle.setPaused(true);
  await after(5_000);
  handle.setPaused(false);
  go();
  await after(1_000);
  halt();
  callbacks.onEnd();
  await after(1_000);
  handle.destroy();
  await after(200);
  expect(types()).toEqual([
    'viewinit', 'play', 'playing', 'rebufferstart', 'rebufferend', 'seeking', 'seeked', 'playing', 'pause', 'play', 'playing', 'ended', 'viewend',
  ]);
  const all = events();
  const { c } = all[all.length - 1]!;
  near(c.startup_ms, 700, 260);
  near(c.rebuffer_ms, 3_000, 550);
  expect(c.rebuffer_count).toBe(1);
  expect(c.seek_count).toBe(1);
  near(c.playing_ms, 12_000, 800);
  expect(c.watch_ms).toBe(c.startup_ms! + c.playing_ms + c.rebuffer_ms + c.seek_ms);
  expect(all.map(({ seq }) => seq)).toEqual(all.map((_, index) => index + 1));
  expect(all[0]?.set).toMatchObject({ sdk: 'playhead-react-native/test', player_software: 'react-native-video', video_id: 'v' });
  expect(handle.viewId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('a player that falls silent without a word is stalled', async () => {
  const { callbacks, types, after, go, load } = device();
  callbacks.onLoadStart();
  load();
  const { onProgress } = callbacks;
  go();
  await after(3_000);
  // No more callbacks reach the SDK.
  callbacks.onProgress = () => undefined;
  await after(4_000);
  callbacks.onProgress = onProgress;
  await after(2_000);
  expect(types()).toEqual(['viewinit', 'play', 'playing', 'rebufferstart', 'rebufferend']);
});

test('a pause by the system\'s own controls is found, although the app does not say so', async () => {
  const { callbacks, types, after, go, halt, load } = device();
  callbacks.onLoadStart();
  load();
  go();
  await after(3_000);
  halt();
  await after(1_000);
  expect(types()).toEqual(['viewinit', 'play', 'playing', 'pause']);
});

test('nobody waits for a video that is not to play yet', async () => {
  const { handle, callbacks, events, types, after, go, load } = device({ paused: true });
  callbacks.onLoadStart();
  load();
  await after(30_000);
  expect(types()).toEqual(['viewinit']);
  handle.setPaused(false);
  await after(500);
  go();
  await after(2_000);
  expect(types()).toEqual(['viewinit', 'play', 'playing']);
  near(events().find(({ type }) => type === 'playing')?.c.startup_ms, 500, 260);
});

test('errors, renditions, bandwidth and live streams', async () => {
  const { callbacks, events, types, after, go, load } = device();
  callbacks.onLoadStart();
  load(0);
  go();
  await after(1_000);
  callbacks.onBandwidthUpdate({ bitrate: 4_000_000, width: 1920, height: 1080 });
  callbacks.onError({ error: { errorCode: 'ERROR_CODE_IO', errorString: 'no https://cdn.test/a.m3u8?token=secret' } });
  await after(200);
  expect(types()).toEqual(['viewinit', 'play', 'playing', 'renditionchange', 'error']);
  const facts = Object.assign({}, ...events().map(({ set }) => set)) as object;
  expect(facts).toMatchObject({ stream_type: 'live', rendition_width: 1920, bandwidth_estimate: 4_000_000 });
  expect(facts).not.toHaveProperty('rendition_bitrate');
  expect(events().pop()?.error).toEqual({ code: 'ERROR_CODE_IO', message: 'no https://cdn.test/a.m3u8', severity: 'fatal' });
});

test('out of sight the totals are told; another video is another view, by the same props', async () => {
  let change: (state: string) => void = () => undefined;
  const remove = vi.fn();
  const appState = { addEventListener: (_: string, listener: typeof change) => ((change = listener), { remove }) };
  const { handle, callbacks, events, types, after, go, halt, load } = device({ appState });
  const first = handle.viewId;
  callbacks.onLoadStart();
  load();
  go();
  await after(3_000);
  change('background');
  await after(200);
  expect(events().pop()).toMatchObject({ type: 'heartbeat' });
  change('active');
  halt();
  handle.changeVideo({ video_id: 'two' });
  callbacks.onLoadStart();
  load();
  go();
  await after(2_000);
  handle.destroy();
  await after(200);
  expect(types(first)).toEqual(['viewinit', 'play', 'playing', 'viewend']);
  expect(types()).toEqual(['viewinit', 'play', 'playing', 'viewend']);
  expect(events()[0]?.set).toMatchObject({ video_id: 'two' });
  expect(remove).toHaveBeenCalled();
  const told = events().length;
  callbacks.onProgress({ currentTime: 9 });
  change('background');
  await after(20_000);
  expect(events()).toHaveLength(told);
});

test('where measuring cannot begin, calls go nowhere', () => {
  const handle = monitorVideo({ key: 'k', endpoint: 'https://collector.test', appState: {} as never });
  expect(() => {
    handle.setPaused(true);
    handle.set({ video_id: '1' });
    handle.destroy();
  }).not.toThrow();
  expect(handle.viewId).toBe('');
});
