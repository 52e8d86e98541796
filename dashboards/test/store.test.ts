/** From frames to signals: the screen's pace, and pausing. */
import { effect } from '@preact/signals';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LiveStore } from '../src/live/store';
import { Wire, useClock } from './support';

let store: LiveStore;

beforeEach(() => {
  useClock();
  vi.stubGlobal('WebSocket', Wire);
  store = new LiveStore('ws://x/live');
  Wire.last.hello();
});
afterEach(() => {
  store.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('the screen changes at most four times a second, and ends on the last state', () => {
  const topic = store.topic('overview', {});
  const shown: unknown[] = [];
  effect(() => void shown.push(topic.value.value));
  Wire.last.snapshot('s1', 1, { n: 0 });
  for (let i = 1; i <= 100; i++) {
    vi.advanceTimersByTime(10);
    Wire.last.delta('s1', i + 1, { n: i });
  }
  vi.advanceTimersByTime(250);
  // Loading, the first at once, and one for each quarter of the second.
  expect(shown.length).toBeLessThanOrEqual(7);
  expect(shown.at(-1)).toEqual({ status: 'ready', value: { n: 100 } });
});

test('paused, the screen holds still and counts; resumed, it jumps to now', () => {
  const topic = store.topic('overview', {});
  Wire.last.snapshot('s1', 1, { n: 0, rows: { a: { n: 0 } } });
  vi.advanceTimersByTime(250);
  store.togglePause();
  for (let i = 1; i <= 12; i++) Wire.last.delta('s1', i + 1, { n: i, rows: { a: { n: i } } });
  vi.advanceTimersByTime(1_000);
  expect(topic.value.value).toEqual({ status: 'ready', value: { n: 0, rows: { a: { n: 0 } } } });
  expect(store.pause.value?.updates).toBe(12);
  store.togglePause();
  expect(topic.value.value).toEqual({ status: 'ready', value: { n: 12, rows: { a: { n: 12 } } } });
});

test('a panel opened while paused is filled once, then held', () => {
  store.togglePause();
  const topic = store.topic('overview', {});
  Wire.last.snapshot('s1', 1, { rows: { a: { n: 0 } } });
  vi.advanceTimersByTime(250);
  Wire.last.delta('s1', 2, { rows: { a: { n: 1 } } });
  vi.advanceTimersByTime(1_000);
  expect(topic.value.value).toEqual({ status: 'ready', value: { rows: { a: { n: 0 } } } });
  store.togglePause();
  expect(topic.value.value).toEqual({ status: 'ready', value: { rows: { a: { n: 1 } } } });
});

test('many topics that change together are shown over the next frames, each four times a second at most', () => {
  const topics = Array.from({ length: 20 }, (_, n) => store.topic('timeseries', { video_id: `v${n}` }));
  const shown = topics.map(({ value }) => {
    const times: number[] = [];
    effect(() => { if (value.value.status === 'ready') times.push(Date.now()); });
    return times;
  });
  topics.forEach((_, n) => Wire.last.snapshot(`s${n + 1}`, 1, { n: 0 }));
  for (let ms = 0; ms < 1_000; ms += 10) {
    vi.advanceTimersByTime(10);
    topics.forEach((_, n) => Wire.last.delta(`s${n + 1}`, 2 + ms / 10, { n: ms }));
  }
  vi.advanceTimersByTime(500);
  for (const times of shown) expect(times.length).toBeLessThanOrEqual(6);
  const all = shown.flat();
  expect(Math.max(...all.map((time) => all.filter((other) => other === time).length))).toBe(2);
  for (const { value } of topics) expect(value.value).toEqual({ status: 'ready', value: { n: 990 } });
});

test('a refused topic says why, and loads again on retry', () => {
  const topic = store.topic('view', { view_id: 'x' });
  Wire.last.frame({ type: 'error', id: 's1', code: 'scope', message: 'not yours' });
  vi.advanceTimersByTime(250);
  expect(topic.value.value).toEqual({ status: 'error', message: 'not yours' });
  topic.retry();
  vi.advanceTimersByTime(250);
  expect(topic.value.value.status).toBe('loading');
});
