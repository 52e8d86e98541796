/** Twenty live charts of an hour, all changing four times a second, for half a minute: how many frames the browser draws. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startReplay } from '../../dashboards/e2e/replay.mjs';
import { buildWall } from '../../dashboards/e2e/wall/build.mjs';
import { openPage } from '../../tests/browser/browser.mjs';
import { quantile } from './statistics.mjs';

const DELTA_EVERY_MS = 250;
/** Shapes, styles and compiled code are there. */
const WARM_UP_MS = 5_000;
/** Two frames of a screen of 60 Hz, less a little: an interval beyond it has left one out. */
const MISSED_MS = 25;
export const FRAMES_PER_S = 60;

export async function measureFrames(browser, { seconds }) {
  const pages = await mkdtemp(join(tmpdir(), 'playhead-wall-'));
  try {
    await buildWall(pages);
    const replay = await startReplay({ pages, deltaEveryMs: DELTA_EVERY_MS });
    try {
      return await watch(browser, replay.url, seconds);
    } finally {
      await replay.close();
    }
  } finally {
    await rm(pages, { recursive: true, force: true });
  }
}

async function watch(browser, url, seconds) {
  const page = await openPage(browser, { width: 1_920, height: 1_080 });
  await page.goto(url);
  await page.locator('.plot-canvas canvas').nth(19).waitFor();
  await sleep(WARM_UP_MS);
  const debuggee = await page.context().newCDPSession(page);
  await debuggee.send('Performance.enable');
  const busy = async () => (await debuggee.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration').value;
  const drawn = () => page.evaluate(() => [...document.querySelectorAll('.legend-place')].map((place) => place.textContent).join());
  const [busyBefore, drawnBefore] = [await busy(), await drawn()];
  const times = await page.evaluate(recordFrames, seconds * 1_000);
  const busyShare = (await busy() - busyBefore) / seconds;
  if ((await drawn()) === drawnBefore) throw new Error('the charts did not move');
  if (page.complaints.length > 0) throw new Error(page.complaints.join('\n'));
  await page.context().close();
  const gaps = times.slice(1).map((time, i) => time - times[i]);
  return {
    charts: 20,
    framesPerS: (1_000 * gaps.length) / (times.at(-1) - times[0]),
    missed: gaps.filter((gap) => gap > MISSED_MS).length,
    frames: gaps.length,
    p99Ms: quantile(gaps, 0.99),
    longestMs: Math.max(...gaps),
    busyShare,
  };
}

/** Runs in the page: the time of every frame. */
function recordFrames(forMs) {
  return new Promise((resolve) => {
    const times = [];
    const frame = (time) => {
      times.push(time);
      if (time - times[0] < forMs) requestAnimationFrame(frame);
      else resolve(times);
    };
    requestAnimationFrame(frame);
  });
}
