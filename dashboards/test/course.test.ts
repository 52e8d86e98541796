/** The course of a view agrees with the view's own totals: views captured from `playhead simulate`, and views made here. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ViewAnswer } from '../src/api/views';
import { MOST_SILENT_MS, courseOf, readAt, stopsOf, sumsOf } from '../src/views/course';
import type { CourseState, ViewEvent } from '../src/views/course';
import { recordOf } from '../src/views/record';

type Captured = ViewAnswer & { format: 'native' | 'mux' | 'cmcd'; facts: Record<string, number | null> & { ranges: [number, number][] } };

const captured = JSON.parse(readFileSync(new URL('fixtures/views.json', import.meta.url), 'utf8')) as Captured[];
/** Clients count whole milliseconds; CMCD's clock is rounded once more per event. */
const ROUNDING_MS = 60;

function eventsOf(view: Captured): ViewEvent[] {
  return recordOf(view, undefined, 0)?.events ?? [];
}

let sequence = 0;
const event = (atMs: number, name: string, playheadMs?: number, attributes: Record<string, string> = {}, severity = 'fatal'): ViewEvent => ({
  sequence: ++sequence, atMs, name, playheadMs, attributes, ...(name === 'error' ? { error: { code: '404', message: '', severity } } : {}),
});

const spans = (events: ViewEvent[]): [number, CourseState][] => courseOf(events).spans.map(({ fromMs, state }) => [fromMs, state]);

describe('views captured from the simulator', () => {
  test.each(captured.map((view) => [`${view.format} ${String(view.facts.view_id)}`, view] as const))('%s: the band’s sums are its totals', (_name, view) => {
    const { facts } = view;
    const sums = sumsOf(courseOf(eventsOf(view)).spans);
    const ms = (state: CourseState): number => sums.get(state)?.ms ?? 0;
    const near = (sum: number, total: number | null | undefined, what: string): void =>
      expect(Math.abs(sum - (total ?? 0)), `${what}: ${sum} and ${total}`).toBeLessThanOrEqual(ROUNDING_MS);
    near(ms('playing'), facts.playing_ms, 'playing');
    near(ms('rebuffering'), facts.rebuffer_ms, 'rebuffering');
    near(ms('seeking'), facts.seek_ms, 'seeking');
    if (facts.video_startup_ms !== null) near(ms('starting'), facts.video_startup_ms, 'startup');
    near(ms('starting') + ms('playing') + ms('seeking') + ms('rebuffering'), facts.watch_ms, 'watching');
    expect(sums.get('rebuffering')?.times ?? 0).toBe(facts.rebuffer_count);
    expect(sums.get('seeking')?.times ?? 0).toBe(facts.seek_count);
  });

  test('there are views of all kinds among them', () => {
    expect(captured.length).toBeGreaterThan(30);
    expect(captured.some((view) => view.facts.error_code !== null)).toBe(true);
    expect(captured.some((view) => view.facts.video_startup_ms === null)).toBe(true);
  });

  test('the order in which events come does not matter, and the spans have no holes', () => {
    fc.assert(fc.property(fc.constantFrom(...captured).chain((view) => {
      const events = eventsOf(view);
      return fc.shuffledSubarray(events, { minLength: events.length }).map((shuffled) => [events, shuffled] as const);
    }), ([events, shuffled]) => {
      const course = courseOf(shuffled);
      expect(course).toEqual(courseOf(events));
      let at = 0;
      for (const span of course.spans) {
        expect(span.fromMs).toBe(at);
        expect(span.toMs).toBeGreaterThan(at);
        at = span.toMs;
      }
      expect(at).toBe(course.endMs);
    }));
  });

  test('any events at all make a band without holes, and readings at any time', () => {
    const names = fc.constantFrom('viewinit', 'play', 'playing', 'pause', 'seeking', 'seeked', 'rebufferstart', 'rebufferend', 'error', 'heartbeat', 'custom', 'ended', 'viewend');
    const events = fc.array(fc.tuple(fc.nat(900_000), names, fc.option(fc.nat(60_000), { nil: undefined })), { maxLength: 40 });
    fc.assert(fc.property(events, fc.nat(1_000_000), (list, atMs) => {
      const course = courseOf(list.map(([t, name, playheadMs]) => event(t, name, playheadMs)));
      const firstMs = Math.min(...list.map(([t]) => t));
      expect(course.spans.reduce((sum, span) => sum + span.toMs - span.fromMs, 0)).toBe(list.length === 0 ? 0 : course.endMs - firstMs);
      expect(readAt(course, atMs, 0).atMs).toBe(atMs);
      expect(stopsOf(course)).toEqual([...stopsOf(course)].sort((a, b) => a - b));
    }));
  });
});

describe('what players say, and what it means', () => {
  test('before the first frame everything is starting', () => {
    expect(spans([event(0, 'viewinit'), event(10, 'play'), event(20, 'seeking'), event(30, 'rebufferstart'), event(40, 'playing'), event(50, 'viewend')])).toEqual([[0, 'idle'], [10, 'starting'], [40, 'playing']]);
  });

  test('a seek lasts until the picture moves, if the player says when', () => {
    expect(spans([event(0, 'play'), event(10, 'playing'), event(20, 'seeking'), event(30, 'seeked'), event(40, 'playing'), event(50, 'viewend')])).toEqual([[0, 'starting'], [10, 'playing'], [20, 'seeking'], [40, 'playing']]);
    expect(spans([event(0, 'play'), event(10, 'playing'), event(20, 'seeking'), event(30, 'seeked'), event(90, 'pause'), event(99, 'viewend')])).toEqual([[0, 'starting'], [10, 'playing'], [20, 'seeking'], [30, 'playing'], [90, 'paused']]);
  });

  test('stalls out of a seek belong to the seek, while paused to the pause', () => {
    expect(spans([event(0, 'playing'), event(10, 'seeking'), event(20, 'rebufferstart'), event(30, 'rebufferend'), event(40, 'playing'), event(50, 'pause'), event(60, 'rebufferstart'), event(70, 'viewend')])).toEqual([[0, 'playing'], [10, 'seeking'], [40, 'playing'], [50, 'paused']]);
  });

  test('paused while seeking: our SDK tells of the arrival, others are there already', () => {
    expect(spans([event(0, 'playing'), event(10, 'seeking'), event(15, 'pause'), event(20, 'seeked'), event(30, 'viewend')])).toEqual([[0, 'playing'], [10, 'seeking'], [20, 'paused']]);
    expect(spans([event(0, 'playing'), event(10, 'seeking'), event(15, 'pause'), event(20, 'playing'), event(30, 'viewend')])).toEqual([[0, 'playing'], [10, 'seeking'], [15, 'paused'], [20, 'playing']]);
  });

  test('a fatal error ends playing, a warning does not; what was loaded is still played', () => {
    expect(spans([event(0, 'playing'), event(10, 'error', 10, {}, 'warning'), event(20, 'error'), event(30, 'viewend')])).toEqual([[0, 'playing'], [20, 'failed']]);
    expect(spans([event(0, 'playing'), event(10, 'error'), event(20, 'rebufferstart'), event(30, 'viewend')])).toEqual([[0, 'playing'], [20, 'failed']]);
    expect(courseOf([event(0, 'playing'), event(10, 'error', 10, {}, 'warning'), event(20, 'error')]).markers.map(({ kind }) => kind)).toEqual(['warning', 'fatal']);
  });

  test('what the last event says holds from there on', () => {
    const course = courseOf([event(0, 'playing'), event(10, 'error')]);
    expect([readAt(course, 9, 0).state, readAt(course, 10, 0).state]).toEqual(['playing', 'failed']);
  });

  test('a client that slept is not taken to have played', () => {
    expect(spans([event(0, 'playing'), event(MOST_SILENT_MS + 50, 'heartbeat'), event(MOST_SILENT_MS + 60, 'viewend')])).toEqual([[0, 'playing'], [MOST_SILENT_MS, 'unknown'], [MOST_SILENT_MS + 50, 'playing']]);
    expect(spans([event(0, 'pause'), event(9_000_000, 'play'), event(9_000_001, 'viewend')])).toEqual([[0, 'paused'], [9_000_000, 'starting']]);
  });

  test('the playhead is read between events, not across a seek', () => {
    const course = courseOf([event(0, 'playing', 0), event(1_000, 'heartbeat', 1_000), event(2_000, 'seeking', 2_000), event(2_500, 'seeked', 60_000), event(2_600, 'playing', 60_000), event(3_600, 'viewend', 61_000)]);
    expect([500, 1_500, 2_400, 3_100].map((atMs) => readAt(course, atMs, 0).playheadMs)).toEqual([500, 1_500, 2_000, 60_500]);
  });

  test('renditions hold until another is said', () => {
    const course = courseOf([event(0, 'viewinit', 0, { rendition_height: '360', rendition_bitrate: '900000' }), event(100, 'playing', 0), event(500, 'renditionchange', 400, { rendition_bitrate: '2800000' }), event(900, 'viewend')]);
    expect(course.renditions).toEqual([{ fromMs: 0, toMs: 500, height: 360, bitrate: 900_000 }, { fromMs: 500, toMs: 900, height: 360, bitrate: 2_800_000 }]);
    expect(readAt(course, 700, 0).rendition?.bitrate).toBe(2_800_000);
  });
});
