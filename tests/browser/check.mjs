/** Waiting for things to become true, and comparing measures that cannot be equal to the millisecond. */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

/** Asks until the answer is truthy, and returns it. A machine may be very busy; one that never gets there fails all the same. */
export async function eventually(ask, what, withinMs = 60_000) {
  const end = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(50);
  }
}

/** Two measures of the same thing by different clocks and events. */
export function near(value, expected, tolerance, what) {
  assert.ok(
    typeof value === 'number' && Math.abs(value - expected) <= tolerance,
    `${what}: ${value} is not within ${tolerance} of ${expected}`,
  );
}

/** A measure of something that ended between two moments known otherwise, give or take. */
export function between(value, moments, tolerance, what) {
  const [earliest, latest] = [Math.min(...moments) - tolerance, Math.max(...moments) + tolerance];
  assert.ok(value >= earliest && value <= latest, `${what}: ${value} is not between ${earliest} and ${latest}`);
}
