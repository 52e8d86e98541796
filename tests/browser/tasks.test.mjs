/**
 * What people come for, by somebody who reads the screen, with the real service behind it: each in at most four clicks from the live
 * page; the main jobs once more by keyboard; and the numbers on the screen are those of the calls the panels show.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { postViews, TRUSTING_US } from './beacons.mjs';
import { launch, openPage } from './browser.mjs';
import { eventually } from './check.mjs';
import { Server } from './server.mjs';
import { TASKS } from './tasks.mjs';

const VIEWS = 40;
const MOST_CLICKS = 4;
const DAY = { 'timeframe[]': '24:hours' };
/** All failures of the posted views are of this CDN. */
const FAILING = 'own edge';
const KNOWN = { cdn: FAILING, viewer: 'viewer-8', title: 'Derby' };

let browser;
let server;
let page;
before(async () => {
  [browser, server] = await Promise.all([launch(), Server.start(TRUSTING_US)]);
  await postViews(server, VIEWS);
  // The service answers before its tables are there, with 503.
  const views = () => server.api('metrics/views/overall', DAY).then(({ data }) => data.total_views, () => undefined);
  await eventually(async () => (await views()) === VIEWS, `${VIEWS} views in history`, 60_000);
  page = await openPage(browser, { width: 1_440, height: 1_200 });
  await page.goto(server.loginLink);
  await page.locator('#connection[data-state=connected]').waitFor();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** From the live page on; every click is counted. */
async function task(run) {
  let clicks = 0;
  const click = async (locator) => {
    clicks += 1;
    await locator.click();
  };
  await page.goto(`${server.url}/`);
  await page.locator('#tile-viewers').waitFor();
  await run(click);
  assert.ok(clicks <= MOST_CLICKS, `${clicks} clicks`);
  // The search asks whether an id is that of a view; that it is none is an answer too.
  assert.deepEqual(page.complaints.filter((complaint) => !complaint.includes('/video-views/')), []);
}

const menu = (name) => page.locator('nav[aria-label=Pages] a', { hasText: name });
const query = () => new URL(page.url()).searchParams;

for (const { name, run } of TASKS) test(name, () => task((click) => run(page, click, KNOWN)));

test('the CDN that fails is the first row by impact', async () => {
  await page.goto(`${server.url}/explore/playback_failure_percentage?by=cdn`);
  await page.locator('#by tbody tr', { hasText: FAILING }).waitFor();
  assert.equal(await page.locator('#by tbody tr').first().getAttribute('data-value'), FAILING);
});

test('which error hits, where, and what did one of them see? Errors, the error, one of its views', () =>
  task(async (click) => {
    await click(menu('Errors'));
    const { data: [error] } = await server.api('errors', DAY);
    const row = page.locator(`#errors tr[data-code="${error.player_error_code}"]`);
    await row.locator('.view-state', { hasText: 'Fatal' }).waitFor();
    assert.equal(await row.locator('td.strong').textContent(), String(error.count));
    await click(row.locator('th a'));
    await page.locator('#where-cdn').scrollIntoViewIfNeeded();
    await page.locator(`#where-cdn tr[data-value="${FAILING}"]`).waitFor();
    await click(page.locator('#error-views tbody a').first());
    await page.locator('#timeline svg.timeline-picture').waitFor();
  }));

test('which of two CDNs is worse? Compare, the CDNs: the numbers of the API', () =>
  task(async (click) => {
    await click(menu('Compare'));
    await click(page.locator('#suggestions a', { hasText: FAILING }));
    await page.locator('#compared tbody td').nth(2).waitFor();
    const letter = ['a', 'b', 'c', 'd'].find((known) => query().get(known) === `cdn:${FAILING}`);
    const column = ['a', 'b', 'c', 'd'].indexOf(letter);
    const { data } = await server.api('metrics/video_startup_time/overall', { ...DAY, 'filters[]': `cdn:${FAILING}` });
    const cell = page.locator('#compared tr[data-metric=video_startup_time] td').nth(column).locator('.compare-value');
    await eventually(async () => (await cell.getAttribute('title')) === `${data.value} ms`, `${data.value} ms`);
  }));

test('by keyboard alone: to a screen, a filter, a percentile, a table', () =>
  task(async () => {
    const press = async (...keys) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    await page.locator('dialog.shortcuts').waitFor({ state: 'attached' });
    await press('g', 'e');
    await page.waitForURL(({ pathname }) => pathname === '/explore');
    await page.locator('#by tbody a').first().focus();
    await press('Enter');
    await eventually(() => query().getAll('filter').length === 1, 'a value becomes a filter');
    await page.locator('nav[aria-label=Measurement] a', { hasText: '99th' }).focus();
    await press('Enter');
    await page.waitForURL('**measurement=99th**');
    await page.locator('.headline-value', { hasText: /\d/ }).waitFor();
    await page.locator('#value .menu summary').focus();
    await press('Enter');
    const path = /'https?:\/\/[^/]+(\/[^']+)'/.exec(await page.locator('#value pre').first().textContent())[1];
    const { data } = await page.evaluate(async (asked) => (await fetch(asked)).json(), path);
    await page.locator(`.headline-value[title="${data.value} ms"]`).waitFor();
    await press('Escape', 'x');
    await page.locator('#series tbody tr').first().waitFor();
  }));

test('a screen’s figures are one request, and each is what its own address answers', () =>
  task(async (click) => {
    const mark = page.requests.length;
    await click(menu('Overview'));
    await page.locator('#figure-exits_before_video_start .tile-value', { hasText: /%|–/ }).waitFor();
    const asked = page.requests.slice(mark).filter((request) => request.includes('/data/v1/'));
    assert.equal(asked.filter((request) => request.includes('/overall')).length, 0, asked.join('\n'));
    for (const metric of ['video_startup_time', 'viewer_experience_score', 'playback_failure_percentage']) {
      const { data } = await server.api(`metrics/${metric}/overall`, DAY);
      await page.locator(`#figure-${metric} .tile-value[title^="${data.value}"]`).waitFor();
    }
  }));

/** Opens a panel's menu, and asks the first statement it shows (or that of `what`) as an analyst would: rows by their columns. */
async function inSql(panel, what = '') {
  const place = page.locator(panel);
  if ((await place.locator('.menu[open]').count()) === 0) await place.locator('.menu summary', { hasText: 'Export' }).click();
  const call = place.locator('.menu-call').filter({ hasText: what }).first();
  await call.getByRole('button', { name: 'Show SQL' }).click();
  const query = await call.locator('pre[aria-label^=SQL]').textContent();
  const { columns, rows } = await server.api('sql', {}, { query });
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]])));
}

const shown = (title) => Number.parseFloat(title.replaceAll(',', ''));
const near = (found, expected, what) => assert.ok(Math.abs(found - expected) <= 1e-6 * Math.max(1, Math.abs(expected)), `${what}: ${found}, and on the screen ${expected}`);

test('the SQL that a panel shows gives the numbers of the panel', async () => {
  await page.goto(`${server.url}/overview`);
  await page.locator('#figure-exits_before_video_start .tile-value', { hasText: /%/ }).waitFor();
  for (const [metric, what] of [['views', 'Views'], ['playing_time', 'Playing time'], ['video_startup_time', 'Startup, median'], ['rebuffer_percentage', 'Rebuffering'], ['exits_before_video_start', 'Exits before start']]) {
    const [{ value }] = await inSql('.filter-bar', what);
    near(Number(value), shown(await page.locator(`#figure-${metric} .tile-value`).getAttribute('title')), metric);
  }
  await page.goto(`${server.url}/explore/video_startup_time?by=cdn&series=table`);
  await page.locator('#by tbody tr').first().waitFor();
  const groups = await inSql('#by');
  const rows = await page.locator('#by tbody tr').evaluateAll((all) => all.map((row) => [row.dataset.value, row.querySelector('td.strong').title]));
  assert.deepEqual(groups.map(({ field }) => field), rows.map(([field]) => field));
  groups.forEach(({ value, field }, i) => near(value, shown(rows[i][1]), field));
  const steps = await inSql('#series');
  near(steps.reduce((sum, { views }) => sum + Number(views), 0), await page.locator('#series tbody tr').evaluateAll((all) => all.reduce((sum, row) => sum + (Number.parseInt(row.cells[2].textContent) || 0), 0)), 'views with a startup time');
  const causes = (await inSql('#why')).filter(({ dimension }) => dimension !== '');
  const listed = await page.locator('#why tbody tr').evaluateAll((all) => all.map((row) => row.dataset.value));
  assert.deepEqual(listed, causes.slice(0, listed.length).map(({ dimension, field }) => `${dimension}:${field === '' ? 'not known' : field}`));
  await page.goto(`${server.url}/videos/derby-2026`);
  const summary = page.locator('#engagement .summary', { hasText: 'Most viewers' }).first();
  const [, most] = /Most viewers at [\d:]+: (\d+)/.exec(await summary.textContent());
  assert.equal(Math.max(...(await inSql('#engagement')).map(({ viewers }) => Number(viewers))), Number(most));
});

test('a note at the last point of a series, by keyboard, stands on the chart and stays', () =>
  task(async () => {
    await page.goto(`${server.url}/explore/video_startup_time`);
    const chart = page.locator('#series [role=slider]');
    await page.locator('#series .summary', { hasText: 'Highest' }).waitFor();
    await chart.focus();
    const says = (name) => chart.getAttribute(name);
    const isLast = async () => (await says('aria-valuenow')) === (await says('aria-valuemax'));
    await page.keyboard.press('End');
    await eventually(isLast, 'the last place is read');
    await page.keyboard.press('n');
    await page.locator('dialog[open] textarea').waitFor();
    await page.keyboard.type('CDN switched');
    await page.locator('dialog[open] button', { hasText: 'Save' }).focus();
    await page.keyboard.press('Enter');
    const note = page.locator('#series .note-mark', { hasText: 'CDN switched' });
    await note.waitFor();
    await page.reload();
    await note.waitFor();
  }));
