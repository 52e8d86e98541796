/** Errors, what is wrong now, comparisons and notes: the parts of these screens that are pure. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { questionOf } from '../src/api/batch';
import { breakdownPath, overallPath } from '../src/api/metrics';
import type { BreakdownAnswer, Definition, Insight } from '../src/api/metrics';
import { courseOf } from '../src/compare/course';
import { maybeChance, segmentName, segmentsOf, withSegments } from '../src/compare/segments';
import { errorRows, messageGroups, ordered, placeRows, plainMessage } from '../src/errors/errors';
import type { Parts } from '../src/errors/errors';
import { marksOf } from '../src/notes/marks';
import { causesOf } from '../src/charts/causes';
import { filterSentence, filterText, matchesLive, notLive, parseFilter } from '../src/views/filters';
import type { Filter } from '../src/views/filters';

const FRAME = { fromS: 1_795_000_000, toS: 1_795_086_400 };
const OF = { frame: FRAME, filters: [{ dimension: 'cdn', value: 'a b&c', negated: true }] };

const groups = (rows: [string | null, number | null, number][]): BreakdownAnswer => ({
  data: rows.map(([field, value, views]) => ({ field, value, views, negative_impact: 0 })), timeframe: [FRAME.fromS, FRAME.toS], total_row_count: rows.length,
});

describe('questions that go together', () => {
  test('say what their paths say', () => {
    expect(questionOf(overallPath('video_startup_time', '95th', OF))).toEqual({
      metric: 'video_startup_time', kind: 'overall', measurement: '95th', selection: { timeframe: ['1795000000', '1795086400'], filters: ['!cdn:a b&c'] },
    });
    expect(questionOf(breakdownPath({ metric: 'views', dimension: 'country', order: 'views', descending: true, limit: 7, page: 2 }, OF)))
      .toMatchObject({ kind: 'breakdown', group_by: 'country', order_by: 'views', order_direction: 'desc', limit: 7, page: 2 });
    for (const alone of ['/data/v1/errors?timeframe[]=1', '/data/v1/metrics', '/data/v1/metrics/views/insights?limit=1']) expect(questionOf(alone)).toBeUndefined();
  });
});

describe('conditions', () => {
  test('of every kind come back as they were written', () => {
    const relation = fc.constantFrom<Filter['relation']>(undefined, 'contains', 'begins', 'known', 'from', 'to');
    fc.assert(fc.property(fc.constantFrom('country', 'custom.plan', 'video_startup_time'), relation, fc.string({ minLength: 1 }), fc.boolean(), (dimension, how, text, negated) => {
      const filter: Filter = { dimension, ...(how === undefined ? {} : { relation: how }), value: how === 'known' ? '' : text, negated };
      expect(parseFilter(filterText(filter))).toEqual(filter);
    }));
    expect(parseFilter('-video_title:derby')).toEqual({ dimension: 'video_title', relation: 'contains', value: 'derby', negated: true });
    expect(parseFilter('!(cdn:a or cdn:b)')).toMatchObject({ relation: 'expression', negated: true, value: '(cdn:a or cdn:b)' });
  });

  test('read as sentences, and say which of them new views cannot be held against', () => {
    const of = (text: string): Filter => parseFilter(text) ?? { dimension: '?', value: '', negated: false };
    expect(['+video_title:derby', '!?country', 'video_startup_time>=2000', 'cdn:__empty__'].map((text) => filterSentence(of(text))))
      .toEqual(['Title contains derby', 'Country is not known', 'Startup, ms is at least 2000', 'CDN is not known']);
    const row = { start_ms: 0, state: 'playing' as const, country: 'DE', title: 'City derby' };
    expect(['+video_title:DERBY', '^video_title:city', '?country', '!?cdn', '!+video_title:derby', '?cdn'].map((text) => matchesLive(row, [of(text)]))).toEqual([true, true, true, true, false, false]);
    expect(notLive(['video_startup_time>=2000', '?country', '(cdn:a)'].map(of))).toEqual(['video_startup_time', 'such an expression']);
  });
});

describe('errors', () => {
  const answer = (code: string, count: number, percentage: number) => ({ player_error_code: code, message: 'm', count, percentage, last_seen: '2026-11-22T10:00:00Z' });
  const now = [answer('fatal', 100, 0.1), answer('rule', 60, 0.06), answer('warning', 40, 0.04), answer('mixed', 20, 0.02)];
  const parts: Parts = { viewers: groups([['fatal', 30, 100], ['warning', 39, 40]]), failures: groups([['fatal', 100, 100], ['mixed', 5, 20]]), rules: groups([['rule', 60, 60]]) };

  test('are told by what they do, and are new only beside a time without them', () => {
    expect(errorRows(now, parts, undefined).map(({ kind }) => kind)).toEqual(['fatal', 'rule', 'warning', 'mixed']);
    const rows = errorRows(now, undefined, [answer('fatal', 50, 0.12)]);
    expect(rows.map(({ kind, before }) => [kind, before?.views])).toEqual([['unknown', 50], ['unknown', 0], ['unknown', 0], ['unknown', 0]]);
    expect(ordered(rows, 'change').map(({ code }) => code)).toEqual(['rule', 'warning', 'mixed', 'fatal']);
    expect(ordered(errorRows(now, parts, undefined), 'viewers').map(({ code }) => code)).toEqual(['rule', 'warning', 'fatal', 'mixed']);
  });

  test('messages that differ by numbers, ids and addresses are one', () => {
    expect(plainMessage('GET https://a.example/v/1.ts answered 503 after 1,204 ms')).toBe('GET ‹address› answered ‹n› after ‹n› ms');
    expect(plainMessage('session 0198c0de-0000-7000-8000-000000000001 gone')).toBe('session ‹id› gone');
    const views = ['seg 1 broke', null, 'seg 22 broke'].map((message, i) => ({ id: `v${i}`, player_error_message: message }));
    expect(messageGroups(views)).toEqual([{ text: 'seg ‹n› broke', example: 'seg 1 broke', views: 2, viewId: 'v0' }, { text: '', example: '', views: 1, viewId: 'v1' }]);
  });

  test('places are compared with all views, and a handful says nothing', () => {
    const rows = placeRows(groups([['a', null, 60], ['b', null, 5], [null, null, 2]]), groups([['a', null, 1_000], ['b', null, 12], [null, null, 400]]), 0.02);
    expect(rows.map(({ value, part, times }) => [value, part, times])).toEqual([['a', 0.06, 3], ['b', 5 / 12, undefined], [null, 0.005, 0.25]]);
  });
});

describe('segments', () => {
  const common = { frame: FRAME, filters: [{ dimension: 'country', value: 'DE', negated: false }] };

  test('are in the address, each with its own conditions and time, and all with the common ones', () => {
    const href = withSegments({ path: '/compare', params: new URLSearchParams('zone=utc&d=x%3Ay') }, [
      { filters: [{ dimension: 'cdn', value: 'a', negated: false }], timeframe: undefined }, { filters: [], timeframe: '1795000000-1795003600' }, { filters: [], timeframe: undefined },
    ]);
    expect(href).toBe('/compare?zone=utc&a=cdn%3Aa&b.time=1795000000-1795003600&c=');
    const segments = segmentsOf(new URL(href, 'http://x').searchParams, common, 0, 'utc');
    expect(segments.map(({ of }) => [of.frame.fromS, of.filters.map(filterText).join(' ')])).toEqual([[FRAME.fromS, 'country:DE cdn:a'], [1_795_000_000, 'country:DE'], [FRAME.fromS, 'country:DE']]);
    expect(segments.map(segmentName)).toEqual(['CDN is a', expect.stringMatching(/^All views, time from /), 'All views']);
  });

  test('shares that differ by less than chance say so; of other values the spread is not known', () => {
    const definition = (unit: Definition['unit'], measurements: Definition['measurements']): Definition => ({ id: 'm', name: 'M', unit, definition: '', direction: 'lower_is_better', measurements, aggregation: 'view_end' });
    const share = definition('ratio', ['avg', 'count']);
    const cell = (value: number | null, total_views: number) => ({ value, total_views });
    expect(maybeChance(share, cell(0.05, 100), cell(0.06, 100))).toBe(true);
    expect(maybeChance(share, cell(0.05, 100_000), cell(0.06, 100_000))).toBe(false);
    expect(maybeChance(share, cell(null, 100), cell(0.06, 100))).toBeUndefined();
    expect(maybeChance(definition('ratio', ['avg', 'median']), cell(0.05, 100), cell(0.06, 100))).toBeUndefined();
  });

  test('of different times are laid over each other by their beginnings', () => {
    const at = (hour: number): string => new Date(hour * 3_600_000).toISOString();
    const series = (steps: [number, number | null][]) => ({ data: steps.map(([hour, value]): [string, number | null, number] => [at(hour), value, 1]), timeframe: [0, 0] as [number, number] });
    const course = courseOf([series([[100, 1], [101, 2]]), series([[50, 5], [51, null], [52, 7]])], [{ fromS: 360_000, toS: 367_200 }, { fromS: 180_060, toS: 190_800 }], 'hour');
    expect(course).toEqual({ atS: [360_000, 363_600, 367_200], values: [[1, 2, null], [5, null, 7]] });
  });
});

test('causes of a change are those that do more harm than they did', () => {
  const insight = (filter_value: string, negative_impact_score: number): Insight => ({ filter_column: 'country', filter_value, metric: 1, negative_impact_score, total_views: 100 });
  const now = [insight('DE', 5), insight('BR', 4), insight('FR', -1)];
  const before = [insight('DE', 5), insight('FR', -3)];
  expect(causesOf(now, before, 'impact').map(({ now: { filter_value: value } }) => value)).toEqual(['DE', 'BR']);
  expect(causesOf(now, before, 'change').map(({ now: { filter_value: value }, moved }) => [value, moved])).toEqual([['BR', 4], ['FR', 2]]);
});

test('notes stand at their times, those too near to each other as one', () => {
  const note = (id: string, atS: number) => ({ id, atMs: atS * 1_000, text: id, by: 'session' });
  const marks = marksOf([note('late', 900), note('a', 500), note('b', 510), note('out', 1_100)], 0, 1_000);
  expect(marks.map(({ at, notes }) => [at, notes.map(({ id }) => id)])).toEqual([[0.5, ['a', 'b']], [0.9, ['late']]]);
});
