/** Each page in each of its states, in both themes: what it says, that axe finds nothing, that nothing sticks out. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { axe, launch, openPage } from './browser.mjs';
import { INGEST_KEY, startReplay } from './replay.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** Opens a page of a scene, waits for its state, and checks what must hold for every page in every state. */
async function look(scene, path, ready, { theme, width, check = async () => undefined }) {
  const replay = await startReplay(scene);
  try {
    const page = await openPage(browser, replay.url + path, { theme, width });
    await page.locator(ready).first().waitFor();
    await check(page, replay);
    assert.deepEqual(await axe(page), [], `${path} ${theme} ${width ?? ''}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wide <= 0, `${path} sticks out by ${wide} px`);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  } finally {
    await replay.close();
  }
}

const STATES = [
  ['live, full', {}, '/', '#views tbody tr'],
  ['live, as a table', {}, '/?viewers=table&window=5m', '#viewers tbody tr'],
  ['live, empty', { empty: true }, '/', '#first-beacon'],
  ['live, loading', { silent: true }, '/', '.skeleton.shown'],
  ['live, topics refused', { refuse: true }, '/', '[data-state=error]'],
  ['video, full', {}, '/videos/derby-2026', '#figure-views'],
  ['video, live engagement, tables', {}, '/videos/derby-2026?engagement=live&heatmap=table&timeframe=7d', '#engagement tbody tr'],
  ['video, empty', { empty: true }, '/videos/derby-2026', '#engagement [data-state=empty]'],
  ['video, store down', { failing: true }, '/videos/derby-2026', '#engagement [data-state=error]'],
  ['views, full', {}, '/views', '#views-list tbody tr'],
  ['views, filtered', {}, '/views?filter=country%3ADE&filter=%21browser%3ASafari&timeframe=7d', '#views-list tbody tr'],
  ['views, no match', {}, '/views?filter=country%3ANZ', '[data-state=no-match]'],
  ['views, empty', { empty: true }, '/views', '#views-list [data-state=empty]'],
  ['views, loading', { hanging: true }, '/views', '#views-list .skeleton.shown'],
  ['views, store down', { failing: true }, '/views', '#views-list [data-state=error]'],
  ['views, over the limit', { limited: true }, '/views', '#views-list [data-state=error]'],
  ['view, watched', {}, '/views/past-0', '#timeline svg.timeline-picture'],
  ['view, failed', {}, '/views/past-1', '#timeline svg.timeline-picture'],
  ['view, running', {}, '/views/past-3', '#standing'],
  ['view, unknown', {}, '/views/missing', '[data-state=not-found]'],
  ['view, loading', { hanging: true }, '/views/past-0', '.skeleton.shown'],
  ['view, store down', { failing: true }, '/views/past-0', '[data-state=error]'],
  ['login', { signedIn: false }, '/login', 'form'],
  ['unknown page', {}, '/nowhere', '.state'],
  ['demo, full', {}, '/demo', '#view-state'],
  ['demo, before play', { empty: true }, '/demo', '#view [data-state=empty]'],
];

for (const theme of ['dark', 'light']) {
  describe(theme, () => {
    for (const [name, scene, path, ready] of STATES) test(name, () => look(scene, path, ready, { theme }));
  });
}

describe('at 320 px', () => {
  for (const [name, scene, path, ready] of STATES) test(name, () => look(scene, path, ready, { theme: 'dark', width: 320 }));
});

test('the empty state has the real key and can be copied', () =>
  look({ empty: true }, '/', '#first-beacon', {
    theme: 'dark',
    check: async (page, replay) => {
      const snippet = await page.locator('#first-beacon pre').textContent();
      assert.match(snippet, new RegExp(`key: '${INGEST_KEY}'`));
      assert.match(snippet, new RegExp(`${replay.url}/sdk/playhead.js`));
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await page.locator('.copy').click();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), snippet);
    },
  }));

test('a skeleton is as large as what replaces it', async () => {
  const size = async (scene, ready) => {
    let box;
    await look(scene, '/', ready, { theme: 'dark', check: async (page) => {
      box = await page.locator('#viewers .panel-body').boundingBox();
    } });
    return box;
  };
  assert.deepEqual(await size({ silent: true }, '.skeleton.shown'), await size({}, '#views tbody tr'));
});

test('zero is not no-data: nobody there means 0 viewers, and a dash for their rebuffering', () =>
  look({ empty: true }, '/', '#tile-viewers', {
    theme: 'dark',
    check: async (page) => {
      assert.equal(await page.locator('#tile-viewers .tile-value').textContent(), '0');
      assert.equal(await page.locator('#tile-rebuffering .tile-value').textContent(), '–');
      assert.equal(await page.locator('#tile-startup .tile-value').textContent(), '–');
    },
  }));

test('strangers’ texts are only ever text', () =>
  look({}, '/', '#top tbody tr', {
    theme: 'dark',
    check: async (page) => {
      await page.locator('#top a', { hasText: '<img src=x' }).waitFor();
      assert.equal(await page.evaluate(() => window.hacked), undefined);
      assert.equal(await page.locator('#top img').count(), 0);
    },
  }));
