/** Time, comparison and what leaves a panel: the parts of the screens of history that are pure. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { zoomedByKey } from '../src/charts/keys';
import { stepColumns, stepRows, summariseSteps } from '../src/charts/history';
import { standouts } from '../src/charts/standouts';
import { valueText } from '../src/charts/unit';
import { changeOf, moved, shiftS } from '../src/time/compare';
import { STEP_S, fittingStep, neighbour, resolve, stepsFor, timeframeOf, whyNot, written, zoomed } from '../src/time/frame';
import { csv, curl, fileName, sqlAddress, whyNoSql } from '../src/ui/export';

const NOW_MS = Date.UTC(2026, 10, 22, 11, 20, 30);
const DAY_S = 86_400;

describe('timeframes', () => {
  test('the address is read and written alike, and nonsense is the default', () => {
    const second = fc.integer({ min: 1_700_000_000, max: 1_800_000_000 });
    fc.assert(fc.property(second, fc.integer({ min: 60, max: 90 * DAY_S }), (fromS, lengthS) => {
      const frame = { fromS, toS: fromS + lengthS };
      expect(resolve(timeframeOf(written(frame)), NOW_MS, 'utc')).toEqual(frame);
    }));
    for (const bad of [null, '', '2h', '10-5', '1-99999999999', '1795000000-1795000010', '0-9999999999']) expect(timeframeOf(bad)).toBe('24h');
  });

  test('names move with the clock, days with the calendar of the zone', () => {
    expect(resolve('24h', NOW_MS, 'utc')).toEqual({ fromS: NOW_MS / 1_000 - DAY_S + 1, toS: NOW_MS / 1_000 + 1 });
    const midnight = Date.UTC(2026, 10, 22) / 1_000;
    expect(resolve('today', NOW_MS, 'utc')).toEqual({ fromS: midnight, toS: NOW_MS / 1_000 + 1 });
    expect(resolve('yesterday', NOW_MS, 'utc')).toEqual({ fromS: midnight - DAY_S, toS: midnight });
  });

  test('steps make a picture: several, and not thousands', () => {
    for (const [timeframe, step] of [['1h', 'minute'], ['24h', 'hour'], ['7d', 'hour'], ['28d', 'day']] as const) {
      const frame = resolve(timeframe, NOW_MS, 'utc');
      expect(fittingStep(frame)).toBe(step);
      expect(stepsFor(frame)).toContain(step);
      for (const offered of stepsFor(frame)) expect((frame.toS - frame.fromS) / STEP_S[offered]).toBeLessThanOrEqual(2_000);
    }
  });

  test('beyond what is kept, and in the future, there is nothing to step to', () => {
    const frame = resolve('90d', NOW_MS, 'utc');
    expect(neighbour(frame, -1, NOW_MS)).toBeUndefined();
    expect(neighbour(frame, 1, NOW_MS)).toBeUndefined();
    expect(neighbour(resolve('7d', NOW_MS, 'utc'), -1, NOW_MS)).toBeDefined();
    expect(whyNot(NOW_MS - 5_000, NOW_MS - 9_000, NOW_MS)).toMatch(/end has to come after/);
    expect(whyNot(NOW_MS - 200 * DAY_S * 1_000, NOW_MS - 199 * DAY_S * 1_000, NOW_MS)).toMatch(/90 days/);
    expect(whyNot(NOW_MS - DAY_S * 1_000, NOW_MS, NOW_MS)).toBeUndefined();
  });

  test('a zoom is of whole minutes, at least five of them, and never in the future', () => {
    const nowS = NOW_MS / 1_000;
    fc.assert(fc.property(fc.integer({ min: -9 * DAY_S, max: DAY_S }), fc.integer({ min: 0, max: 200 * DAY_S }), (from, length) => {
      const { fromS, toS } = zoomed(nowS + from, nowS + from + length, NOW_MS);
      expect(fromS % 60 + toS % 60).toBe(0);
      expect(toS - fromS).toBeGreaterThanOrEqual(300);
      expect(toS - fromS).toBeLessThanOrEqual(90 * DAY_S);
      expect(toS).toBeLessThanOrEqual(nowS + 60);
    }));
    expect(zoomedByKey('+', [0, 100, 200, 300, 400], 2)).toEqual([100, 300]);
    expect(zoomedByKey('+', [0, 100, 200, 300, 400], 0)).toEqual([0, 200]);
    expect(zoomedByKey('-', [0, 400], 0)).toEqual([-200, 600]);
    expect(zoomedByKey('a', [0, 400], 0)).toBeUndefined();
  });
});

describe('comparison', () => {
  test('each step meets a step: the way back is a whole number of them', () => {
    fc.assert(fc.property(fc.integer({ min: 60, max: 90 * DAY_S }), (lengthS) => {
      const frame = { fromS: 1_795_000_000, toS: 1_795_000_000 + lengthS };
      const byS = shiftS('previous', written(frame), frame) ?? 0;
      expect(byS % STEP_S[fittingStep(frame)]).toBe(0);
      expect(moved(frame, byS).toS).toBeLessThanOrEqual(frame.fromS);
      expect((shiftS('week', written(frame), frame) ?? 0) % (7 * DAY_S)).toBe(0);
    }));
    const today = resolve('today', NOW_MS, 'utc');
    expect(shiftS('previous', 'today', today)).toBe(DAY_S);
    expect(shiftS('none', 'today', today)).toBeUndefined();
  });

  test('better and worse follow the metric’s direction, and rounding to nothing is no change', () => {
    expect(changeOf(1_200, 1_000, 'milliseconds', 'lower_is_better')).toEqual({ text: '+20.0%', way: 'up', verdict: 'worse' });
    expect(changeOf(0.05, 0.04, 'ratio', 'lower_is_better')).toEqual({ text: '+1.0 pts', way: 'up', verdict: 'worse' });
    expect(changeOf(80, 70, 'score', 'higher_is_better')).toMatchObject({ way: 'up', verdict: 'better' });
    expect(changeOf(90, 100, 'count', 'neither')).toMatchObject({ way: 'down', verdict: 'lower' });
    expect(changeOf(1_000.1, 1_000, 'milliseconds', 'lower_is_better')).toMatchObject({ way: 'same', verdict: 'unchanged' });
    expect(changeOf(null, 5, 'count', 'neither')).toBeUndefined();
    expect(changeOf(5, 0, 'count', 'neither')).toMatchObject({ way: 'up' });
    expect(changeOf(62_092_254, 0, 'milliseconds', 'neither')).toMatchObject({ text: '+17 h 15 min', way: 'up' });
  });
});

describe('a history', () => {
  const frame = { fromS: 3_600 * 10 + 600, toS: 3_600 * 13 };
  const at = (hour: number): string => new Date(hour * 3_600_000).toISOString();
  const rows = stepRows([[at(10), 5, 40], [at(11), null, 0], [at(12), 9, 50]], frame, 'hour', { steps: [[at(9), 4, 30]], shiftS: 3_600 });

  test('knows which steps are only in part within the timeframe, and pairs each with the one before', () => {
    expect(rows.map(({ partial }) => partial)).toEqual([true, false, false]);
    expect(rows.map(({ before }) => before?.value)).toEqual([4, null, null]);
    expect(stepColumns(rows, 'hour')[0].map((s) => s / 3_600)).toEqual([10, 11, 12, 13]);
    expect(stepColumns(rows, 'hour')[1]).toEqual([5, null, 9, 9]);
  });

  test('is told in words, extremes of a handful of views left out', () => {
    expect(summariseSteps(rows, 'hour', 'score')).toMatch(/^Highest by hour, of hours with 30 views or more: 9\.0 at .*\(50 views\)\. Lowest: 5\.0.*1 of 3 hours has no view to measure\. Hatched/);
    const counts = stepRows([['2026-11-21T10:00:00Z', 0, 0], ['2026-11-21T11:00:00Z', 7, 7], ['2026-11-21T12:00:00Z', 0, 0]], { fromS: Date.parse('2026-11-21T10:30:00Z') / 1_000, toS: Date.parse('2026-11-21T13:00:00Z') / 1_000 }, 'hour');
    expect(summariseSteps(counts, 'hour', 'count')).toMatch(/^Highest by hour: 7 at .*\. Lowest: 0 at .*\. Hatched/);
    expect(summariseSteps(counts.filter(({ views }) => views === 0), 'hour', 'count')).toBe('There is nothing to measure in this time.');
    expect(summariseSteps([], 'hour', 'score')).toBe('There is nothing to measure in this time.');
  });

  test('values have units, and unknown is a dash', () => {
    expect([valueText(null, 'ratio'), valueText(0.0142, 'ratio'), valueText(0.5, 'per_minute'), valueText(3e8, 'milliseconds'), valueText(2_800_000, 'bits_per_second')])
      .toEqual(['–', '1.4%', '0.50 /min', '83 h', '2.8 Mbit/s']);
  });
});

describe('places that stand out', () => {
  test('a planted drop and a planted replay are found, a steady decline is not', () => {
    const viewers = Array.from({ length: 300 }, (_, s) => (s < 100 ? 400 : 250) - Math.floor(s / 10));
    const plays = viewers.map((n, s) => n + (s >= 200 && s < 210 ? 120 : 0) + (s === 205 ? 60 : 0));
    const found = standouts({ bucketMs: 1_000, totalViews: 400, viewers, plays, moments: [] });
    expect(found.map(({ kind }) => kind)).toEqual(['intro', 'drop', 'replayed']);
    expect(found[1]?.fromMs).toBeGreaterThanOrEqual(94_000);
    expect(found[1]?.toMs).toBeLessThanOrEqual(106_000);
    expect([found[2]?.fromMs, found[2]?.toMs].map((ms) => Math.abs((ms ?? 0) - 205_000))).toSatisfy((far: number[]) => far.every((ms) => ms <= 9_000));
    expect(found[2]?.words, 'as the chart has it').toBe('played again: 180 replays at its height');
    expect(standouts({ bucketMs: 1_000, totalViews: 0, viewers: [], plays: [], moments: [] })).toEqual([]);
  });
});

describe('the scripted history of the page tests', () => {
  test('has the metrics there are', () => {
    const docs = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
    const table = docs.slice(docs.indexOf('| metric |'), docs.indexOf('<!-- end -->'));
    const documented = [...table.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, id]) => id);
    const scripted = JSON.parse(readFileSync(new URL('../e2e/metrics.json', import.meta.url), 'utf8')) as { id: string }[];
    expect(scripted.map(({ id }) => id)).toEqual(documented);
  });
});

describe('what leaves a panel', () => {
  test('no text of a stranger becomes a formula, and every field comes back as it was', () => {
    expect(csv([['a', '=1+1', '@x', '-2', 'b"c,d'], [1, -2, null, 0.5, 'x\ny']])).toBe('a,\'=1+1,\'@x,\'-2,"b""c,d"\r\n1,-2,,0.5,"x\ny"\r\n');
    fc.assert(fc.property(fc.string(), (text) => {
      const line = csv([[text]]);
      const inner = line.slice(0, -2);
      const back = inner.startsWith('"') && inner.length > 1 ? inner.slice(1, -1).replaceAll('""', '"') : inner;
      expect(back === text || back === `'${text}`).toBe(true);
      expect(back).not.toMatch(/^[=+\-@\t\r]/);
    }));
  });

  test('a call survives a shell, a name every file system', () => {
    expect(curl('/data/v1/system', 'https://p.example')).toBe(`curl -b "playhead_session=$PLAYHEAD_SESSION" 'https://p.example/data/v1/system'`);
    expect(sqlAddress('/data/v1/video-views?limit=50')).toBe('/data/v1/video-views/sql?limit=50');
    expect(sqlAddress('/data/v1/engagement/videos/a%2Fb/viewers?limit=20')).toBe('/data/v1/engagement/videos/a%2Fb/viewers/sql?limit=20');
    // Each question has a statement, or a reason why there is none; the pages of views have theirs beside them.
    for (const path of ['/data/v1/live/overview', '/data/v1/system', '/data/v1/refusals', '/data/v1/incidents/a/log', '/data/v1/annotations', '/readyz']) expect([sqlAddress(path), whyNoSql(path) === undefined]).toEqual([undefined, false]);
    expect([sqlAddress('/data/v1/video-views/past-1'), whyNoSql('/data/v1/video-views/past-1')]).toEqual([undefined, undefined]);
    expect(curl("/data?filters[]=a:o'b", 'https://p.example')).toBe(`curl -u "$PLAYHEAD_TOKEN" 'https://p.example/data?filters[]=a:o%27b'`);
    expect(fileName(['Views over time', '21 Nov, 18:00', '../x'], 'csv')).toBe('views-over-time_21-nov-18-00_x.csv');
  });
});
