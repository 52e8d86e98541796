/** What the connection looks like, over time. */
import { expect, test } from 'vitest';
import type { Link } from '../src/live/socket';
import { describeLink } from '../src/live/status';

const T = 1_800_000_000_000;
const up: Link = { phase: 'connected', attempt: 0, lastFrameMs: T, lastDataMs: T, heartbeat: { atMs: T, dataAgeMs: 120 } };
const lost: Link = { ...up, phase: 'reconnecting', attempt: 3, lostAtMs: T };

test('the banner waits 2.5 s, then counts attempts and says how old the values are', () => {
  expect(describeLink(lost, undefined, T + 2_499).banner).toBeUndefined();
  expect(describeLink(lost, undefined, T + 2_500).banner).toEqual({ attempt: 3, asOfMs: T });
  expect(describeLink(lost, undefined, T).kind).toBe('reconnecting');
});

test('a connection that catches up keeps the banner until it has', () => {
  expect(describeLink({ ...lost, phase: 'catching-up' }, undefined, T + 3_000).banner).toBeDefined();
});

test('the age is the younger of what the heartbeat and the last data prove', () => {
  expect(describeLink(up, undefined, T + 1_000).dataAgeMs).toBe(1_000);
  expect(describeLink({ ...up, lastDataMs: T - 60_000 }, undefined, T + 1_000).dataAgeMs).toBe(1_120);
  expect(describeLink({ phase: 'connecting', attempt: 0 }, undefined, T).dataAgeMs).toBeUndefined();
});

test('a server far behind its log is stale though its socket lives', () => {
  const behind = { ...up, heartbeat: { atMs: T, dataAgeMs: 31_000 } };
  expect(describeLink(behind, undefined, T).kind).toBe('stale');
});

test('a pause shows its own age, and trouble outranks it', () => {
  const pause = { sinceMs: T - 5_000, updates: 4 };
  expect(describeLink(up, pause, T)).toMatchObject({ kind: 'paused', dataAgeMs: 5_000 });
  expect(describeLink(lost, pause, T).kind).toBe('reconnecting');
});
