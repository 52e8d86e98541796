/**
 * The account of one view: what phase it is in, how long it has been in each, and the events that tell.
 *
 * Every event carries the totals so far and the stretch now playing, so each beacon repairs whatever was lost
 * before it. Totals only grow: time is booked once it is certain which phase it belongs to, never taken back.
 */

import type { Clock } from './clock';
import { mergeFacts } from './facts';
import { Stretch } from './stretch';
import type { Counters, ErrorReport, EventType, ViewData, WireEvent } from './wire';

/**
 * - `idle`: nobody has asked for playback
 * - `starting`: asked for, no frame has moved yet
 * - `playing`, `stalled`, `seeking`: wanted, and moving, starved, or on the way elsewhere
 * - `resting`: paused, ended or broken; costs the viewer no waiting
 */
export type Phase = 'idle' | 'starting' | 'playing' | 'stalled' | 'seeking' | 'resting';

/** Where events go. */
export type Outlet = (view: View, event: WireEvent) => void;

/** What an event may say beyond its type. */
export interface Particulars {
  /** When it happened, if not now. */
  at?: number;
  playheadMs?: number | undefined;
  error?: ErrorReport;
  name?: string;
  data?: WireEvent['data'];
}

/** A player that loops in a fault must not drown the collector: beyond this only these types are sent. */
const MOST_EVENTS = 5_000;
const NEVER_SUPPRESSED = new Set<EventType>(['heartbeat', 'ended', 'viewend']);

export class View {
  readonly stretch = new Stretch();
  readonly counters: Counters = {
    playing_ms: 0,
    watch_ms: 0,
    rebuffer_ms: 0,
    rebuffer_count: 0,
    seek_ms: 0,
    seek_count: 0,
    dropped_frames: 0,
    bitrate_ms: 0,
    upscale_ms: 0,
    downscale_ms: 0,
  };
  /** Bits per second of the rendition, 0 while unknown. */
  bitrate = 0;
  /** The picture is shown larger (1) or smaller (-1) than it was made. */
  scaling: -1 | 0 | 1 = 0;

  private phaseNow: Phase = 'idle';
  /** When the first event was; the zero of `t_ms`. */
  private origin = 0;
  /** Everything before this moment is booked. */
  private bookedTo: number;
  private lastSeq = 0;
  private lastAt = 0;
  private pending: ViewData = {};

  constructor(
    readonly id: string,
    private readonly clock: Clock,
    private readonly outlet: Outlet,
  ) {
    this.bookedTo = clock();
  }

  get phase(): Phase {
    return this.phaseNow;
  }

  /** The moment up to which time is booked. */
  get booked(): number {
    return this.bookedTo;
  }

  /** Milliseconds of this view so far. */
  elapsed(): number {
    return this.clock() - this.origin;
  }

  /** An event was let go of; the total says so from here on. */
  suppressed(): void {
    this.counters.suppressed = (this.counters.suppressed ?? 0) + 1;
  }

  /** From here on the view is in `phase`. Waiting that began in the past may begin before "now". */
  enter(phase: Phase, at: number): void {
    this.book(at);
    if (this.phaseNow === 'idle') this.bookedTo = at;
    this.phaseNow = phase;
  }

  /** Books the time up to `to` under the phase it was spent in. */
  book(to: number): void {
    const spent = to - this.bookedTo;
    if (spent <= 0) return;
    this.bookedTo = to;
    const { counters } = this;
    if (this.phaseNow === 'idle' || this.phaseNow === 'resting') return;
    counters.watch_ms += spent;
    if (this.phaseNow === 'stalled') counters.rebuffer_ms += spent;
    if (this.phaseNow === 'seeking') counters.seek_ms += spent;
    if (this.phaseNow !== 'playing') return;
    counters.playing_ms += spent;
    counters.bitrate_ms += Math.round(this.bitrate * spent);
    if (this.scaling > 0) counters.upscale_ms += spent;
    if (this.scaling < 0) counters.downscale_ms += spent;
  }

  /** Leaves the time up to `to` out of every total: the device slept, nobody knows what it showed. */
  skip(to: number): void {
    this.bookedTo = Math.max(this.bookedTo, to);
  }

  /** Facts that hold from the next event on. */
  learn(facts: ViewData): void {
    this.pending = mergeFacts(this.pending, facts);
    if (typeof facts.rendition_bitrate === 'number') this.bitrate = Math.max(0, facts.rendition_bitrate);
  }

  /** Sends an event with everything known at this moment. */
  emit(type: EventType, { at = this.clock(), playheadMs, error, name, data }: Particulars = {}): void {
    if (this.lastSeq >= MOST_EVENTS && !NEVER_SUPPRESSED.has(type)) {
      this.suppressed();
      return;
    }
    const event: WireEvent = { seq: ++this.lastSeq, t_ms: this.offsetOf(at), type, c: { ...this.counters } };
    if (playheadMs !== undefined && Number.isFinite(playheadMs)) event.playhead_ms = Math.max(0, Math.round(playheadMs));
    const seg = this.stretch.read();
    if (seg) event.seg = seg;
    if (Object.keys(this.pending).length > 0) event.set = this.pending;
    if (error) event.error = error;
    if (name !== undefined) event.name = name;
    if (data) event.data = data;
    this.pending = {};
    this.outlet(this, event);
  }

  /** `at` on the clock of `t_ms`. Events dated back may not overtake those already sent. */
  private offsetOf(at: number): number {
    if (this.lastSeq === 1) this.origin = at;
    this.lastAt = Math.max(this.lastAt, at);
    return this.lastAt - this.origin;
  }
}
