/**
 * Lets the screen change at most four times a second, however fast frames come: the first at once, the rest gathered. Many
 * changes at a time are spread over the browser's frames until the next are due, so that none of them comes late.
 */
export const SCREEN_INTERVAL_MS = 250;
/** Frames of a screen of 60 Hz between two rounds, less one to have a round finished before the next. */
const FRAMES = 14;

export class Pacer {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private frame: number | undefined;
  private lastMs = Number.NEGATIVE_INFINITY;
  private again = false;

  /** `gather` says what is to be changed, when it is time to. */
  constructor(private readonly gather: () => (() => void)[]) {}

  mark(): void {
    if (this.timer === undefined && this.frame === undefined) this.arm();
    else this.again = true;
  }

  stop(): void {
    clearTimeout(this.timer);
    if (this.frame !== undefined) cancelAnimationFrame(this.frame);
    this.timer = undefined;
    this.frame = undefined;
    this.again = false;
  }

  private arm(): void {
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.lastMs = Date.now();
      this.again = false;
      const waiting = this.gather();
      this.change(waiting, Math.max(1, waiting.length / FRAMES));
    }, Math.max(0, this.lastMs + SCREEN_INTERVAL_MS - Date.now()));
  }

  /** So many a frame: of twenty charts one, and now and then two. */
  private change(waiting: (() => void)[], each: number, done = 0): void {
    this.frame = undefined;
    const until = Math.min(waiting.length, done + each);
    for (const change of waiting.slice(Math.floor(done), Math.floor(until))) change();
    if (until < waiting.length) this.frame = requestAnimationFrame(() => this.change(waiting, each, until));
    else if (this.again) this.arm();
  }
}
