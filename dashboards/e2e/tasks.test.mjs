/**
 * What people come for, done by somebody who reads the screen: each in at most four clicks from the page one signs in to; and the
 * main jobs once more without a mouse.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, launch, openPage } from './browser.mjs';
import { startReplay } from './replay.mjs';

const MOST_CLICKS = 4;

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

/** Runs from the live page; every click is counted. */
async function task(run, { scene = {}, path = '/' } = {}) {
  const replay = await startReplay(scene);
  try {
    const page = await openPage(browser, replay.url + path, { width: 1440, height: 1_000 });
    await page.locator('main h1').waitFor({ state: 'attached' });
    let clicks = 0;
    const click = async (locator) => {
      clicks += 1;
      await locator.click();
    };
    await run(page, click, replay);
    assert.ok(clicks <= MOST_CLICKS, `${clicks} clicks`);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  } finally {
    await replay.close();
  }
}

const menu = (page, name) => page.locator('nav[aria-label=Pages] a', { hasText: name });

test('which CDN fails? Overview, its failures, by CDN: the first row by impact', () =>
  task(async (page, click) => {
    await click(menu(page, 'Overview'));
    await click(page.locator('#figure-playback_failure_percentage a'));
    await page.locator('#by tbody tr').first().waitFor();
    await click(page.locator('#dimension'));
    await page.locator('#dimension').selectOption('cdn');
    const worst = page.locator('#by tbody tr').first();
    await page.locator('#by tr[data-value=edge-b]').waitFor();
    assert.equal(await worst.getAttribute('data-value'), 'edge-b');
    assert.match(await worst.textContent(), /9\.0%/);
  }));

test('why was this viewer’s evening bad? Views, their id, the view: a sentence', () =>
  task(async (page, click) => {
    await click(menu(page, 'Views'));
    await click(page.locator('#search-id'));
    await page.keyboard.type('viewer-4');
    await page.keyboard.press('Enter');
    await page.locator('#search-finding', { hasText: 'viewer id' }).waitFor();
    await click(page.locator('#views-list tr[data-view=past-4] .open'));
    await page.locator('#verdict', { hasText: /stalled 3 times/ }).waitFor();
  }));

test('where do people leave this title? Overview, the title: the places that stand out', () =>
  task(async (page, click) => {
    await click(menu(page, 'Overview'));
    await page.locator('#top-video_id').scrollIntoViewIfNeeded();
    await click(page.locator('#top-video_id a.value', { hasText: 'City derby' }));
    await page.locator('#standouts li[data-kind=replayed]').first().waitFor();
    assert.match(await page.locator('#standouts').textContent(), /Intro.*see 0:30/);
    await click(page.locator('#standouts li a').last());
    await page.waitForURL(/stretch=\d+-\d+/);
    await page.getByRole('link', { name: 'Whole video' }).waitFor();
  }));

test('who watched what of this title? The title, its viewers one by one', () =>
  task(async (page, click) => {
    const rows = page.locator('#watchers tbody tr');
    await page.locator('#watchers').scrollIntoViewIfNeeded();
    await rows.nth(19).waitFor();
    assert.match(await rows.first().textContent(), /viewer-0.*100\.0%.*0:00 to 7:00; at most 2 times/);
    await click(page.locator('#watchers a', { hasText: 'Show 10 more' }));
    await rows.nth(29).waitFor();
    await click(page.locator('#watchers a', { hasText: 'Most views' }));
    await page.locator('#watchers tbody tr:first-child', { hasText: 'viewer-1' }).waitFor();
    assert.equal(await page.locator('#watchers img').count(), 0);
    await click(rows.first().locator('a'));
    await page.locator('.chip-value', { hasText: 'viewer-1' }).waitFor();
  }, { path: '/videos/derby-2026' }));

test('when was yesterday’s peak? Overview, Yesterday: the sentence under the chart', () =>
  task(async (page, click) => {
    await click(menu(page, 'Overview'));
    await click(page.locator('#timeframe a', { hasText: 'Yesterday' }));
    await page.locator('#trend .summary', { hasText: /Highest by hour: 4\d\d at \d+ \w+, (19|20):00/ }).waitFor();
  }));

test('why has startup risen? Overview, startup: worse, and by country one row says why', () =>
  task(async (page, click) => {
    await click(menu(page, 'Overview'));
    await page.locator('#figure-video_startup_time .change', { hasText: 'worse' }).waitFor();
    await click(page.locator('#figure-video_startup_time a'));
    const worst = page.locator('#by tbody tr').first();
    await page.locator('#by tr[data-value=BR]').waitFor();
    assert.equal(await worst.getAttribute('data-value'), 'BR');
    await worst.locator('.change', { hasText: /\+314\.3% worse/ }).waitFor();
    await click(worst.locator('a.value'));
    await page.locator('.chip', { hasText: 'BR' }).waitFor();
    await page.locator('.headline-value', { hasText: '2.9 s' }).waitFor();
  }));

test('the main jobs by keyboard alone: pages, time, comparison, filters, charts, tables, a menu', () =>
  task(async (page, _click, replay) => {
    const press = async (...keys) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    const query = () => new URL(page.url()).searchParams;
    await page.locator('dialog.shortcuts').waitFor({ state: 'attached' });
    await press('g', 'o');
    await page.waitForURL('**/overview');
    await eventually(() => page.evaluate(() => document.activeElement?.tagName === 'H1'), 'the page is announced by its heading');
    // The heading is there before the rest of a page that is loaded late.
    await page.locator('a#earlier').waitFor();
    await press('[');
    await eventually(() => /^\d+-\d+$/.test(query().get('timeframe')), 'one period earlier');
    await press('c');
    await eventually(() => query().get('compare') === 'none', 'nothing compared');
    await press('g', 'e');
    await page.waitForURL('**/explore?**');
    assert.equal(query().get('compare'), 'none', 'what was chosen goes along');
    await page.locator('#series [role=slider]').focus();
    await press('Home', 'ArrowRight', 'ArrowRight');
    const slider = page.locator('#series [role=slider]');
    assert.match(await slider.getAttribute('aria-valuetext'), /^\w+ \d+ \w+, \d\d:00: /);
    const before = query().get('timeframe');
    await press('+');
    await eventually(() => query().get('timeframe') !== before, 'zoomed in');
    await page.goBack();
    assert.equal(query().get('timeframe'), before, 'and back');
    await page.locator('#by tbody a').first().focus();
    await press('ArrowDown', 'Enter');
    await eventually(() => query().getAll('filter').length === 1, 'a value becomes a filter');
    await press('x');
    await page.locator('#series tbody tr').first().waitFor();
    await page.locator('#series .menu summary').focus();
    await press('Enter');
    await page.locator('#series .menu-body').waitFor();
    await press('Tab');
    assert.match(await page.evaluate(() => document.activeElement.textContent), /Copy as CSV/);
    await press('Escape');
    assert.equal(await page.locator('#series .menu[open]').count(), 0);
    await press('?');
    await page.locator('dialog.shortcuts[open]').waitFor();
    await press('Escape');
    assert.ok(replay.control.asked.length > 0);
  }));

test('by fingers: one reads a chart, two choose the part that is zoomed to', () =>
  task(async (page) => {
    const chart = page.locator('#series [role=slider]');
    await page.locator('#series .summary', { hasText: 'Highest' }).waitFor();
    await chart.scrollIntoViewIfNeeded();
    const { x, y, width, height } = await page.locator('#series .u-over').boundingBox();
    const debuggee = await page.context().newCDPSession(page);
    const at = (part, id) => ({ x: x + part * width, y: y + height / 2, id });
    const touch = (type, ...touchPoints) => debuggee.send('Input.dispatchTouchEvent', { type, touchPoints });
    const rest = await chart.getAttribute('aria-valuetext');
    await touch('touchStart', at(0.5, 0));
    await touch('touchEnd');
    await eventually(async () => (await chart.getAttribute('aria-valuetext')) !== rest, 'another place is read, and stays when the finger is gone');
    const most = Number(await chart.getAttribute('aria-valuemax'));
    assert.ok(Math.abs(Number(await chart.getAttribute('aria-valuenow')) - most / 2) <= 1, 'the place under the finger');
    await touch('touchStart', at(0.3, 0));
    await touch('touchStart', at(0.3, 0), at(0.4, 1));
    await touch('touchMove', at(0.25, 0), at(0.5, 1));
    await touch('touchEnd');
    await page.waitForURL(/timeframe=\d+-\d+/);
    const [from, to] = new URL(page.url()).searchParams.get('timeframe').split('-').map(Number);
    assert.ok(Math.abs((to - from) / 3_600 - (most + 1) / 4) < 0.5, `a quarter of what was shown, and not ${(to - from) / 3_600} h`);
  }, { path: '/explore/video_startup_time?zone=utc' }));

test('a number on the screen is what its panel’s call answers, and the files have the same', () =>
  task(async (page) => {
    await page.locator('.headline-value', { hasText: /\d/ }).waitFor();
    await page.locator('#value .menu summary').click();
    const call = await page.locator('#value pre').first().textContent();
    const path = /'https?:\/\/[^/]+(\/[^']+)'/.exec(call)[1];
    const { data } = await page.evaluate(async (asked) => (await fetch(asked)).json(), path);
    assert.equal(await page.locator('.headline-value').getAttribute('title'), `${data.value} ms`);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.locator('#by .menu summary').click();
    await page.locator('#by').getByRole('button', { name: 'Copy as CSV' }).click();
    const [header, ...rows] = (await page.evaluate(() => navigator.clipboard.readText())).trim().split(/\r?\n/);
    assert.match(header, /^browser,video_startup_time \(ms\),views,/);
    assert.equal(rows.length, await page.locator('#by tbody tr').count());
    const download = page.waitForEvent('download');
    await page.locator('#series .menu summary').click();
    await page.locator('#series').getByRole('button', { name: 'Save PNG' }).click();
    assert.match((await download).suggestedFilename(), /^video-startup-time-over-time_.*\.png$/);
  }, { path: '/explore/video_startup_time?by=browser&zone=utc' }));

test('a time of one’s own: refused with a reason, then shown, and the same after a reload and in UTC', () =>
  task(async (page) => {
    await page.locator('#figures .tile').first().waitFor();
    await page.locator('#custom-time').click();
    await page.locator('input[name=from]').fill('2020-01-01T10:00');
    await page.locator('input[name=to]').fill('2020-01-02T10:00');
    await page.keyboard.press('Enter');
    await page.locator('.time-form .problem', { hasText: 'kept for 90 days' }).waitFor();
    const day = new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10);
    await page.locator('input[name=from]').fill(`${day}T10:00`);
    await page.locator('input[name=to]').fill(`${day}T14:00`);
    await page.keyboard.press('Enter');
    const fromS = Date.parse(`${day}T10:00Z`) / 1_000;
    await page.waitForURL(`**/overview?*timeframe=${fromS}-${fromS + 14_400}*`);
    const sentence = () => page.locator('#trend .summary').textContent();
    await page.locator('#trend .summary', { hasText: 'Highest by 10 minutes' }).waitFor();
    const before = await sentence();
    await page.reload();
    await page.locator('#trend .summary').waitFor();
    assert.equal(await sentence(), before);
  }, { path: '/overview?zone=utc' }));

test('first run: the snippet of a player is copied, a test beacon arrives, the check turns', () =>
  task(async (page, click) => {
    await page.locator('#verify[data-state=waiting]').waitFor();
    await click(page.getByRole('link', { name: 'mux-embed' }));
    await page.locator('pre', { hasText: 'beaconCollectionDomain' }).waitFor();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await click(page.getByRole('button', { name: 'Copy snippet' }));
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /env_key: 'pk_replay_4f2c'/);
    await click(page.locator('#send-test'));
    await page.locator('#verify[data-state=verified]', { hasText: 'It works' }).waitFor();
    assert.match(await page.locator('.checks').textContent(), /The video has a title Test beacon/);
    await click(page.getByRole('link', { name: 'Open this view' }));
    await page.waitForURL('**/views/*');
  }, { path: '/start', scene: { empty: true } }));
