/** The list and the verdict: filters there and back, rows of history and live in one list, a view in one sentence. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ViewAnswer, ViewSummary } from '../src/api/views';
import { bitrateText, positionExact } from '../src/charts/format';
import type { ViewRow } from '../src/live/topics';
import { courseOf } from '../src/views/course';
import { factGroups } from '../src/views/facts';
import { added, filterText, filtersOf, flipped, matchesLive, notLive, parseFilter, withFilters, without } from '../src/views/filters';
import { atX, lanesFor, lengthOf, rungs, ticks, xOf } from '../src/views/layout';
import { lastList, listAround, movedOn, rememberOpened, takeOpened } from '../src/views/opened';
import { recordOf } from '../src/views/record';
import { fromHistory, fromLive, merged } from '../src/views/rows';
import { plain, ticket } from '../src/views/ticket';
import { verdict } from '../src/views/verdict';
import type { Figures } from '../src/views/verdict';

const filter = fc.record({
  dimension: fc.constantFrom('country', 'browser', 'custom.plan', 'video_id'),
  value: fc.string(),
  negated: fc.boolean(),
});

describe('filters', () => {
  test('are the same after the address and after the API’s form', () => {
    fc.assert(fc.property(fc.uniqueArray(filter, { selector: filterText, maxLength: 6 }), (filters) => {
      const href = withFilters('/views', new URLSearchParams('timeframe=7d&page=3&until=9'), filters);
      const params = new URL(href, 'http://here').searchParams;
      expect(filtersOf(params)).toEqual(filters);
      expect([params.get('timeframe'), params.get('page'), params.get('until')]).toEqual(['7d', null, null]);
      for (const one of filters) expect(parseFilter(filterText(one))).toEqual(one);
    }));
  });

  test('what has no form is left out, what is there twice is there once', () => {
    expect(filtersOf(new URLSearchParams('filter=country&filter=%3ADE&filter=country%3ADE&filter=country%3ADE'))).toEqual([{ dimension: 'country', value: 'DE', negated: false }]);
    expect(withFilters('/views', new URLSearchParams(), [])).toBe('/views');
  });

  test('are added, turned round and taken away', () => {
    const de = { dimension: 'country', value: 'DE', negated: false };
    const fr = { ...de, value: 'FR' };
    expect(added([de], fr)).toEqual([de, fr]);
    expect(added([{ ...de, negated: true }], de)).toEqual([de]);
    expect(flipped([de, fr], de)).toEqual([{ ...de, negated: true }, fr]);
    expect(without([de, fr], de)).toEqual([fr]);
  });

  test('hold live rows as the server would: alternatives within a dimension, all dimensions together', () => {
    const row: ViewRow = { start_ms: 0, state: 'playing', country: 'DE', browser: 'Chrome' };
    const all = (...texts: string[]): boolean => matchesLive(row, filtersOf(new URLSearchParams(texts.map((text) => ['filter', text]))));
    expect(all()).toBe(true);
    expect(all('country:DE', 'country:FR', 'browser:Chrome')).toBe(true);
    expect(all('country:FR', 'browser:Chrome')).toBe(false);
    expect([all('!country:DE'), all('!country:FR', '!country:IT'), all('cdn:__empty__'), all('!cdn:__empty__')]).toEqual([false, true, true, false]);
    expect(all('device:phone')).toBe(false);
    expect(notLive(filtersOf(new URLSearchParams('filter=device:phone&filter=country:DE')))).toEqual(['device']);
  });
});

const summary = (id: string, startMs: number, rest: Partial<ViewSummary> = {}): ViewSummary => ({
  id, view_start: new Date(startMs).toISOString(), view_end: new Date(startMs + 1_000).toISOString(), view_ended: true, video_id: 'v', video_title: 'Title',
  viewer_id: null, country_code: 'DE', viewer_application_name: null, viewer_os_family: null, player_error_code: null, player_error_message: null, player_software: null, player_software_version: null, cdn: null,
  playback_failure: false, exit_before_video_start: false, rebuffer_count: 0, rebuffer_duration: 0, video_startup_time: 500, ...rest,
});

describe('rows', () => {
  test('tell what became of a view', () => {
    const result = (rest: Partial<ViewSummary>, nowMs = 9e9) => fromHistory(summary('a', 0, rest), nowMs).result;
    expect([result({}), result({ playback_failure: true }), result({ exit_before_video_start: true })]).toEqual(['ended', 'failed', 'left-before-start']);
    expect([result({ view_ended: false }, 30_000), result({ view_ended: false }, 90_000)]).toEqual(['running', 'gone']);
    expect(fromLive('a', { start_ms: 0, state: 'exited' }).result).toBe('left-before-start');
    expect(fromLive('a', { start_ms: 0, state: 'exited', startup_ms: 4 }).result).toBe('ended');
  });

  test('history keeps its order with live values, new views come on top', () => {
    const history = [fromHistory(summary('a', 5_000), 9_000), fromHistory(summary('b', 8_000), 9_000)];
    const live = new Map([
      ['b', fromLive('b', { start_ms: 8_000, state: 'rebuffering' })], ['old', fromLive('old', { start_ms: 100, state: 'playing' })],
      ['c', fromLive('c', { start_ms: 10_000, state: 'playing' })], ['d', fromLive('d', { start_ms: 11_000, state: 'starting' })],
      ['other', fromLive('other', { start_ms: 12_000, state: 'starting' })],
    ]);
    const rows = merged(history, live, (id) => id !== 'other', 9_000, 3);
    expect(rows.map(({ id }) => id)).toEqual(['d', 'c', 'a']);
    const all = merged(history, live, () => true, 9_000, 50);
    expect(all.find(({ id }) => id === 'b')).toMatchObject({ result: 'rebuffering', title: 'Title' });
  });

  test('the row one came from is told once, to its own list', () => {
    rememberOpened('/views?filter=country%3ADE', ['b', 'a'], 'a');
    expect(lastList()).toBe('/views?filter=country%3ADE');
    expect(takeOpened('/views')).toBeUndefined();
    expect(takeOpened('/views?filter=country%3ADE')).toBe('a');
    expect(takeOpened('/views?filter=country%3ADE')).toBeUndefined();
  });

  test('from a view of a list one goes on in that list, and comes back to the row one went on to', () => {
    rememberOpened('/views', ['c', 'b', 'a'], 'a');
    expect([listAround('b'), listAround('other')]).toEqual([['c', 'b', 'a'], undefined]);
    movedOn('b');
    movedOn('other');
    expect(takeOpened('/views')).toBe('b');
    expect(listAround('a')).toEqual(['c', 'b', 'a']);
  });
});

const figures = (rest: Partial<Figures> = {}): Figures => ({
  standing: 'over', attempted: true, started: true, startupMs: 2_100, watchMs: 66_667, rebufferMs: 0, rebufferCount: 0, failed: false, business: false,
  errorCode: undefined, warnings: 0, failedAtMs: undefined, playheadMs: 192_000, durationMs: 700_000, playedToEnd: false, doing: undefined, ...rest,
});

describe('the verdict', () => {
  test.each([
    ['Started after 2.1 s, stalled 3 times for 8.0 s in all (12% of watching), ended by fatal error 404 at 3:12.', { rebufferMs: 8_000, rebufferCount: 3, failed: true, errorCode: '404', failedAtMs: 192_000 }],
    ['Started after 2.1 s, never stalled, left at 3:12 of 11:40 (27%).', {}],
    ['Started after 2.1 s, stalled once for 300 ms (less than 1% of watching), played to the end.', { rebufferMs: 300, rebufferCount: 1, playedToEnd: true }],
    ['Started (how fast is not known), never stalled, 2 errors on the way, playing now at 3:12.', { startupMs: undefined, warnings: 2, standing: 'running' as const, doing: 'playing' }],
    ['Started after 2.1 s, never stalled, not heard of any more at 3:12.', { standing: 'silent' as const, durationMs: undefined }],
    ['Started after 2.1 s, never stalled, ended by a business rule geo-block at 3:12.', { business: true, errorCode: 'geo-block' }],
    ['Never started: stopped by fatal error 404 after waiting 2.6 s.', { started: false, failed: true, errorCode: '404', watchMs: 2_600 }],
    ['Left before the first frame.', { started: false, watchMs: 0 }],
    ['Waiting for the first frame, 4.0 s so far.', { started: false, standing: 'running' as const, watchMs: 4_000 }],
    ['Not heard of any more before the first frame after waiting 4.0 s.', { started: false, standing: 'silent' as const, watchMs: 4_000 }],
    ['The player was set up; play was not asked for.', { attempted: false }],
  ])('%s', (sentence, rest: Partial<Figures>) => {
    expect(verdict(figures(rest))).toBe(sentence);
  });

  test('is one sentence, whatever is not known', () => {
    const ms = fc.option(fc.nat(9_000_000), { nil: undefined });
    const any = fc.record<Figures>({
      standing: fc.constantFrom('running', 'over', 'silent'), attempted: fc.boolean(), started: fc.boolean(), startupMs: ms, watchMs: fc.nat(9_000_000),
      rebufferMs: fc.nat(9_000_000), rebufferCount: fc.nat(9), failed: fc.boolean(), business: fc.boolean(), errorCode: fc.constantFrom(undefined, '404'),
      warnings: fc.nat(3), failedAtMs: ms, playheadMs: ms, durationMs: ms, playedToEnd: fc.boolean(), doing: fc.constantFrom(undefined, 'paused'),
    });
    fc.assert(fc.property(any, (of) => {
      expect(verdict(of)).toMatch(/^[A-Z][^]*[^.,]\.$/);
      expect(verdict(of)).not.toMatch(/undefined|NaN|null|, ,| {2}/);
    }));
  });
});

const answer: ViewAnswer = {
  facts: { view_id: 'a', view_ended: false, view_end: '2026-11-22T08:00:10.000Z', view_start: '2026-11-22T08:00:00.000Z', video_startup_ms: 200, video_title: 'Old', ranges: [[0, 100]], asn: null, rendition_bitrate: 2_800_000, custom: { plan: 'gold' } },
  events: [
    { name: 'playing', viewer_time: 1_500, playback_time: null, details: { sequence: 2, received_at: 1_700 } },
    { name: 'play', viewer_time: 1_000, playback_time: 0, details: { sequence: 1, received_at: 1_700, rendition_height: '360' } },
  ],
};

describe('the record of a view', () => {
  test('joins what the store had with what live has told since, by number and on one clock', () => {
    const record = recordOf(answer, {
      view: { start_ms: 9, state: 'playing', title: 'New', playing_ms: 700 },
      // Live counts from an event the store does not have.
      events: { 1: { t_ms: 40, type: 'play' }, 2: { t_ms: 540, type: 'playing' }, 3: { t_ms: 1_240, type: 'rebufferstart', playhead_ms: 700 } },
      ranges: { 0: [0, 700] },
    }, 0);
    expect(record?.events.map(({ atMs, name }) => [atMs, name])).toEqual([[0, 'play'], [500, 'playing'], [1_200, 'rebufferstart']]);
    expect(record?.events[0]?.attributes).toEqual({ rendition_height: '360' });
    expect(record?.facts.video_title).toBe('New');
    expect(record?.ranges).toEqual([[0, 700]]);
    expect(record?.figures).toMatchObject({ standing: 'running', doing: 'playing', started: true, startupMs: 200 });
  });

  test('an error that only live has told of is grave when the view failed by it', () => {
    const events = { 1: { t_ms: 0, type: 'playing' }, 2: { t_ms: 10, type: 'error' }, 3: { t_ms: 20, type: 'error' } };
    const kinds = (state: 'playing' | 'failed') => courseOf(recordOf(undefined, { view: { start_ms: 9, state, error_code: '404' }, events }, 0)?.events ?? []).markers;
    expect(kinds('playing').map(({ kind }) => kind)).toEqual(['warning', 'warning']);
    expect(kinds('failed')).toEqual([{ atMs: 10, kind: 'warning', label: '' }, { atMs: 20, kind: 'fatal', label: '404' }]);
  });

  test('is there from either alone, and missing from neither', () => {
    expect(recordOf(undefined, { view: {} as never, events: {}, ranges: {} }, 0)).toBeUndefined();
    expect(recordOf(undefined, { view: { start_ms: 9, state: 'starting' } }, 0)?.figures).toMatchObject({ standing: 'running', started: false });
    const now = Date.parse('2026-11-22T08:00:40.000Z');
    expect(recordOf(answer, undefined, now)?.figures.standing).toBe('running');
    expect(recordOf(answer, undefined, now + 60_000)?.figures.standing).toBe('silent');
    expect(recordOf({ ...answer, facts: { ...answer.facts, view_ended: true } }, undefined, now)?.figures.standing).toBe('over');
  });

  test('shows every fact by its name, in its unit, or that it is not known', () => {
    const facts = new Map(factGroups(answer.facts).flatMap((group) => group.facts.map(({ name, text }) => [name, text])));
    expect([facts.get('asn'), facts.get('video_startup_ms'), facts.get('rendition_bitrate'), facts.get('view_ended'), facts.get('custom.plan')]).toEqual([undefined, '200 ms', '2.8 Mbit/s', 'no', 'gold']);
    expect([bitrateText(0), bitrateText(640_000), positionExact(68_023)]).toEqual(['–', '640 kbit/s', '1:08.023']);
  });
});

describe('the timeline’s layout', () => {
  const course = courseOf(recordOf(answer, undefined, 0)?.events ?? []);

  test('times become pixels and pixels times', () => {
    fc.assert(fc.property(fc.integer({ min: 200, max: 1_600 }), fc.integer({ min: 1_000, max: 20_000_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (width, lengthMs, share) => {
      const lanes = lanesFor(width, true);
      const atMs = Math.round(share * lengthMs);
      const x = xOf(lanes, lengthMs, atMs);
      expect(x).toBeGreaterThanOrEqual(lanes.left);
      expect(x).toBeLessThanOrEqual(width - lanes.right + 0.001);
      expect(Math.abs(atX(lanes, lengthMs, x) - atMs)).toBeLessThanOrEqual(1);
      const labels = ticks(lanes, lengthMs);
      expect(labels.length).toBeLessThanOrEqual(Math.max(1, Math.floor((width - lanes.left - lanes.right) / 60)) + 1);
      expect(labels.at(-1)).toBeLessThanOrEqual(lengthMs);
    }));
    expect(lengthOf(courseOf([]))).toBe(1);
  });

  test('renditions stand on rungs in the order of their bitrates', () => {
    const at = (bitrate: number) => ({ fromMs: 0, toMs: 1, height: 0, bitrate });
    const { of, count } = rungs([at(900), at(2_800), at(400), at(900)]);
    expect([count, of(at(400)), of(at(900)), of(at(2_800))]).toEqual([3, 0, 1, 2]);
    expect(course.renditions).toEqual([{ fromMs: 0, toMs: 500, height: 360, bitrate: 0 }]);
  });
});

describe('a ticket', () => {
  const MESSAGE = 'no | such\n# file <img src=x> `x` \u202e';
  const events = [
    { name: 'play', viewer_time: 1_000, playback_time: 0, details: { sequence: 1, received_at: 1_040, 'custom.request_id': 'r-0' } },
    { name: 'error', viewer_time: 61_000, playback_time: 57_840, details: { sequence: 2, received_at: 61_040, error_code: '404', error_message: MESSAGE, error_severity: 'fatal', 'custom.request_id': 'r-1' } },
  ];
  const facts = {
    view_start: '2026-11-21T20:15:00.000Z', view_end: '2026-11-21T20:16:00.000Z', view_ended: true, view_started: true, playback_failure: true, error_code: '404', viewer_id: 'viewer_4', session_id: null,
    video_title: 'City | derby', video_id: 'derby', browser: 'Safari', browser_version: '18', device: 'phone', cdn: 'edge-b', country: 'DE', asn: 3_320, video_startup_ms: 2_100, watch_ms: 66_667, rebuffer_ms: 8_000, rebuffer_count: 3,
    playhead_ms: 57_840, video_duration_ms: 700_000, custom: { plan: 'gold' },
  };
  const record = recordOf({ facts, events }, undefined, 9e12);
  const text = record === undefined ? '' : ticket('a1', record, 'https://playhead.example/views/a1');

  test('says what happened, to whom, when and with what, and leads back', () => {
    const lines = text.split('\n');
    expect(lines[0]).toBe('**Started after 2.1 s, stalled 3 times for 8.0 s in all (12% of watching), ended by fatal error 404 at 0:57.**');
    for (const line of [
      '| View id | `a1` |', '| Viewer id | `viewer_4` |', '| Session id | unknown |', '| Title | City \\| derby |', '| Began | 2026-11-21 20:15:00.000 UTC |', '| Device | phone · Safari 18 |', '| Where | DE · 3320 |', '| plan | gold |',
      '| Rebuffering | 3 times, 8.0 s of 1 min 7 s |', '| Playhead | 0:57 of 11:40 |', '- custom.request\\_id `r-0`', '[This view in Playhead](https://playhead.example/views/a1)',
      '- 1970-01-01 00:01:01.000 UTC, fatal at 0:57: 404: no \\| such # file \\<img src=x> \\`x\\`   (custom.request\\_id `r-1`)',
    ]) expect(lines).toContain(line);
  });

  test('takes no text of a stranger for markup, or for more than its one line', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (said) => {
      expect(plain(said)).not.toMatch(/[\r\n\u2028\u2029\u202e]/);
      expect(plain(said).replace(/\\[^\p{L}]/gu, '')).not.toMatch(/[`*_[\]<|~]/);
    }));
  });
});
