/**
 * The state machine of one view: takes what the player does (asked to play, paused, left for another place) and
 * regular looks at the playhead, and writes both into the view's account.
 *
 * It believes the playhead more than the player's words. Playback has begun when the playhead moves, is stalled
 * when it should move and does not, and has resumed when it moves again; each is dated back to the moment it
 * happened, not to the look that found out.
 */

import { motionBetween, carriedOn, type Motion, type Sample } from '../observe/motion';
import { kindOfJump } from '../observe/seek';
import { STALL_MS, StallDetector } from '../observe/stall';
import { Startup, type AutoplaySigns } from '../observe/startup';
import type { Clock } from './clock';
import type { Particulars, View } from './view';
import type { ErrorReport, EventType } from './wire';

/** What an adapter can say about its player at any moment. Times are media milliseconds. */
export interface Probe {
  positionMs(): number;
  /** `Infinity` for live, 0 while unknown. */
  durationMs(): number;
  rate(): number;
  paused(): boolean;
  seeking(): boolean;
  ended(): boolean;
  loops(): boolean;
  /** Standing still is no fault: the page is hidden and the data is there. */
  excused(): boolean;
  droppedFrames(): number;
}

/** How often the playhead is looked at while it matters. */
export const LOOK_MS = 200;
/**
 * Playheads wobble while the decoder gets going (a frame's length and back to standing still, in Chromium). Less
 * movement than this ends no wait; it is put together with what the next look sees.
 */
const SURE_MS = 50;
/** A seek that lands this close to its target landed on it; some go to the nearest key frame instead. */
const ON_TARGET_MS = 250;

export class Playback {
  private readonly startup = new Startup();
  private readonly stall = new StallDetector();
  private last: Sample;
  /** The last look saw the playhead moving. */
  private moving = false;
  /** A frame of this view has moved. */
  private started = false;
  /** The video came to its end and has not moved since. */
  private atEnd = false;
  /** The viewer waits to hear that it plays: say so at the next movement. */
  private announce = false;
  /** An error nobody has been hurt by yet. */
  private withheld: ErrorReport | undefined;
  private beatAt = 0;
  private rate = 1;

  constructor(
    readonly view: View,
    private readonly probe: Probe,
    private readonly clock: Clock,
    private readonly heartbeatMs: number,
  ) {
    this.last = this.here();
    this.rate = probe.rate();
  }

  /** Whether regular looks are needed now. */
  get active(): boolean {
    const { phase } = this.view;
    return this.startup.undecided || !(phase === 'idle' || phase === 'resting');
  }

  /** Something loads; with `autoplay` that is where the viewer's wait begins. */
  loading(signs: AutoplaySigns): void {
    if (this.view.phase !== 'idle') return;
    if (!this.startup.undecided) this.beatAt = this.clock();
    this.startup.loading(this.clock(), signs);
  }

  /** All data is there, and `autoplay` was not honoured. */
  loaded(): void {
    if (!this.probe.paused()) return;
    this.startup.blocked();
    if (this.view.phase === 'starting') this.paused();
  }

  /** The element was already playing when monitoring began: its start-up is not ours to judge. */
  joined(): void {
    this.started = this.announce = true;
    this.beatAt = this.clock();
    this.resumeAt(this.beatAt);
  }

  requested(): void {
    const now = this.clock();
    const { phase } = this.view;
    if (phase === 'starting' || phase === 'playing' || phase === 'stalled') return;
    this.announce = true;
    this.beatAt = now;
    if (phase === 'seeking') {
      this.say('play');
      return;
    }
    const since = this.startup.requested(now);
    if (this.started) this.resumeAt(now);
    else {
      this.last = this.here();
      this.view.enter('starting', since);
    }
    this.say('play', { at: since });
    if (this.withheld) this.failed(this.withheld);
  }

  /** A regular look, with the heartbeat when it is due. */
  tick(): void {
    this.look();
    if (this.clock() - this.beatAt >= this.heartbeatMs) this.beat();
  }

  /** Tells the totals now, if playback is wanted: the page may not get another chance. */
  beat(): void {
    this.look();
    if (this.startup.undecided) this.requested();
    // A page that goes says so in two events, milliseconds apart; the second has nothing to add.
    else if (this.active && !this.searching && this.clock() - this.beatAt >= LOOK_MS) this.say('heartbeat');
  }

  /** The page was frozen until now: what passed meanwhile is nobody's time. */
  woke(): void {
    this.last = this.here();
    this.view.skip(this.last.at);
    this.stall.alive(this.last.at);
  }

  /** Compares the playhead with where it was at the last look. */
  look(): void {
    const { view, probe } = this;
    // The element has left its place already, its `seeking` event is still on the way.
    if (probe.seeking() && view.phase !== 'seeking') return;
    const before = this.last;
    const after = (this.last = this.here());
    const motion = motionBetween(before, after, this.rate);
    // A new speed is heard of after the fact: what was passed until now was passed at the old one.
    this.rate = probe.rate();
    if (motion.slept) {
      view.skip(motion.began);
      this.stall.alive(motion.began);
    }
    this.judge(motion, before, after);
    this.moving = motion.moved;
    if (motion.moved) this.atEnd = false;
  }

  paused(): void {
    // The end pauses the element too; `ended` speaks for both.
    if (this.probe.ended()) return;
    this.look();
    const { phase } = this.view;
    if (phase === 'idle' || phase === 'resting') return;
    if (!this.probe.seeking()) this.halt();
    this.say('pause');
  }

  /** The element reads its new place already, so where it came from is the last look, carried on. */
  seekBegan(): void {
    const { view, probe, last } = this;
    const there = this.here();
    this.last = there;
    // Choosing where to start is part of starting.
    if (!this.started || view.phase === 'seeking') return;
    const duration = probe.durationMs();
    const wasMoving = view.phase === 'playing' && this.moving;
    let from = wasMoving ? carriedOn(last, there.at, this.rate, STALL_MS) : last.position;
    if (duration > 0) from = Math.min(from, duration);
    const kind = kindOfJump({
      fromMs: from,
      toMs: there.position,
      durationMs: duration,
      loops: probe.loops(),
      stalled: view.phase === 'stalled',
      ended: this.atEnd,
      wanted: !probe.paused(),
    });
    if (kind === 'loop') from = duration;
    if (wasMoving) view.stretch.moved(last.position, from);
    view.stretch.close();
    this.moving = this.atEnd = false;
    if (kind === 'seek') this.depart(from);
    else if (view.phase !== 'resting') {
      view.book(there.at);
      this.stall.alive(there.at);
      // The stretch that ended here must be told by some event before the next one begins.
      this.say('heartbeat', { playheadMs: from });
    }
  }

  seekEnded(): void {
    if (this.probe.seeking()) return;
    const target = this.last.position;
    const landed = this.here();
    this.last = Math.abs(landed.position - target) < ON_TARGET_MS ? { at: landed.at, position: target } : landed;
    if (this.view.phase !== 'seeking') return;
    this.view.book(landed.at);
    this.announce = true;
    // Wanted playback stays "seeking" until the picture moves: that is how long the viewer waits.
    if (this.probe.paused()) this.view.enter('resting', landed.at);
    this.say('seeked');
  }

  ended(): void {
    if (this.view.phase === 'idle') return;
    this.look();
    this.halt();
    this.view.stretch.close();
    this.atEnd = true;
    this.say('ended');
  }

  failed(error: ErrorReport): void {
    this.look();
    if (this.view.phase === 'idle' && error.severity === 'fatal') {
      this.withheld = error;
      // With `autoplay` somebody is waiting for it.
      if (this.startup.undecided) this.requested();
      return;
    }
    this.withheld = undefined;
    if (error.severity === 'fatal') this.halt();
    this.say('error', { error });
  }

  /** The element was given another source (or none) and forgot where it was. */
  emptied(): void {
    const { phase, stretch } = this.view;
    const { position } = this.last;
    this.withheld = undefined;
    this.last = this.here();
    this.moving = false;
    if (phase === 'idle' || phase === 'starting') return;
    if (phase !== 'resting') {
      this.halt();
      this.say('pause', { playheadMs: position });
    }
    stretch.close();
  }

  /** The view is over. */
  end(): void {
    this.look();
    if (this.startup.undecided) this.requested();
    this.halt();
    this.say('viewend');
  }

  /** Sends an event with the frames dropped by now; the totals are as of the last look. */
  say(type: EventType, particulars: Particulars = {}): void {
    if (type === 'heartbeat') this.beatAt = this.clock();
    this.view.counters.dropped_frames = this.probe.droppedFrames();
    this.view.emit(type, { playheadMs: this.probe.positionMs(), ...particulars });
  }

  /** Seeking in a paused video. */
  private get searching(): boolean {
    return this.view.phase === 'seeking' && this.probe.paused();
  }

  private here(): Sample {
    return { at: this.clock(), position: this.probe.positionMs() };
  }

  /** What the movement since the last look means in the present phase. */
  private judge(motion: Motion, before: Sample, after: Sample): void {
    const { view } = this;
    const { phase } = view;
    if (phase === 'idle' || phase === 'resting') return;
    if (motion.jumped && (phase === 'playing' || phase === 'stalled')) this.jump(before, after);
    else if (phase === 'playing') this.lookWhilePlaying(motion, before, after);
    else if (!motion.moved || this.probe.seeking()) view.book(after.at);
    else if (after.at - motion.began >= SURE_MS) this.setOff(motion, before, after);
    else this.last = before;
  }

  private lookWhilePlaying(motion: Motion, before: Sample, after: Sample): void {
    const { view, stall } = this;
    if (motion.moved) {
      view.stretch.moved(before.position, after.position);
      if (this.announce) {
        // The moment a player takes to resume is too short for a stall, and not playing either.
        view.skip(motion.began);
        this.tellPlaying(motion.began, before);
      }
      view.book(motion.ceased);
      stall.alive(motion.ceased);
    } else if (this.probe.excused()) {
      view.skip(after.at);
      stall.alive(after.at);
    } else if (stall.isStalled(after.at)) {
      const froze = view.booked;
      view.enter('stalled', froze);
      view.counters.rebuffer_count++;
      view.book(after.at);
      this.say('rebufferstart', { at: froze });
    }
  }

  /** The wait is over: first frame, end of a stall, or arrival at the new place. */
  private setOff(motion: Motion, before: Sample, after: Sample): void {
    const { view, stall } = this;
    const { phase, counters } = view;
    view.enter('playing', motion.began);
    view.stretch.moved(before.position, after.position);
    if (phase === 'starting') {
      this.started = true;
      counters.startup_ms = counters.watch_ms;
    }
    if (phase === 'stalled') this.say('rebufferend', { at: motion.began, playheadMs: before.position });
    if (this.announce) this.tellPlaying(motion.began, before);
    view.book(motion.ceased);
    stall.alive(motion.ceased);
  }

  private tellPlaying(at: number, from: Sample): void {
    this.announce = false;
    this.say('playing', { at, playheadMs: from.position });
  }

  /** The playhead changed place without a seek: the timeline was rebased, or the player hopped. */
  private jump(before: Sample, after: Sample): void {
    this.view.book(after.at);
    this.stall.alive(after.at);
    this.view.stretch.close();
    this.say('heartbeat', { playheadMs: before.position });
  }

  private depart(from: number): void {
    const { view } = this;
    const wasStalled = view.phase === 'stalled';
    view.enter('seeking', this.last.at);
    if (wasStalled) this.say('rebufferend', { playheadMs: from });
    view.counters.seek_count++;
    this.say('seeking', { playheadMs: from });
  }

  private resumeAt(now: number): void {
    this.last = this.here();
    this.stall.alive(now);
    this.view.enter('playing', now);
  }

  /** Playback stops for whatever reason; an open stall ends with it. */
  private halt(): void {
    const wasStalled = this.view.phase === 'stalled';
    if (this.view.phase !== 'idle') this.view.enter('resting', this.clock());
    if (wasStalled) this.say('rebufferend');
  }
}
