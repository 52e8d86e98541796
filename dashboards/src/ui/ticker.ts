/** The time of day as a signal, twice a second: for ages and banners. Nothing is fetched on it. */
import { signal } from '@preact/signals';
import type { ReadonlySignal } from '@preact/signals';

const TICK_MS = 500;
const time = signal(Date.now());

function tick(): void {
  time.value = Date.now();
  setTimeout(tick, TICK_MS);
}
setTimeout(tick, TICK_MS);

export const now: ReadonlySignal<number> = time;
