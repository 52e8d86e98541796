/** Dropped frames over the view. The element's own count starts anew with every source; this one does not. */

/** Not every television knows. */
export interface FrameSource {
  getVideoPlaybackQuality?: () => { droppedVideoFrames: number };
}

export class DroppedFrames {
  private seen: number;
  private total = 0;

  constructor(private readonly source: FrameSource) {
    this.seen = this.read();
  }

  /** All frames dropped since this counter was made. */
  count(): number {
    const now = this.read();
    this.total += now >= this.seen ? now - this.seen : now;
    this.seen = now;
    return this.total;
  }

  private read(): number {
    return this.source.getVideoPlaybackQuality?.().droppedVideoFrames ?? 0;
  }
}
