/**
 * The course of one view, made from its events: in which state it was when, where the playhead stood, what rendition
 * was shown, and what happened. The rules are those by which our SDK counts (sdk-js/src/core/playback.ts) and by which
 * the server counts for players that do not (src/event/timeline.rs), so the band's sums are the view's own totals.
 */

export interface ViewEvent {
  sequence: number;
  /** On the client's clock, since the view's first event. */
  atMs: number;
  name: string;
  playheadMs?: number | undefined;
  attributes: Record<string, string>;
  /** Missing for events that only the live topic has told of. */
  receivedMs?: number | undefined;
  /** On the server's clock. */
  occurredMs?: number | undefined;
  error?: { code: string; message: string; severity: string } | undefined;
}

export const COURSE_STATES = ['idle', 'starting', 'playing', 'paused', 'seeking', 'rebuffering', 'failed', 'ended', 'unknown'] as const;
export type CourseState = (typeof COURSE_STATES)[number];

export interface Span {
  fromMs: number;
  toMs: number;
  state: CourseState;
}

export interface Point {
  atMs: number;
  playheadMs: number;
  /** Reached by a seek, not by playing: not joined to the point before. */
  jumped: boolean;
}

export interface Rendition {
  fromMs: number;
  toMs: number;
  /** Lines of the picture, and bit/s; 0 is not known. */
  height: number;
  bitrate: number;
}

export type MarkerKind = 'fatal' | 'warning' | 'custom';

export interface Marker {
  atMs: number;
  kind: MarkerKind;
  label: string;
}

export interface Course {
  endMs: number;
  /** From the last event on. */
  lastState: CourseState;
  spans: Span[];
  points: Point[];
  renditions: Rendition[];
  markers: Marker[];
}

/** A client that is silent for longer than this was asleep for the rest of it; the server counts no more either. */
export const MOST_SILENT_MS = 300_000;

/** What playing needs somebody awake for: a pause may be as long as it likes. */
const AWAKE: ReadonlySet<CourseState> = new Set(['starting', 'playing', 'seeking', 'rebuffering']);

/** Events that say something of the state; the rest are signs of life. */
const SPEAKING = new Set(['play', 'viewstart', 'playing', 'pause', 'seeking', 'seeked', 'rebufferstart', 'rebufferend', 'ended', 'viewend', 'error']);

/** A warning hurts nobody; every other error stops the view. */
export const isFatal = (event: ViewEvent): boolean => event.name === 'error' && event.error?.severity !== 'warning';

const speaks = (event: ViewEvent): boolean => SPEAKING.has(event.name) && (event.name !== 'error' || isFatal(event));

export const byTime = (a: ViewEvent, b: ViewEvent): number => a.atMs - b.atMs || a.sequence - b.sequence;

/** `events` in any order. */
export function courseOf(events: readonly ViewEvent[]): Course {
  const ordered = [...events].sort(byTime);
  const states = statesAfter(ordered);
  const endMs = ordered.at(-1)?.atMs ?? 0;
  return {
    endMs,
    lastState: states.at(-1) ?? 'unknown',
    spans: spansOf(ordered, states),
    points: pointsOf(ordered, states),
    renditions: renditionsOf(ordered, endMs),
    markers: ordered.flatMap(markerOf),
  };
}

/** The state from each event on. */
function statesAfter(ordered: readonly ViewEvent[]): CourseState[] {
  const machine = new StateMachine();
  const next = nextSpoken(ordered);
  return ordered.map((event, i) => (speaks(event) ? machine.hear(event.name, next[i]) : machine.state));
}

/** For each event the next one that says something of the state. */
function nextSpoken(ordered: readonly ViewEvent[]): (string | undefined)[] {
  const next: (string | undefined)[] = [];
  let following: string | undefined;
  for (let i = ordered.length - 1; i >= 0; i--) {
    const event = ordered[i];
    next[i] = following;
    if (event !== undefined && speaks(event)) following = event.name;
  }
  return next;
}

class StateMachine {
  state: CourseState = 'idle';
  private started = false;
  private wanted = true;
  /** It failed to load more, and plays what it has. */
  private doomed = false;

  /** One word of the player, and the next one: some can only be understood from what follows. */
  hear(name: string, next: string | undefined): CourseState {
    if (name === 'play' || name === 'playing' || name === 'viewstart') this.wanted = true;
    if (name === 'pause') this.wanted = false;
    const playsOn = name === 'error' && this.state === 'playing' && next === 'rebufferstart';
    if (this.doomed && name === 'rebufferstart') this.state = 'failed';
    else if (!playsOn) this.state = this.after(name, next);
    this.doomed = playsOn;
    this.started ||= this.state === 'playing';
    return this.state;
  }

  private after(name: string, next: string | undefined): CourseState {
    const { state } = this;
    switch (name) {
      case 'viewstart':
        return state === 'idle' ? 'starting' : state;
      case 'play':
        return state === 'seeking' ? state : 'starting';
      case 'playing':
        return 'playing';
      case 'pause':
        // Our SDK tells of the arrival; a player that does not is there when it says that it is paused.
        return state === 'seeking' && next === 'seeked' ? state : 'paused';
      case 'seeking':
        return this.started ? 'seeking' : state;
      case 'seeked':
        // Wanted playback waits until the picture moves, if the player is going to say so.
        if (state !== 'seeking') return state;
        if (!this.wanted) return 'paused';
        return next === 'playing' ? state : 'playing';
      case 'rebufferstart':
        // Out of a seek it belongs to the seek, and while paused to the pause.
        return state === 'playing' ? 'rebuffering' : state;
      case 'rebufferend':
        return state === 'rebuffering' ? 'playing' : state;
      case 'error':
        return 'failed';
      default:
        return 'ended';
    }
  }
}

/** Stretches of one state each, without holes: what a silent client did is not known. */
function spansOf(ordered: readonly ViewEvent[], states: readonly CourseState[]): Span[] {
  const spans: Span[] = [];
  const add = (fromMs: number, toMs: number, state: CourseState): void => {
    if (toMs <= fromMs) return;
    const last = spans.at(-1);
    if (last?.state === state) last.toMs = toMs;
    else spans.push({ fromMs, toMs, state });
  };
  for (let i = 0; i + 1 < ordered.length; i++) {
    const fromMs = ordered[i]?.atMs ?? 0;
    const toMs = ordered[i + 1]?.atMs ?? 0;
    const state = states[i] ?? 'idle';
    const knownMs = AWAKE.has(state) ? Math.min(toMs, fromMs + MOST_SILENT_MS) : toMs;
    add(fromMs, knownMs, state);
    add(knownMs, toMs, 'unknown');
  }
  return spans;
}

/** Where the playhead was said to be, with a break wherever a seek took it. */
function pointsOf(ordered: readonly ViewEvent[], states: readonly CourseState[]): Point[] {
  const points: Point[] = [];
  let away = false;
  ordered.forEach((event, i) => {
    // The place a seek leaves is told by its beginning, all later ones are on the other side.
    if (event.playheadMs !== undefined) points.push({ atMs: event.atMs, playheadMs: event.playheadMs, jumped: away });
    if (event.playheadMs !== undefined) away = false;
    if (event.name === 'seeking' && states[i] === 'seeking') away = true;
  });
  return points;
}

/** What was shown, as far as the player says: an attribute holds until it is said anew. */
function renditionsOf(ordered: readonly ViewEvent[], endMs: number): Rendition[] {
  const renditions: Rendition[] = [];
  for (const { atMs, attributes } of ordered) {
    const last = renditions.at(-1);
    const height = Number(attributes.rendition_height ?? last?.height ?? 0);
    const bitrate = Number(attributes.rendition_bitrate ?? last?.bitrate ?? 0);
    if (last?.height === height && last.bitrate === bitrate) continue;
    if (height === 0 && bitrate === 0) continue;
    if (last !== undefined) last.toMs = atMs;
    renditions.push({ fromMs: atMs, toMs: endMs, height, bitrate });
  }
  return renditions.filter(({ fromMs, toMs }) => toMs > fromMs);
}

function markerOf(event: ViewEvent): Marker[] {
  const { atMs } = event;
  if (event.name === 'error') {
    return [{ atMs, kind: isFatal(event) ? 'fatal' : 'warning', label: event.error?.code ?? '' }];
  }
  if (event.name === 'custom') return [{ atMs, kind: 'custom', label: customName(event) }];
  return [];
}

const customName = ({ attributes }: ViewEvent): string => attributes.name ?? attributes['custom.name'] ?? 'custom';

/** Time spent in each state, and how often it was entered. */
export function sumsOf(spans: readonly Span[]): Map<CourseState, { ms: number; times: number }> {
  const sums = new Map<CourseState, { ms: number; times: number }>();
  for (const { fromMs, toMs, state } of spans) {
    const sum = sums.get(state) ?? { ms: 0, times: 0 };
    sums.set(state, { ms: sum.ms + toMs - fromMs, times: sum.times + 1 });
  }
  return sums;
}

export interface Reading {
  atMs: number;
  state: CourseState;
  playheadMs: number | undefined;
  rendition: Rendition | undefined;
  /** Errors and events of the site's own at this time, or so close that nobody can point between. */
  markers: Marker[];
}

/** What was so at one time; markers within `withinMs`. */
export function readAt(course: Course, atMs: number, withinMs: number): Reading {
  return {
    atMs,
    state: course.spans.find((span) => atMs < span.toMs)?.state ?? course.lastState,
    playheadMs: playheadAt(course.points, atMs),
    rendition: course.renditions.findLast((rendition) => rendition.fromMs <= atMs),
    markers: course.markers.filter((marker) => Math.abs(marker.atMs - atMs) <= withinMs),
  };
}

function playheadAt(points: readonly Point[], atMs: number): number | undefined {
  const i = points.findLastIndex((point) => point.atMs <= atMs);
  const before = points[i];
  const after = points[i + 1];
  if (before === undefined) return undefined;
  if (after === undefined || after.jumped || after.atMs === before.atMs) return before.playheadMs;
  const share = (atMs - before.atMs) / (after.atMs - before.atMs);
  return Math.round(before.playheadMs + share * (after.playheadMs - before.playheadMs));
}

/** The times worth stopping at with the arrow keys: where a state begins, and where something happened. */
export function stopsOf(course: Course): number[] {
  const times = [...course.spans.map((span) => span.fromMs), ...course.markers.map((marker) => marker.atMs), ...course.renditions.map((rendition) => rendition.fromMs), course.endMs];
  return [...new Set(times)].sort((a, b) => a - b);
}
