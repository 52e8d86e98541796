/** A player that only speaks by callbacks, as a media element would describe it. */

import { now } from '../core/clock';
import type { Media } from '../core/view';

/** The default `progressUpdateInterval` and a little: a callback that is later than this does not come. */
const SILENCE_MS = 300;

export class VideoState implements Media {
  duration = NaN;
  playbackRate = 1;
  paused = true;
  seeking = false;
  ended = false;
  readonly loop = false;
  /** Never enough to excuse a standstill: an app out of sight is told of in another way. */
  readonly readyState = 0;
  /** These players stop for every error, and what they have loaded then does not matter. */
  readonly error = true;
  readonly buffered = { length: 0, end: () => 0 };
  private seconds = 0;
  private since = 0;
  private flowing = false;

  /** Between two callbacks the playhead is taken to move on at its speed, until the next one is overdue. */
  get currentTime(): number {
    const ahead = this.flowing ? Math.min(now() - this.since, SILENCE_MS) : 0;
    return this.seconds + (ahead * this.playbackRate) / 1_000;
  }

  /** The player was here just now, and moves on from here or not. */
  place(seconds: number, flowing: boolean): void {
    this.seconds = seconds;
    this.since = now();
    this.flowing = flowing;
  }

  /** It stands where it is. */
  freeze(): void {
    this.place(this.currentTime, false);
  }
}
