/** Usage, data quality and system health, used: what a choice changes, where a figure leads, what can be taken along. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { axe, eventually, launch, openPage } from './browser.mjs';
import { startReplay } from './replay.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

async function on(path, run, scene = {}) {
  const replay = await startReplay(scene);
  try {
    const page = await openPage(browser, replay.url + path, { width: 1_440, height: 1_600 });
    await run(page, replay);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  } finally {
    await replay.close();
  }
}

/** What “Save CSV” of a panel saves, as lines. */
async function savedCsv(page, panel) {
  await page.locator(`${panel} .menu summary`).click();
  assert.deepEqual(await axe(page), []);
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator(`${panel}`).getByRole('button', { name: 'Save CSV' }).click()]);
  return (await readFile(await download.path(), 'utf8')).trim().split('\r\n');
}

test('usage: one question for figures, chart, table and file', () =>
  on('/usage?timeframe=7d&zone=utc', async (page, { control }) => {
    await page.locator('#usage .plot').waitFor();
    const asked = control.asked.filter((path) => path.startsWith('/data/v1/usage'));
    assert.equal(asked.length, 2, 'this timeframe and the one before');
    await page.getByRole('link', { name: 'Events', exact: true }).click();
    await page.waitForURL(/measure=events/);
    await page.getByRole('heading', { name: 'Events over time' }).waitFor();
    await page.getByRole('link', { name: 'Show usage as a table' }).click();
    const rows = await page.locator('#usage tbody tr').count();
    const lines = await savedCsv(page, '#usage');
    assert.equal(lines[0], 'step_utc,environment,minutes_watched,views,events,beacons');
    assert.equal(lines.length, rows + 1);
    const events = lines.slice(1).reduce((sum, line) => sum + Number(line.split(',')[4]), 0);
    assert.equal(await page.locator('#figure-events .tile-value').getAttribute('title'), events.toLocaleString('en-GB'));
    const { searchParams } = new URL(asked[0], 'http://replay');
    const curl = await page.locator('#usage pre').first().textContent();
    assert.match(curl, new RegExp(searchParams.getAll('timeframe[]')[0]), 'the command asks the same seconds');
    assert.equal(control.asked.filter((path) => path.startsWith('/data/v1/usage')).length, 2, 'nothing was asked again');
    await page.keyboard.press('Escape');
    await page.goBack();
    await page.locator('#usage .plot').waitFor();
  }));

test('data quality: what is missing leads to the views that miss it', () =>
  on('/quality', async (page) => {
    const lack = page.getByRole('link', { name: 'mux-embed 5.19.0: views without viewer: 100.0%' });
    await lack.waitFor();
    assert.equal(await lack.getAttribute('data-tone'), 'warn');
    await page.getByRole('link', { name: 'mux-embed 5.19.0: views without rendition: 30.0%' }).waitFor();
    const lines = await savedCsv(page, '#senders');
    assert.match(lines[0], /^sdk,views,without_video_title,without_video_id,without_viewer_id/);
    await page.keyboard.press('Escape');
    await lack.focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/views\?/);
    const { searchParams } = new URL(page.url());
    assert.deepEqual(searchParams.getAll('filter'), ['sdk:mux-embed 5.19.0', 'viewer_id:__empty__']);
  }));

test('data quality: what was refused, with an example that leads to its view', () =>
  on('/quality', async (page) => {
    const row = page.locator('#refused .thing', { hasText: 'bad_time' });
    assert.match(await row.textContent(), /1,204 events/);
    await row.getByRole('link', { name: 'past-1' }).click();
    await page.waitForURL('**/views/past-1');
    assert.equal(await page.evaluate(() => window.hacked), undefined);
  }));

test('system health: a choice of course, and the state of now when it is asked again', () =>
  on('/system', async (page, { control }) => {
    await page.locator('#hour .plot').waitFor();
    assert.match(await page.locator('#figures').textContent(), /Ready/);
    await page.getByRole('link', { name: 'Waiting' }).click();
    await page.waitForURL(/course=lag/);
    await page.getByRole('heading', { name: 'Records waiting in the log, by minute' }).waitFor();
    const lines = await savedCsv(page, '#hour');
    assert.equal(lines.length, 361);
    await page.keyboard.press('Escape');
    control.managed.system.ready = false;
    control.managed.system.parts[0].problem = 'it holds 100 of 100 bytes';
    await page.keyboard.press('r');
    await page.locator('#parts [data-tone=bad]', { hasText: 'Log does not work' }).waitFor();
    await page.locator('.tile-state', { hasText: 'Not ready' }).waitFor();
    assert.deepEqual(await axe(page), []);
  }));

test('nothing moves while these pages load', async () => {
  const replay = await startReplay();
  const sections = ['keys', 'tokens', 'people', 'environment', 'privacy', 'counts', 'you'].map((section) => `/settings/${section}`);
  try {
    for (const width of [1_440, 390]) {
      const context = await browser.newContext({ viewport: { width, height: 900 } });
      const page = await context.newPage();
      await page.addInitScript(() => {
        window.moved = [];
        new PerformanceObserver((list) => window.moved.push(...list.getEntries().map(({ value, sources }) => `${value} ${sources[0]?.node?.id}`))).observe({ type: 'layout-shift', buffered: true });
      });
      for (const path of ['/usage', '/quality', '/system', ...sections]) {
        await page.goto(replay.url + path);
        await page.waitForLoadState('networkidle');
        assert.deepEqual(await page.evaluate(() => window.moved), [], `${path}, ${width} px`);
      }
      await context.close();
    }
  } finally {
    await replay.close();
  }
});

test('keys lead to each of them', () =>
  on('/', async (page) => {
    await page.locator('#views tbody tr').first().waitFor();
    for (const [key, path] of [['u', '/usage'], ['d', '/quality'], ['h', '/system'], [',', '/settings']]) {
      await eventually(async () => {
        await page.keyboard.press('g');
        await page.keyboard.press(key);
        return new URL(page.url()).pathname === path;
      }, path);
      await eventually(() => page.evaluate(() => document.activeElement?.tagName === 'H1'), 'the heading has the focus');
    }
  }));
