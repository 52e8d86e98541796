/** Each page in each of its states, in both themes and on the narrowest screen: that axe finds nothing, that nothing sticks out. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, launch, openPage } from './browser.mjs';
import { INGEST_KEY, startReplay } from './replay.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** So high that what is asked for when it comes near the screen is asked for at once. */
const WHOLE_PAGE = 2_200;

/** Opens a page of a scene, waits for its state, and runs what has to hold; `check` as long as the page is open. */
async function look(scene, path, ready, check) {
  const replay = await startReplay(scene);
  try {
    const page = await openPage(browser, replay.url + path, { theme: 'dark', height: WHOLE_PAGE });
    await page.locator(ready).first().waitFor();
    await check(page, replay);
    assert.deepEqual(page.complaints, []);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    await page.context().close();
  } finally {
    await replay.close();
  }
}

/** What must hold for every page in every state and on every screen. */
async function sound(page, what) {
  assert.deepEqual(await axe(page), [], what);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${what}: sticks out by ${wide} px`);
}

/** One load for three looks: loading costs more than looking. What is drawn follows the theme and the size by itself. */
async function everyLook(page) {
  await sound(page, 'dark');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.locator('html[data-theme=light]').waitFor();
  await sound(page, 'light');
  await page.emulateMedia({ colorScheme: 'dark', contrast: 'more' });
  await page.setViewportSize({ width: 320, height: WHOLE_PAGE });
  await page.locator('html[data-theme=dark]').waitFor();
  await sound(page, 'dark, high contrast, 320 px');
}

const STATES = [
  ['live, full', {}, '/', '#views tbody tr'],
  ['live, as a table', {}, '/?viewers=table&window=5m', '#viewers tbody tr'],
  ['live, empty', { empty: true }, '/', '#first-beacon'],
  ['live, loading', { silent: true }, '/', '.skeleton.shown'],
  ['live, topics refused', { refuse: true }, '/', '[data-state=error]'],
  ['live, in part', { refuse: ['problems', 'top'] }, '/', '#wrong [data-state=error]'],
  ['video, full', {}, '/videos/derby-2026', '#figure-views'],
  ['video, live engagement, tables', {}, '/videos/derby-2026?engagement=live&heatmap=table&timeframe=7d', '#engagement tbody tr'],
  ['video, empty', { empty: true }, '/videos/derby-2026', '#engagement [data-state=empty]'],
  ['video, store down', { failing: true }, '/videos/derby-2026', '#engagement [data-state=error]'],
  ['video, in part', { failing: /viewers\?/ }, '/videos/derby-2026', '#watchers [data-state=error]'],
  ['video, a stretch of it, as shares', {}, '/videos/derby-2026?stretch=100-160&scale=share&compare=off', '#standouts li'],
  ['overview, full', {}, '/overview', '#top-browser tbody tr'],
  ['overview, filtered, a time of one’s own', {}, '/overview?filter=cdn%3Aedge-b&filter=%21country%3ADE&timeframe=1795000000-1795200000&zone=utc', '#top-browser tbody tr'],
  ['overview, tables', {}, '/overview?trend=table&family-rebuffer_percentage=table&compare=week', '#trend .plot, #trend table'],
  ['overview, empty', { empty: true }, '/overview', '#nothing'],
  ['overview, no match', {}, '/overview?filter=country%3ANZ', '#nothing[data-state=no-match]'],
  ['overview, loading', { hanging: true }, '/overview', '.skeleton.shown'],
  ['overview, store down', { failing: true }, '/overview', '#figures [data-state=error]'],
  ['overview, over the limit', { limited: true }, '/overview', '#figures [data-state=error]'],
  ['overview, in part', { comparisonFails: true }, '/overview', '#trend .note'],
  ['overview, in part, without its lists', { failing: /breakdown/ }, '/overview', '#top-browser [data-state=error]'],
  ['explore, full', {}, '/explore/video_startup_time', '#by tbody tr'],
  ['explore, 95th by CDN, as a table', {}, '/explore/video_startup_time?measurement=95th&by=cdn&series=table&timeframe=7d', '#series tbody tr'],
  ['explore, nothing to measure', {}, '/explore/page_load_time', '#nothing'],
  ['explore, no such metric', {}, '/explore/nope', '[data-state=not-found]'],
  ['explore, loading', { hanging: true }, '/explore/views', '.skeleton.shown'],
  ['explore, store down', { failing: true }, '/explore/views', '[data-state=error]'],
  ['explore, in part', { failing: /insights/ }, '/explore/video_startup_time', '#why [data-state=error]'],
  ['start', {}, '/start', '#verify'],
  ['start, nothing yet', { empty: true }, '/start?player=cmcd-dashjs', '#verify[data-state=waiting]'],
  ['views, full', {}, '/views', '#views-list tbody tr'],
  ['views, filtered', {}, '/views?filter=country%3ADE&filter=%21browser%3ASafari&timeframe=7d', '#views-list tbody tr'],
  ['views, no match', {}, '/views?filter=country%3ANZ', '[data-state=no-match]'],
  ['views, empty', { empty: true }, '/views', '#views-list [data-state=empty]'],
  ['views, loading', { hanging: true }, '/views', '#views-list .skeleton.shown'],
  ['views, store down', { failing: true }, '/views', '#views-list [data-state=error]'],
  ['views, in part: not live', { refuse: true }, '/views', '#views-list tbody tr'],
  ['views, over the limit', { limited: true }, '/views', '#views-list [data-state=error]'],
  ['view, watched', {}, '/views/past-0', '#timeline svg.timeline-picture'],
  ['view, failed', {}, '/views/past-1', '#timeline svg.timeline-picture'],
  ['view, running', {}, '/views/past-3', '#standing'],
  ['view, unknown', {}, '/views/missing', '[data-state=not-found]'],
  ['view, loading', { hanging: true }, '/views/past-0', '.skeleton.shown'],
  ['view, store down', { failing: true }, '/views/past-0', '[data-state=error]'],
  ['view, in part: not followed', { refuse: true }, '/views/past-3', 'main > .problem'],
  ['errors, full', {}, '/errors', '#errors tbody tr .sparkline'],
  ['errors, filtered, by change, as a table', {}, '/errors?filter=cdn%3Aedge-b&order=change&trend=table&zone=utc', '#errors tbody tr'],
  ['errors, none', {}, '/errors?filter=%21%3Ferror_code', '#errors [data-state=empty]'],
  ['errors, in part', { comparisonFails: true }, '/errors', '#errors .note'],
  ['errors, store down', { failing: true }, '/errors', '#errors [data-state=error]'],
  ['error, full', {}, '/errors/404', '#where-country tbody tr'],
  ['error, in part', { failing: /video-views/ }, '/errors/404', '#error-views [data-state=error]'],
  ['error, of strangers’ words', {}, '/errors/media%2Fdecode%203', '#where-country tbody tr'],
  ['compare, full', {}, '/compare?a=cdn%3Aedge-a&b=cdn%3Aedge-b&c=country%3ABR&d=&d.time=7d', '#course .plot'],
  ['compare, as a table', {}, '/compare?a=cdn%3Aedge-a&b=cdn%3Aedge-b&course=table&metric=rebuffer_percentage', '#course tbody tr'],
  ['compare, what?', {}, '/compare', '#suggestions a[href*=cdn]'],
  ['compare, in part', { comparisonFails: true }, '/compare?a=cdn%3Aedge-a&b=&b.time=yesterday', '#compared .note'],
  ['alerts, full', {}, '/alerts', '#wrong li'],
  ['alerts, empty, may not write', { empty: true, role: 'viewer' }, '/alerts', '#notes [data-state=empty]'],
  ['alerts, in part', { failing: /incidents/ }, '/alerts', '#incidents [data-state=error]'],
  ['alerts, opening an incident', {}, '/alerts?show=new&filter=cdn%3Aedge-b', '#incident-description'],
  ['incident, open', {}, '/alerts/i1', '#course .plot'],
  ['incident, in part', { failing: /\/log|related/ }, '/alerts/i1', '#log [data-state=error]'],
  ['incident, of strangers’ words', {}, '/alerts/i2', '#related tbody tr'],
  ['overview, conditions of every kind', {}, '/overview?filter=%2Bbrowser%3Achro&filter=%21%5Ecdn%3Aedge-b&filter=%3Fcountry&filter=video_startup_time%3E%3D100&percentile=95th', '#top-browser tbody tr'],
  ['explore, causes of the change', {}, '/explore/video_startup_time?causes=change&measurement=99th', '#why tbody tr'],
  ['usage, full', {}, '/usage', '#usage .plot'],
  ['usage, a week of events, as a table', {}, '/usage?timeframe=7d&measure=events&usage=table&compare=none', '#usage tbody tr'],
  ['usage, empty', { empty: true }, '/usage', '#nothing'],
  ['usage, loading', { hanging: true }, '/usage', '.skeleton.shown'],
  ['usage, store down', { failing: true }, '/usage', '#figures [data-state=error]'],
  ['usage, over the limit', { limited: true }, '/usage', '#figures [data-state=error]'],
  ['usage, in part', { comparisonFails: true }, '/usage', '#usage .note'],
  ['quality, full', {}, '/quality', '#senders tbody tr'],
  ['quality, by player, filtered', {}, '/quality?by=player_software&filter=country%3ADE', '#senders tbody tr'],
  ['quality, empty', { empty: true }, '/quality', '#refused [data-state=empty]'],
  ['quality, loading', { hanging: true }, '/quality', '.skeleton.shown'],
  ['quality, store down', { failing: true }, '/quality', '#senders [data-state=error]'],
  ['quality, in part', { failing: /refusals/ }, '/quality', '#refused [data-state=error]'],
  ['system, full', {}, '/system', '#fates tbody tr'],
  ['system, the lag as a table', {}, '/system?course=lag&hour=table', '#hour tbody tr'],
  ['system, just begun, ClickHouse away', { empty: true }, '/system', '#hour [data-state=empty]'],
  ['system, not for this role', { role: 'admin' }, '/system', '[data-state=forbidden]'],
  ['system, loading', { hanging: true }, '/system', '.skeleton.shown'],
  ['system, store down', { failing: true }, '/system', '#figures [data-state=error]'],
  ['settings, keys, one open', {}, '/settings/keys?show=pk_replay_4f2c', '#key-name'],
  ['settings, a new key', {}, '/settings/keys?show=new', '#new-key-name'],
  ['settings, tokens', {}, '/settings/tokens?show=new', '#tokens .thing'],
  ['settings, no token yet', { empty: true }, '/settings/tokens', '#tokens [data-state=empty]'],
  ['settings, people', {}, '/settings/people?show=new', '#invitations .thing'],
  ['settings, nobody yet', { empty: true }, '/settings/people', '#people [data-state=empty]'],
  ['settings, environment', {}, '/settings/environment', '#environment-name'],
  ['settings, privacy', {}, '/settings/privacy', '#receipts .thing'],
  ['settings, viewer counts', {}, '/settings/counts', '#count-video'],
  ['settings, you', {}, '/settings/you', '#sessions .thing'],
  ['settings, not for this role', { role: 'viewer' }, '/settings/people', '[data-state=forbidden]'],
  ['settings, loading', { hanging: true }, '/settings/tokens', '.skeleton.shown'],
  ['settings, refused', { failing: true }, '/settings/keys', '#keys [data-state=error]'],
  ['settings, over the limit', { limited: true }, '/settings/people', '#people [data-state=error]'],
  ['settings, no such section', {}, '/settings/nope', '[data-state=not-found]'],
  ['login', { signedIn: false }, '/login', 'form'],
  ['unknown page', {}, '/nowhere', '.state'],
  ['demo, full', {}, '/demo', '#view-state'],
  ['demo, before play', { empty: true }, '/demo', '#view [data-state=empty]'],
];

for (const [name, scene, path, ready] of STATES) test(name, () => look(scene, path, ready, everyLook));

/** What is told live keeps its values and says so; what was asked once says since when, and that it may be asked again. */
for (const path of ['/', '/views', '/views/past-3', '/videos/derby-2026?engagement=live', '/alerts']) {
  test(`stale: ${path}`, () =>
    look({}, path, 'main tbody tr, main .wrong li', async (page, replay) => {
      const before = await page.locator('main h1').textContent();
      replay.cut();
      await page.locator('#banner', { hasText: /Connection lost\. Values as of \d\d:\d\d:\d\d/ }).waitFor();
      assert.equal(await page.locator('main h1').textContent(), before);
      assert.equal(await page.locator('main .skeleton').count(), 0, 'nothing is taken away');
      await everyLook(page);
    }));
}

test('the empty state has the real key and can be copied', () =>
  look({ empty: true }, '/', '#first-beacon', async (page, replay) => {
      const snippet = await page.locator('#first-beacon pre').textContent();
      assert.match(snippet, new RegExp(`key: '${INGEST_KEY}'`));
      assert.match(snippet, new RegExp(`${replay.url}/sdk/playhead.js`));
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await page.locator('.copy').click();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), snippet);
  }));

test('a skeleton is as large as what replaces it', async () => {
  const size = async (scene, ready) => {
    let box;
    await look(scene, '/', ready, async (page) => {
      box = await page.locator('#viewers .panel-body').boundingBox();
    });
    return box;
  };
  assert.deepEqual(await size({ silent: true }, '.skeleton.shown'), await size({}, '#views tbody tr'));
});

test('zero is not no-data: nobody there means 0 viewers, and a dash for their rebuffering', () =>
  look({ empty: true }, '/', '#tile-viewers', async (page) => {
      assert.equal(await page.locator('#tile-viewers .tile-value').textContent(), '0');
      assert.equal(await page.locator('#tile-rebuffering .tile-value').textContent(), '–');
      assert.equal(await page.locator('#tile-startup .tile-value').textContent(), '–');
  }));

test('strangers’ texts are only ever text', () =>
  look({}, '/', '#top tbody tr', async (page) => {
      await page.locator('#top a', { hasText: '<img src=x' }).waitFor();
      assert.equal(await page.evaluate(() => window.hacked), undefined);
      assert.equal(await page.locator('#top img').count(), 0);
  }));
