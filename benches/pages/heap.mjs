/**
 * Eight hours of the live page in three minutes: the clocks of the page and of the scripted evening run faster, so the page takes in as
 * many frames, and draws as often, as in eight hours. What it still holds after collecting garbage is asked for every quarter of an hour.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { startReplay } from '../../dashboards/e2e/replay.mjs';
import { openPage } from '../../tests/browser/browser.mjs';
import { slope } from './statistics.mjs';

const HOUR_MS = 3_600_000;
const HOURS = 8;
const EVERY_MS = HOUR_MS / 4;
/** The window of an hour is full, every row has been replaced, and what runs often has been compiled, which takes memory once. */
const SETTLED_HOURS = 2;

export async function measureHeap(browser, { minutes }) {
  const speed = (HOURS * 60) / minutes;
  const replay = await startReplay({ speed, deltaEveryMs: 1_000 });
  try {
    const page = await openPage(browser, { width: 1_440 });
    await page.addInitScript(hurry, { speed, startMs: replay.scene.now() });
    await page.goto(`${replay.url}/?window=60m`);
    await page.locator('#views tbody tr').nth(10).waitFor();
    const samples = await sample(page, speed);
    if (page.complaints.length > 0) throw new Error(page.complaints.join('\n'));
    const draws = await page.evaluate(() => window.draws);
    await page.context().close();
    const settled = samples.filter(({ hour }) => hour >= SETTLED_HOURS);
    return {
      speed, draws,
      first: settled[0], last: settled.at(-1),
      lowest: Math.min(...settled.map(({ heap }) => heap)), highest: Math.max(...settled.map(({ heap }) => heap)),
      bytesPerHour: slope(settled.map(({ hour, heap }) => [hour, heap])),
      nodesPerHour: slope(settled.map(({ hour, nodes }) => [hour, nodes])),
      listenersPerHour: slope(settled.map(({ hour, listeners }) => [hour, listeners])),
    };
  } finally {
    await replay.close();
  }
}

async function sample(page, speed) {
  const debuggee = await page.context().newCDPSession(page);
  const samples = [];
  const startMs = Date.now();
  for (let n = 1; n <= HOURS * HOUR_MS / EVERY_MS; n++) {
    await sleep(Math.max(0, startMs + (n * EVERY_MS) / speed - Date.now()));
    await debuggee.send('HeapProfiler.collectGarbage');
    const [{ usedSize }, { nodes, jsEventListeners }] = [await debuggee.send('Runtime.getHeapUsage'), await debuggee.send('Memory.getDOMCounters')];
    samples.push({ hour: ((Date.now() - startMs) * speed) / HOUR_MS, heap: usedSize, nodes, listeners: jsEventListeners });
  }
  return samples;
}

/** Runs in the page before its own code: its clock and its timers keep the evening's time. */
function hurry({ speed, startMs }) {
  const [now, later, from] = [Date.now, window.setTimeout, Date.now()];
  Date.now = () => Math.floor(startMs + (now() - from) * speed);
  window.setTimeout = (run, ms = 0, ...rest) => later(run, ms / speed, ...rest);
  window.draws = 0;
  const draw = CanvasRenderingContext2D.prototype.clearRect;
  CanvasRenderingContext2D.prototype.clearRect = function counted(...box) {
    window.draws += 1;
    return draw.apply(this, box);
  };
}
