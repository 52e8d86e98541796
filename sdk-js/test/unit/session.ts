/** One monitored fake element on a fake page, for tests that tell a story. */

import { expect, vi } from 'vitest';
import { monitor, type Handle, type MonitorOptions } from '../../src/index';
import { FakePage } from './fake-page';
import { FakeVideo } from './fake-video';

export interface Session {
  page: FakePage;
  video: FakeVideo;
  handle: Handle;
  /** Lets time pass. */
  after: (ms: number) => Promise<unknown>;
}

let sessions = 0;

export function session(options: Partial<MonitorOptions> = {}, video = new FakeVideo(), page = new FakePage()): Session {
  // A key of its own, since views of one key share a queue.
  const handle = monitor(video as unknown as HTMLVideoElement, { key: `k${++sessions}`, ...options });
  return { page, video, handle, after: (ms) => vi.advanceTimersByTimeAsync(ms) };
}

/** Played stretches by number, as the collector would merge them. */
export function stretches(page: FakePage): [number, number][] {
  const merged: [number, number][] = [];
  for (const { seg } of page.events()) {
    if (!seg) continue;
    const [number, from, to] = seg;
    const known = merged[number];
    merged[number] = known ? [Math.min(known[0], from), Math.max(known[1], to)] : [from, to];
  }
  return merged;
}

/** Within one look of the truth, though most figures come out exact. */
export function near(value: number | undefined, expected: number, tolerance = 25): void {
  expect(value, `${value} is not within ${tolerance} of ${expected}`).toBeGreaterThanOrEqual(expected - tolerance);
  expect(value, `${value} is not within ${tolerance} of ${expected}`).toBeLessThanOrEqual(expected + tolerance);
}
