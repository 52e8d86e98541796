/**
 * The stretch of media now being played. Stretches are numbered over the view; a seek, a loop, a replay or a jump
 * ends one, and the next movement of the picture begins another. Heatmaps are drawn from nothing else.
 */

import type { Segment } from './wire';

/** The collector keeps ends in 32 bits. Live streams that count from 1970 lie beyond and have no heatmap. */
const LAST_MS = 0xffff_ffff;

export class Stretch {
  private number = -1;
  private fromMs = 0;
  private toMs = 0;
  private open = false;

  /** The picture moved from one place to the next without a break between them. */
  moved(fromMs: number, toMs: number): void {
    if (!this.open) {
      this.open = true;
      this.number++;
      this.fromMs = this.toMs = clamp(fromMs);
    }
    this.toMs = Math.max(this.toMs, clamp(toMs));
  }

  /** No more of it; what comes next is another stretch. Its ends stay readable until then. */
  close(): void {
    this.open = false;
  }

  /** As it goes over the wire; nothing before the first frame has moved. */
  read(): Segment | undefined {
    return this.number < 0 || this.toMs >= LAST_MS ? undefined : [this.number, this.fromMs, this.toMs];
  }
}

function clamp(ms: number): number {
  return Math.min(LAST_MS, Math.max(0, Math.round(ms)));
}
