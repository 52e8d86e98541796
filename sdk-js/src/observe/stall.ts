/**
 * Finds stalls by looking at the playhead alone. Players forget to say `waiting`, say it for seeks, or say it when
 * nothing is wrong; a playhead that stands still while it should move is what the viewer sees.
 */

/** A standstill this long is noticed by viewers, and longer than any player's own hiccup between two buffers. */
export const STALL_MS = 300;

export class StallDetector {
  private stillSince = 0;

  /** Playback is wanted from now on, or the playhead was seen moving up to now. */
  alive(at: number): void {
    this.stillSince = at;
  }

  isStalled(now: number): boolean {
    return now - this.stillSince >= STALL_MS;
  }
}
