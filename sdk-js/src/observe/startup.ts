/**
 * When did the viewer's wait begin? With a play button: at the press. With the `autoplay` attribute: when loading
 * began, although the element says `play` only once it has enough data, and although the browser may forbid it.
 */

export interface AutoplaySigns {
  autoplay: boolean;
  paused: boolean;
  /** A source is chosen, being fetched, or fetched. */
  loading: boolean;
}

export class Startup {
  private since: number | undefined;

  /** Something began to load. Keeps the first such moment until it is decided what becomes of it. */
  loading(now: number, { autoplay, paused, loading }: AutoplaySigns): void {
    if (autoplay && paused && loading) this.since ??= now;
  }

  /** The browser had all it needs and still did not play: it does not allow it. Nobody waits. */
  blocked(): void {
    this.since = undefined;
  }

  /** An unattended start is under way and undecided. */
  get undecided(): boolean {
    return this.since !== undefined;
  }

  /** Playback is really wanted at `now`: since when has it been? */
  requested(now: number): number {
    const since = this.since ?? now;
    this.since = undefined;
    return since;
  }
}
