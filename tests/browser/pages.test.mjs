/** The pages with a real evening behind them: figures that agree with what was posted, and nothing squeezed or cut off. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { postViews, TRUSTING_US } from './beacons.mjs';
import { launch, openPage } from './browser.mjs';
import { eventually } from './check.mjs';
import { withServer } from './server.mjs';
import { openDashboard } from './watching.mjs';

const VIEWS = 40;
/** A laptop's window; the pages' own tests look at phones. */
const WIDTH = 1_360;
/** Less is not a title any more. */
const READABLE_PX = 130;

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test('empty, then full: the live page and the page of a video, in both themes', () =>
  withServer(TRUSTING_US, async (server) => {
    const dashboard = await openDashboard(browser, server);
    await dashboard.locator('#first-beacon').waitFor();
    const posted = await postViews(server, VIEWS);
    await checkFigures(dashboard, server, posted);
    await dashboard.context().close();
    for (const theme of ['dark', 'light']) await checkLooks(server, theme, posted);
  }));

/** The page that was open when they came counts them, and so does history. */
async function checkFigures(dashboard, server, posted) {
  const watching = posted.filter(({ stand }) => ['playing', 'rebuffering', 'starting'].includes(stand));
  const tile = dashboard.locator('#tile-viewers .tile-value');
  await eventually(async () => Number(await tile.textContent()) === watching.length, `${watching.length} concurrent viewers`);
  await eventually(async () => {
    const { data } = await server.api('metrics/views/overall', { 'timeframe[]': '24:hours' });
    return data.total_views === VIEWS;
  }, `${VIEWS} views in history`);
  assert.deepEqual(dashboard.complaints, []);
}

async function checkLooks(server, theme, posted) {
  const page = await openPage(browser, { theme, width: WIDTH });
  await page.goto(server.loginLink);
  await page.locator('#views tbody tr').nth(10).waitFor();
  for (const table of ['#top', '#views']) await nothingCut(page, table);
  for (const width of await page.locator('.title-cell').evaluateAll((cells) => cells.map((cell) => cell.clientWidth))) {
    assert.ok(width >= READABLE_PX, `a title has ${width} px`);
  }
  const untitled = posted.find(({ videoId }) => videoId.includes('untitled')).videoId;
  await page.locator('#views .title-cell a', { hasText: untitled }).first().click();
  await page.waitForURL(`**/videos/${untitled}`);
  await page.locator('#figure-views').waitFor();
  await page.locator('#engagement .plot').waitFor();
  assert.equal(await page.locator('h1').textContent(), untitled);
  const watched = posted.filter(({ videoId }) => videoId === untitled).length;
  // Each figure is a question of its own, and comes when it is answered.
  await page.locator('#figure-views .tile-value', { hasText: new RegExp(`^${watched}$`) }).waitFor();
  await nothingCut(page, '#views');
  assert.deepEqual(page.complaints, []);
  await page.context().close();
}

/** A table needs no sideways scrolling, nor does the page. */
async function nothingCut(page, table) {
  const hidden = await page.locator(`${table} .scroll`).evaluate((region) => region.scrollWidth - region.clientWidth);
  assert.ok(hidden <= 0, `${hidden} px of ${table} are cut off`);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the page sticks out');
}
