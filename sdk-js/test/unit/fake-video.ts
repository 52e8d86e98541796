/**
 * A video element whose picture moves with the fake clock. It does what HTML says (order of events, what `seeking`
 * and `currentTime` read meanwhile), and what players do in spite of it: stand still without a word.
 */

export class FakeVideo extends EventTarget {
  autoplay = false;
  loop = false;
  paused = true;
  seeking = false;
  ended = false;
  isConnected = true;
  readyState = 0;
  networkState = 2;
  videoWidth = 640;
  videoHeight = 360;
  currentSrc = 'https://cdn.test/movie.mp4?signature=secret';
  error: { code: number; message: string } | null = null;
  dropped = 0;
  played = { length: 0 };
  /** Seconds that are loaded. */
  loaded = 0;

  private rate = 1;
  private position = 0;
  private since = 0;
  private flowing = false;
  private endTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(public duration = 60) {
    super();
  }

  get currentTime(): number {
    if (!this.flowing) return this.position;
    return Math.min(this.duration, this.position + ((performance.now() - this.since) / 1_000) * this.rate);
  }

  get buffered(): { length: number; end: () => number } {
    return { length: this.loaded ? 1 : 0, end: () => this.loaded };
  }

  get playbackRate(): number {
    return this.rate;
  }

  getVideoPlaybackQuality(): { droppedVideoFrames: number } {
    return { droppedVideoFrames: this.dropped };
  }

  get src(): string {
    return this.currentSrc;
  }

  getAttribute(name: string): string | null {
    return name === 'src' ? this.currentSrc : null;
  }

  say(type: string): void {
    this.dispatchEvent(new Event(type));
  }

  /** Play is asked for; the picture moves `afterMs` later. */
  play(afterMs = 0): void {
    this.ended = false;
    this.paused = false;
    this.say('play');
    setTimeout(() => {
      if (this.paused || this.seeking) return;
      this.readyState = 4;
      this.say('playing');
      this.flow();
    }, afterMs);
  }

  /** Play at the end goes back to the start first. */
  replay(afterMs = 20): void {
    this.ended = false;
    this.paused = false;
    this.seek(0, afterMs);
    this.say('play');
  }

  pause(): void {
    this.freeze();
    this.paused = true;
    this.say('pause');
  }

  /** The picture moves, without a word. */
  flow(): void {
    this.freeze();
    this.since = performance.now();
    this.flowing = true;
    this.played.length = 1;
    clearTimeout(this.endTimer);
    if (this.duration === Infinity) return;
    this.endTimer = setTimeout(() => this.reachEnd(), ((this.duration - this.position) / this.rate) * 1_000);
  }

  /** The picture stands still, without a word. */
  freeze(): void {
    this.position = this.currentTime;
    this.flowing = false;
    clearTimeout(this.endTimer);
  }

  setRate(rate: number): void {
    const wasFlowing = this.flowing;
    this.freeze();
    this.rate = rate;
    if (wasFlowing) this.flow();
    this.say('ratechange');
  }

  /** Goes elsewhere; data is there `afterMs` later, the picture moves again if it is wanted. */
  seek(seconds: number, afterMs = 50): void {
    this.freeze();
    this.ended = false;
    this.position = seconds;
    this.seeking = true;
    this.say('seeking');
    setTimeout(() => {
      this.seeking = false;
      this.say('seeked');
      if (!this.paused) this.flow();
    }, afterMs);
  }

  /** Another place without the manners of a seek, as when a live timeline is rebased. */
  jump(seconds: number): void {
    this.freeze();
    this.position = seconds;
    if (!this.paused) this.flow();
  }

  resize(width: number, height: number): void {
    this.videoWidth = width;
    this.videoHeight = height;
    this.say('resize');
  }

  fail(code: number, message: string): void {
    this.freeze();
    this.error = { code, message };
    this.say('error');
  }

  private reachEnd(): void {
    this.freeze();
    this.position = this.duration;
    if (this.loop) {
      this.seek(0, 10);
      return;
    }
    this.ended = true;
    this.paused = true;
    this.say('pause');
    this.say('ended');
  }
}
