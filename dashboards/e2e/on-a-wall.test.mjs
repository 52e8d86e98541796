/** A screen nobody has a hand on: by a key and back, and one screen after another. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, eventually, launch, openPage } from './browser.mjs';
import { startReplay } from './replay.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

async function withPage(path, run) {
  const replay = await startReplay();
  try {
    const page = await openPage(browser, replay.url + path);
    await page.locator('#tile-viewers').waitFor();
    await run(page);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  } finally {
    await replay.close();
  }
}

const heightOfAFigure = (page) => page.locator('#tile-viewers .tile-value').evaluate((value) => value.getBoundingClientRect().height);
const pages = (page) => page.locator('.pages');

test('k makes the figures larger and takes away what one needs hands for, and Escape gives it back', () =>
  withPage('/', async (page) => {
    // The keys come after the page.
    await page.waitForLoadState('networkidle');
    const before = await heightOfAFigure(page);
    await page.keyboard.press('k');
    await pages(page).waitFor({ state: 'hidden' });
    assert.equal(new URL(page.url()).search, '?wall=on');
    assert.ok((await heightOfAFigure(page)) > before * 1.3);
    assert.equal(await page.locator('main').getByRole('button').count(), 0);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth), false);
    assert.deepEqual(await axe(page), []);
    await page.reload();
    await page.waitForLoadState('networkidle');
    await pages(page).waitFor({ state: 'hidden' });
    await page.keyboard.press('Escape');
    await pages(page).waitFor();
    assert.equal(new URL(page.url()).search, '');
    assert.equal(await heightOfAFigure(page), before);
  }));

test('a wall that goes round shows one screen after another, and begins again', () =>
  withPage('/?wall=5', async (page) => {
    const seen = new Set();
    await eventually(async () => seen.add(new URL(page.url()).pathname).size === 4, 'all screens', 30_000);
    assert.deepEqual([...seen], ['/', '/overview', '/errors', '/alerts']);
    await page.waitForURL(/\/\?wall=5$/, { timeout: 10_000 });
    await pages(page).waitFor({ state: 'hidden' });
  }));
