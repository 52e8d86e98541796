/** What a site can decide: which views are measured, and what an error is called. */

import { expect, test, vi } from 'vitest';
import { monitor, type MonitorOptions } from '../../src/index';
import { FakePage } from './fake-page';
import { FakeVideo } from './fake-video';
import { session } from './session';

test('a sampled view is sent whole, and says what share it stands for', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.24);
  const { page, video, after } = session({ sampleRate: 0.25 });
  video.play();
  await after(1_000);
  expect(page.types()).toEqual(['viewinit', 'play', 'playing']);
  expect(page.first('viewinit').set).toMatchObject({ sample_rate: 0.25 });
});

test('a view that is left out is left out whole; the next one draws anew', async () => {
  const draw = vi.spyOn(Math, 'random').mockReturnValue(0.25);
  const { page, video, handle, after } = session({ sampleRate: 0.25 });
  video.play();
  await after(60_000);
  page.hide();
  page.show();
  await after(1_000);
  expect(page.arrived).toHaveLength(0);
  draw.mockReturnValue(0);
  handle.changeVideo({ video_id: 'two' });
  await after(1_000);
  expect(page.first('viewinit').set).toMatchObject({ video_id: 'two', sample_rate: 0.25 });
});

test.each([[1, true], [0, false], [NaN, true]])('sample rate %d', async (sampleRate, measured) => {
  const { page, after } = session({ sampleRate });
  await after(200);
  expect(page.arrived.length > 0).toBe(measured);
  if (measured) expect(page.first('viewinit').set).not.toHaveProperty('sample_rate');
});

test.each<[string, MonitorOptions['translateError'], object | undefined]>([
  ['other words', (error) => ({ ...error, code: `drm-${error.code}`, severity: 'warning' }), { code: 'drm-3', message: 'decode', severity: 'warning' }],
  ['one word', () => ({ code: 'x' }), { code: 'x', message: 'decode', severity: 'fatal' }],
  ['no error', () => null, undefined],
  ['a translator that breaks', () => JSON.parse('{') as null, { code: '3', message: 'decode', severity: 'fatal' }],
])('translateError: %s', async (_name, translateError, expected) => {
  const { page, video, after } = session({ translateError: translateError! });
  video.play();
  await after(1_000);
  video.fail(3, 'decode');
  await after(200);
  expect(page.events().find(({ type }) => type === 'error')?.error).toEqual(expected);
});

test('experiments and dimensions of the site travel as they are; identifiers only when set', async () => {
  const { page, after } = session({ data: { experiment_name: 'b', custom: { plan: 'gold', seats: 2 } } });
  await after(200);
  const { set } = page.first('viewinit');
  expect(set).toMatchObject({ experiment_name: 'b', custom: { plan: 'gold', seats: 2 } });
  expect(Object.keys(set!).filter((name) => /viewer|session|_id$/.test(name))).toEqual([]);
});

test('a custom event says where in the video it happened', async () => {
  const { page, video, handle, after } = session();
  video.play();
  await after(4_000);
  handle.custom('chapter');
  video.pause();
  await after(200);
  expect(page.first('custom').playhead_ms).toBe(4_000);
});

test('without a browser (server-side rendering) importing and calling do nothing, and do not throw', async () => {
  vi.resetModules();
  const sdk = await import('../../src/index');
  const handle = sdk.monitor({} as HTMLMediaElement, { key: 'k' });
  handle.set({ video_id: '1' });
  handle.custom('x');
  handle.changeVideo();
  handle.destroy();
  expect(handle.viewId).toBe('');
});

test('mounted, unmounted and mounted again (React StrictMode): a view for each, and only the last one lives', async () => {
  const { page, video, handle, after } = session();
  handle.destroy();
  const again = monitor(video as unknown as HTMLMediaElement, { key: 'strict' });
  handle.destroy();
  expect(again).not.toBe(handle);
  video.play();
  await after(1_000);
  expect(page.events(handle.viewId).map(({ type }) => type)).toEqual(['viewinit', 'viewend']);
  expect(page.events(again.viewId).map(({ type }) => type)).toEqual(['viewinit', 'play', 'playing']);
  again.destroy();
  expect(new FakePage().arrived).toHaveLength(0);
});

test('in a page whose cookies and storage may not be touched, nobody touches them', async () => {
  const page = new FakePage();
  const denied = (): never => {
    throw new DOMException('sandboxed', 'SecurityError');
  };
  Object.defineProperty(page.document, 'cookie', { get: denied, set: denied });
  vi.stubGlobal('localStorage', new Proxy({}, { get: denied, set: denied }));
  vi.stubGlobal('sessionStorage', new Proxy({}, { get: denied, set: denied }));
  const { video, handle, after } = session({}, new FakeVideo(), page);
  video.play();
  await after(1_000);
  handle.destroy();
  await after(200);
  expect(page.types()).toEqual(['viewinit', 'play', 'playing', 'viewend']);
});
