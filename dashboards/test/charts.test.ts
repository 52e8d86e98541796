/** Columns, tables and sentences: zero is not no-data, and gaps stay gaps. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { engagementRows, fromLive, summariseEngagement } from '../src/charts/engagement';
import { age, count, duration, position, ratio, share } from '../src/charts/format';
import { passes, seen } from '../src/charts/passes';
import { gapsOf, lastColumn, liveColumns, minuteRows, sumLast, summariseLive } from '../src/charts/series';

const series = {
  step_ms: 1_000,
  points: { 100: { viewers: 4, rebuffering: 1, starts: 2 }, 101: { viewers: 0, rebuffering: 0, starts: 0 }, 104: { viewers: 8, rebuffering: 2, starts: 1 } },
};

describe('the timeseries', () => {
  test('fills an even window, with null where nothing is known and no share of zero viewers', () => {
    expect(liveColumns(series, 6)).toEqual({
      time: [99, 100, 101, 102, 103, 104],
      viewers: [null, 4, 0, null, null, 8],
      rebuffering: [null, 1, 0, null, null, 2],
      rebufferingShare: [null, 0.25, null, null, null, 0.25],
    });
    expect(liveColumns({ step_ms: 1_000, points: {} }, 6).time).toEqual([]);
  });

  test('moves on with the clock while the connection is away', () => {
    const columns = liveColumns(series, 4, 106);
    expect(columns.time).toEqual([103, 104, 105, 106]);
    expect(columns.viewers).toEqual([null, 8, null, null]);
  });

  test('sums only what is known', () => {
    expect(sumLast(series, 'starts', 5)).toBe(3);
    expect(sumLast(series, 'failures', 5)).toBeUndefined();
    expect(lastColumn(series, 'viewers', 3)).toEqual([null, null, 8]);
  });

  test('minutes hold the highest level and the sum of what happened', () => {
    expect(minuteRows(series)).toEqual([
      { minuteMs: 60_000, viewers: 8, rebuffering: 2, starts: 3, failures: undefined, exits: undefined },
    ]);
  });

  test('finds gaps of a length, one at the end too', () => {
    expect(gapsOf([null, 1, null, null, 2, null, null, null], 2)).toEqual([[2, 4], [5, 8]]);
  });

  test('says what it shows', () => {
    expect(summariseLive(liveColumns(series, 6))).toMatch(/^8 viewers at .*, 25\.0% of them rebuffering\. Highest: 8 at .* 2 seconds of the window not known\. Nothing is known before .*\.$/);
  });
});

describe('engagement', () => {
  const live = fromLive({ video_id: 'v', duration_ms: 5_000, bucket_ms: 1_000, total_views: 4, plays: { 0: 4, 1: 6, 2: 2 }, viewers: { 0: 4, 1: 3, 2: 2 }, moments: { share: { 4: 1 }, buy: { 3: 2, 1: 5 } } });

  test('buckets that are missing are zero, up to the length of the video', () => {
    expect(live.viewers).toEqual([4, 3, 2, 0, 0]);
    expect(live.plays).toEqual([4, 6, 2, 0, 0]);
  });

  test('the site\'s own events come by name, the most frequent first, and in the order of the video', () => {
    expect(live.moments).toEqual([
      { name: 'buy', total: 7, places: [{ atMs: 1_000, count: 5 }, { atMs: 3_000, count: 2 }] },
      { name: 'share', total: 1, places: [{ atMs: 4_000, count: 1 }] },
    ]);
  });

  test('is told in a few sentences', () => {
    expect(summariseEngagement(live)).toBe(
      '4 views. Most viewers at 0:00: 4. Most replayed at 0:01: 3 replays. At least half of the views reach 0:02; 0.0% reach the end.',
    );
  });

  test('its table keeps the mean, and stays short', () => {
    fc.assert(fc.property(fc.array(fc.nat(50), { minLength: 1, maxLength: 2_000 }), (viewers) => {
      const rows = engagementRows({ bucketMs: 1_000, totalViews: 50, viewers, plays: viewers, moments: [] });
      expect(rows.length).toBeLessThanOrEqual(60);
      expect(rows.at(-1)?.toMs).toBe(viewers.length * 1_000);
      const total = rows.reduce((sum, row) => sum + (row.viewers * (row.toMs - row.fromMs)) / 1_000, 0);
      expect(total).toBeCloseTo(viewers.reduce((sum, n) => sum + n, 0), 3);
    }));
  });
});

describe('passes', () => {
  const ranges = fc.array(fc.tuple(fc.nat(60), fc.nat(60)).map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)]), { maxLength: 8 });

  test('agree with counting every moment by itself', () => {
    fc.assert(fc.property(ranges, (list) => {
      const stretches = passes(list, 60);
      for (let at = 0; at < 60; at++) {
        const expected = list.filter(([from, to]) => from <= at && at < to).length;
        expect(stretches.find((s) => s.fromMs <= at && at < s.toMs)?.passes).toBe(expected);
      }
    }));
  });

  test('what was seen is told in the fewest ranges', () => {
    expect(seen(passes([[0, 10], [5, 20], [30, 40]], 60))).toEqual([[0, 20], [30, 40]]);
    expect(seen(passes([], 60))).toEqual([]);
  });
});

describe('numbers', () => {
  test('zero is not no-data', () => {
    expect([count(0), ratio(0), duration(0)]).toEqual(['0', '0.0%', '0 ms']);
    expect([count(undefined), ratio(null), duration(undefined), position(undefined)]).toEqual(['–', '–', '–', '–']);
    expect([share(0, 0), share(1, 4), share(undefined, 4)]).toEqual([undefined, 0.25, undefined]);
  });

  test('lengths of time come in their natural unit', () => {
    expect([420, 1_840, 59_960, 200_000, 3_600_000, 7_500_000].map(duration)).toEqual(['420 ms', '1.8 s', '1 min', '3 min 20 s', '1 h', '2 h 5 min']);
    expect([300, 9_940, 12_900, 61_000, 394_000].map(age)).toEqual(['0.3 s', '9.9 s', '12 s', '1 min', '6 min']);
    expect([0, 42_000, 3_723_000].map(position)).toEqual(['0:00', '0:42', '1:02:03']);
  });

  test('large counts are short', () => {
    expect([99_999, 1_234_567].map(count)).toEqual(['99,999', '1.2M']);
  });
});
