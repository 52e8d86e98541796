/** From following a link, with nothing in the browser's cache, to the first number of the live page on the screen. */

import { openPage } from '../../tests/browser/browser.mjs';

export async function measureCold(browser, { url, state, runs }) {
  const firstMs = [];
  let kilobytes = 0;
  for (let n = 0; n <= runs; n++) {
    const page = await openPage(browser, { state });
    await page.addInitScript(watchFirstNumber);
    await page.goto(url, { waitUntil: 'commit' });
    const ms = await page.waitForFunction(() => window.firstNumberMs, undefined, { polling: 50 }).then((handle) => handle.jsonValue());
    // The first run is the browser's own: its processes and its fonts.
    if (n > 0) firstMs.push(ms);
    kilobytes = await page.evaluate(() => performance.getEntriesByType('resource').reduce((sum, { transferSize }) => sum + transferSize, 0) / 1_000);
    if (page.complaints.length > 0) throw new Error(page.complaints.join('\n'));
    await page.context().close();
  }
  return { firstMs, kilobytes };
}

/** Runs in the page: the time, from the beginning of the navigation, of the frame after the first tile has a number. */
function watchFirstNumber() {
  const look = () => {
    const said = document.querySelector('#tile-viewers .tile-value')?.textContent ?? '';
    if (!/\d/.test(said)) return requestAnimationFrame(look);
    return requestAnimationFrame(() => { window.firstNumberMs = performance.now(); });
  };
  requestAnimationFrame(look);
}
