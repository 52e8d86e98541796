/**
 * On a wall, where nobody has a hand on it: larger letters, nothing to press, a screen that stays awake, and once a minute what
 * does not move by itself asked anew. `wall=on` stays on its page, `wall=30` goes on to the next screen every 30 seconds.
 */
import { effect } from '@preact/signals';
import { address, navigate, withParam, withScope } from '../router';
import { now } from './ticker';

/** What is shown one after another. */
const SCREENS = ['/', '/overview', '/errors', '/alerts'];
const LEAST_S = 5;
const REFRESH_S = 60;

/** Hangs the page up; what comes back takes it down. */
export function hangUp(wall: string): () => void {
  const { dataset } = document.documentElement;
  dataset.wall = '';
  const down = new AbortController();
  const { signal } = down;
  const awake = (): void => {
    // Not everywhere, and not while the page is hidden; then the wall's own settings have to see to it.
    if ('wakeLock' in navigator) navigator.wakeLock.request('screen').then((lock) => signal.addEventListener('abort', () => void lock.release()), () => undefined);
  };
  awake();
  document.addEventListener('visibilitychange', awake, { signal });
  addEventListener('keydown', ({ key }) => key === 'Escape' && navigate(withParam(address.value, 'wall', '', '')), { signal });
  const seconds = Number(wall);
  const [step, everyS] = seconds > 0 ? [next, Math.max(seconds, LEAST_S)] : [refresh, REFRESH_S];
  let stepped = now.value;
  const stop = effect(() => {
    if (now.value - stepped < everyS * 1_000) return;
    stepped = now.value;
    // Out of this turn, for what it changes is not what is waited for.
    queueMicrotask(step);
  });
  return () => {
    down.abort();
    stop();
    delete dataset.wall;
  };
}

function refresh(): void {
  document.querySelector<HTMLElement>('#refresh')?.click();
}

function next(): void {
  const place = SCREENS.indexOf(address.value.path) + 1;
  navigate(withScope(SCREENS[place % SCREENS.length] ?? '/', ['zone', 'timeframe', 'filter', 'wall']), 'replace');
}
