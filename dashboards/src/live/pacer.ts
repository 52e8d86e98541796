/**
 * Lets the screen change at most four times a second, however fast frames come: the first at once, the rest gathered. Many
 * changes at a time are spread over the browser's frames, so that none of them comes late.
 */
export const SCREEN_INTERVAL_MS = 250;
const FRAME_MS = 16;
/** Measured with twenty charts of an hour: 60 frames a second with two changes a frame, 49 with four. */
const CHANGES_A_FRAME = 2;

export class Pacer {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private lastMs = Number.NEGATIVE_INFINITY;
  private again = false;

  /** `gather` says what is to be changed, when it is time to. */
  constructor(private readonly gather: () => (() => void)[]) {}

  mark(): void {
    if (this.timer === undefined) this.arm();
    else this.again = true;
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.again = false;
  }

  private arm(): void {
    this.timer = setTimeout(() => {
      this.lastMs = Date.now();
      this.again = false;
      this.change(this.gather());
    }, Math.max(0, this.lastMs + SCREEN_INTERVAL_MS - Date.now()));
  }

  private change(waiting: (() => void)[]): void {
    this.timer = undefined;
    for (const change of waiting.slice(0, CHANGES_A_FRAME)) change();
    const rest = waiting.slice(CHANGES_A_FRAME);
    if (rest.length > 0) this.timer = setTimeout(() => this.change(rest), FRAME_MS);
    else if (this.again) this.arm();
  }
}
