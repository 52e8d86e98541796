/** What the pages that manage make of what the API says. */
import { describe, expect, test } from 'vitest';
import type { CoursePoint } from '../src/api/system';
import { totalOf, usagePath } from '../src/api/usage';
import { bytesText, fatesOf, minutesOf, ratePerS, sumOf } from '../src/charts/system';
import { fieldOf } from '../src/ui/act';
import { browserWords } from '../src/ui/agent';

const point = (atS: number, accepted: number, lag = 0): CoursePoint => ({ at_ms: atS * 1_000, accepted_per_s: accepted, rejected_per_s: 1, shed_per_s: 2, stored_per_s: 0, lag_records: lag });

describe('the last hour', () => {
  test('a minute has the events of its points, however long each took; the present one is in part', () => {
    const course = [point(70, 10), point(80, 20), point(120, 30), point(131, 40)];
    expect(minutesOf(course, 'accepted').map(({ atS, value, partial }) => [atS, value, partial])).toEqual([[60, 100 + 200 + 1_200, false], [120, 440, true]]);
    expect(minutesOf(course, 'refused').map(({ value }) => value)).toEqual([180, 33]);
  });
  test('of a lag the highest counts', () => {
    expect(minutesOf([point(70, 0, 5), point(80, 0, 90), point(90, 0, 2)], 'lag')[0]?.value).toBe(90);
  });
  test('the rate is that of the last minute, and of nothing it is not known', () => {
    expect(ratePerS([])).toBeUndefined();
    expect(ratePerS([point(0, 1_000), ...[10, 20, 30, 40, 50, 60].map((atS) => point(atS, 10))])).toBe(10);
  });
});

describe('counters', () => {
  const series = (name: string, labels: Record<string, string>, value: number) => ({ name, labels, value });
  const counters = [
    series('playhead_events_processed_total', { fate: 'stored' }, 5),
    series('playhead_events_intake_total', { format: 'mux', fate: 'rejected', reason: 'bad_time' }, 2),
    series('playhead_events_intake_total', { format: 'native', fate: 'accepted' }, 7),
    series('playhead_events_intake_total', { format: 'cmcd', fate: 'accepted' }, 0),
    series('playhead_lag_records', {}, 9),
  ];
  test('come in the order of an event’s way, what happened first, without those that are zero', () => {
    expect(fatesOf(counters).map(({ stage, what, value }) => [stage, what, value])).toEqual([
      ['Events at intake', 'accepted, native', 7], ['Events at intake', 'rejected, bad time, mux', 2], ['Events read from the log', 'stored', 5],
    ]);
  });
  test('are summed by their labels', () => {
    expect(sumOf(counters, 'playhead_events_intake_total')).toBe(9);
    expect(sumOf(counters, 'playhead_events_intake_total', { fate: 'rejected' })).toBe(2);
  });
});

test('sizes in steps of a thousand', () => {
  expect([0, 999, 1_000, 64_512_000, 812e9, 1e12, 5e15].map(bytesText)).toEqual(['0 B', '999 B', '1.0 kB', '64.5 MB', '812 GB', '1.0 TB', '5000 TB']);
});

test('a problem stands beside the field it is about, or under the form', () => {
  const fields = { origins: /origin/, name: /name/ };
  expect(fieldOf('`x` is no origin: write https://example.org Request 7.', fields)).toBe('origins');
  expect(fieldOf('a name has at most 100 printable characters', fields)).toBe('name');
  expect(fieldOf('The server could not be reached.', fields)).toBeUndefined();
  expect(fieldOf(undefined, fields)).toBeUndefined();
});

test('usage is asked for two seconds and a step, and added up', () => {
  expect(usagePath({ fromS: 10, toS: 20 }, 'hour')).toBe('/data/v1/usage?timeframe%5B%5D=10&timeframe%5B%5D=20&group_by=hour');
  const step = { date: '', views: 2, minutes_watched: 1.5, events: 9, beacons: 3 };
  expect([totalOf([step, step], 'minutes_watched'), totalOf([], 'views')]).toEqual([3, 0]);
});

describe('who is signed in', () => {
  test.each([
    ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36', 'Chrome 156 on Linux'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0', 'Edge 142 on Windows'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1', 'Safari 18 on iPhone'],
    ['Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0', 'Firefox 145 on Android'],
    ['curl/8.5.0', 'curl/8.5.0'],
  ])('%s', (agent, words) => {
    expect(browserWords(agent)).toBe(words);
  });
});
