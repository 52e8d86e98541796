/** How long the browser takes from a click or a key to the next frame (Event Timing, which rounds to 8 ms), over the main jobs. */

import { openPage } from '../../tests/browser/browser.mjs';
import { TASKS } from '../../tests/browser/tasks.mjs';

/** What is done besides: the keys of a chart, another time, the table, a filter, the theme. */
const BY_KEYBOARD = {
  name: 'by keyboard: explore, read a chart, another time, a table, a filter',
  async run(page) {
    const press = async (...keys) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    await page.locator('dialog.shortcuts').waitFor({ state: 'attached' });
    await press('g', 'e');
    await page.locator('#series [role=slider]').focus();
    await press('End', ...Array(20).fill('ArrowLeft'), 'Escape');
    await page.locator('h1').focus();
    await press('[', ']', 'x');
    await page.locator('#series tbody tr').first().waitFor();
    await page.locator('#by tbody a').first().focus();
    await press('ArrowDown', 'Enter');
    await page.locator('.chip').first().waitFor();
  },
};

/** A second in which the page settles, so that what comes late is counted with its job. */
const SETTLE_MS = 1_000;

export async function measureInteractions(browser, { url, state, known, rounds }) {
  const page = await openPage(browser, { state, width: 1_440 });
  await page.addInitScript(watchEvents);
  const jobs = [];
  for (const { name, run } of [...TASKS, BY_KEYBOARD]) {
    const durations = [];
    for (let round = 0; round < rounds; round++) {
      await page.goto(url);
      await page.locator('#tile-viewers').waitFor();
      await run(page, (locator) => locator.click(), known);
      await page.waitForTimeout(SETTLE_MS);
      durations.push(...(await page.evaluate(() => [...window.interactions.values()])));
    }
    jobs.push({ name, durations });
  }
  await page.context().close();
  return jobs;
}

/** Runs in the page: the longest event of each interaction. Events of less than 16 ms are not told one by one. */
function watchEvents() {
  window.interactions = new Map();
  new PerformanceObserver((list) => {
    for (const { interactionId, duration } of list.getEntries()) {
      if (interactionId > 0) window.interactions.set(interactionId, Math.max(duration, window.interactions.get(interactionId) ?? 0));
    }
  }).observe({ type: 'event', durationThreshold: 16, buffered: true });
}
