/** Lets the screen change at most four times a second, however fast frames come: the first at once, the rest gathered. */
export const SCREEN_INTERVAL_MS = 250;

export class Pacer {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private lastMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly flush: () => void) {}

  mark(): void {
    if (this.timer !== undefined) return;
    const wait = Math.max(0, this.lastMs + SCREEN_INTERVAL_MS - Date.now());
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.lastMs = Date.now();
      this.flush();
    }, wait);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
