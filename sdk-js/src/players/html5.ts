/** Reads an HTMLVideoElement: its state for the state machine, its events, its facts. */

import type { Playback, Probe } from '../core/playback';
import { LOOK_MS } from '../core/playback';
import { guarded } from '../core/guard';
import type { ViewData } from '../core/wire';
import { describe } from '../observe/error';
import { DroppedFrames } from '../observe/frames';
import { Rendition, type PictureSize } from '../observe/rendition';
import { scalingOf } from '../observe/scale';

// Named here, since the constants are not reachable before a browser is there (server-side rendering).
const HAVE_FUTURE_DATA = 3;
const NETWORK_EMPTY = 0;
const NETWORK_NO_SOURCE = 3;

/** The element as the state machine sees it. */
export function probeOf(video: HTMLVideoElement): Probe {
  const frames = new DroppedFrames(video);
  return {
    positionMs: () => video.currentTime * 1_000,
    durationMs: () => (video.duration > 0 ? video.duration * 1_000 : 0),
    rate: () => video.playbackRate,
    paused: () => video.paused,
    seeking: () => video.seeking,
    ended: () => video.ended,
    loops: () => video.loop,
    excused: () => document.visibilityState === 'hidden' && video.readyState >= HAVE_FUTURE_DATA,
    droppedFrames: () => frames.count(),
  };
}

/** Follows one element for one view. */
export class Html5Player {
  private readonly rendition = new Rendition();
  private readonly undo: (() => void)[] = [];
  private playerSize: PictureSize = { width: 0, height: 0 };
  private ticker: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly playback: Playback,
  ) {}

  /** Starts listening, and catches up with what the element is doing already. */
  attach(): void {
    const { playback } = this;
    this.on('loadstart', () => this.noticeLoading());
    this.on('loadedmetadata', () => this.learnSource());
    this.on('durationchange', () => this.learnSource());
    this.on('canplaythrough', () => playback.loaded());
    this.on('play', () => this.requested());
    this.on('playing', () => (playback.active ? playback.look() : this.requested()));
    this.on('timeupdate', () => playback.look());
    this.on('waiting', () => playback.look());
    this.on('pause', () => playback.paused());
    this.on('seeking', () => playback.seekBegan());
    this.on('seeked', () => playback.seekEnded());
    this.on('ended', () => playback.ended());
    this.on('emptied', () => playback.emptied());
    this.on('resize', () => this.learnSize());
    this.on('ratechange', () => this.learnRate());
    this.on('error', () => this.noticeError());
    this.watchPlayerSize();
    // After the page's own turn: it may be about to change the source, and the old one is not this view's business.
    void Promise.resolve().then(guarded(() => this.catchUp()));
  }

  detach(): void {
    for (const undo of this.undo.splice(0)) undo();
    clearInterval(this.ticker);
    this.ticker = undefined;
  }

  private catchUp(): void {
    const { video, playback } = this;
    if (this.undo.length === 0) return;
    this.learnSource();
    this.noticeLoading();
    if (playback.view.phase === 'idle' && !video.paused && !video.ended) {
      if (video.played.length > 0 && video.readyState >= HAVE_FUTURE_DATA) playback.joined();
      else playback.requested();
    }
    this.keepTicking();
  }

  private on(type: string, handle: () => void): void {
    const listener = guarded(() => {
      handle();
      this.keepTicking();
    });
    this.video.addEventListener(type, listener);
    this.undo.push(() => this.video.removeEventListener(type, listener));
  }

  /** The timer runs only while somebody wants the picture to move. */
  private keepTicking(): void {
    const wanted = this.playback.active;
    if (wanted && this.ticker === undefined) {
      this.ticker = setInterval(
        guarded(() => {
          this.playback.tick();
          this.noticeFailedStart();
          this.keepTicking();
        }),
        LOOK_MS,
      );
    } else if (!wanted) {
      clearInterval(this.ticker);
      this.ticker = undefined;
    }
  }

  private requested(): void {
    // A broken element still says `play` when asked; it has been reported already.
    if (this.video.error && this.playback.view.phase === 'resting') return;
    this.playback.requested();
  }

  private noticeLoading(): void {
    const { autoplay, paused, networkState } = this.video;
    const loading = networkState !== NETWORK_EMPTY && networkState !== NETWORK_NO_SOURCE;
    this.playback.loading({ autoplay, paused, loading });
  }

  /**
   * An element that ran out of `<source>`s says nothing itself, and one that broke before it was followed says it no
   * more. Only looked for at a tick: "no source" is also the state of an element about to choose one.
   */
  private noticeFailedStart(): void {
    const { error, networkState } = this.video;
    if (this.playback.view.phase !== 'starting') return;
    if (error || networkState === NETWORK_NO_SOURCE) this.playback.failed(describe(error));
  }

  private noticeError(): void {
    const { video } = this;
    // Emptying `src` is how pages let go of a video; the complaint about it concerns nobody.
    if (video.getAttribute('src') === '') return;
    this.playback.failed(describe(video.error));
  }

  private learnSource(): void {
    const { duration, currentSrc } = this.video;
    const facts: ViewData = {};
    if (duration === Infinity) facts.stream_type = 'live';
    else if (duration > 0) facts.video_duration_ms = Math.round(duration * 1_000);
    // Sources made by players in the page are `blob:` addresses and name no host.
    const host = /^https?:\/\/([^/:?#]+)/.exec(currentSrc);
    if (host) facts.source_hostname = host[1];
    this.playback.view.learn(facts);
    this.learnSize();
  }

  private learnSize(): void {
    const { videoWidth, videoHeight } = this.video;
    const news = this.rendition.observe(videoWidth, videoHeight);
    if (!news) return;
    this.playback.look();
    this.playback.view.learn({ rendition_width: videoWidth, rendition_height: videoHeight });
    this.learnScaling();
    if (news === 'changed') this.playback.say('renditionchange');
  }

  private learnRate(): void {
    this.playback.look();
    this.playback.view.learn({ playback_rate: this.video.playbackRate });
    this.playback.say('ratechange');
  }

  /** Through an observer: asking the element for its size would force the page to lay itself out. */
  private watchPlayerSize(): void {
    if (typeof ResizeObserver !== 'function') return;
    const observer = new ResizeObserver(
      guarded((entries: ResizeObserverEntry[]) => {
        const box = entries[entries.length - 1]?.contentRect;
        if (!box) return;
        this.playback.look();
        this.playerSize = { width: Math.round(box.width), height: Math.round(box.height) };
        this.playback.view.learn({ player_width: this.playerSize.width, player_height: this.playerSize.height });
        this.learnScaling();
      }),
    );
    observer.observe(this.video);
    this.undo.push(() => observer.disconnect());
  }

  private learnScaling(): void {
    this.playback.view.scaling = scalingOf(this.playerSize, this.rendition.current);
  }
}
