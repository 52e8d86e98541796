/**
 * Each screen once. What it is to somebody who hears it: landmarks, headings, controls, tables and charts by their names, held against
 * e2e/aria/; figures, dates and what is in the rows are left out, and `PLAYHEAD_TEST_UPDATE=1` writes them anew. And whether it can be
 * used narrow, enlarged and by keyboard: `geometry.mjs`.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { launch, openPage } from './browser.mjs';
import { geometry } from './geometry.mjs';
import { startReplay } from './replay.mjs';

const SCREENS = {
  live: '/', overview: '/overview', explore: '/explore', compare: '/compare?a=country:DE&b=country:FR', views: '/views', view: '/views/past-4',
  video: '/videos/derby-2026', errors: '/errors', alerts: '/alerts', sql: '/sql', usage: '/usage', quality: '/quality', system: '/system',
  settings: '/settings', start: '/start',
};
/** Roles that make a screen's outline; cells, texts and generic boxes are its content. */
const OUTLINE = /^\s*- (banner|main|navigation|region|heading|button|link|combobox|textbox|searchbox|slider|table|grid|columnheader|group|list|term|dialog|alert|status)\b/;
/** What stands in rows and lists is data. */
const DATA = /^\s*- (listitem|cell|gridcell|rowheader)\b/;

let browser;
let replay;
let page;
before(async () => {
  [browser, replay] = await Promise.all([launch(), startReplay()]);
  page = await openPage(browser, replay.url, { width: 1_440, height: 2_400 });
});
after(async () => {
  await browser?.close();
  await replay?.close();
});

for (const [name, path] of Object.entries(SCREENS)) {
  test(`${name}: landmarks, headings and controls by name; narrow, spaced and by keyboard`, async () => {
    await page.goto(replay.url + path);
    await page.locator('main h1').waitFor({ state: 'attached' });
    await page.waitForFunction(() => document.querySelector('main [data-state=loading], main .skeleton') === null);
    const outline = outlineOf(await page.locator('body').ariaSnapshot());
    const file = new URL(`aria/${name}.txt`, import.meta.url);
    if (process.env.PLAYHEAD_TEST_UPDATE !== undefined) writeFileSync(file, outline);
    assert.equal(outline, readFileSync(file, 'utf8'));
    assert.deepEqual(await geometry(page), []);
  });
}

/** One line for each, figures as 0; of equal neighbours the first. */
function outlineOf(snapshot) {
  const lines = [];
  let dataDepth = Infinity;
  for (const line of snapshot.split('\n')) {
    const depth = line.search(/\S/);
    if (depth > dataDepth) continue;
    dataDepth = DATA.test(line) ? depth : Infinity;
    if (OUTLINE.test(line)) lines.push(line.replace(/:( .*)?$/, '').replace(/"[^"]*"/, (name) => name.replace(/\d[\d,.:]*/g, '0')));
  }
  return `${lines.filter((line, i) => line !== lines[i - 1]).join('\n')}\n`;
}
