/** Errors, comparisons, notes and conditions, done by somebody who reads the screen; and what opens, through axe while it is open. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, eventually, launch, notAcrossMidnight, openPage } from './browser.mjs';
import { startReplay } from './replay.mjs';
import { HOSTILE } from './views-scene.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

async function on(path, run, scene = {}) {
  const replay = await startReplay(scene);
  try {
    const page = await openPage(browser, replay.url + path, { width: 1_440, height: 1_400 });
    await page.locator('main h1').waitFor({ state: 'attached' });
    await run(page, replay);
    assert.deepEqual(page.complaints, []);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    await page.context().close();
  } finally {
    await replay.close();
  }
}

const queryOf = (page) => new URL(page.url()).searchParams;

test('which error hits most viewers, where, and what did one of them see? Errors, the first, one of its views', () =>
  on('/', async (page) => {
    await page.locator('nav[aria-label=Pages] a', { hasText: 'Errors' }).click();
    const first = page.locator('#errors tbody tr').first();
    await first.locator('.sparkline').waitFor();
    await page.locator('#errors tr[data-code="geo-block"]', { hasText: 'Business rule' }).waitFor();
    assert.match(await page.locator('#errors tr[data-code="404"]').textContent(), /Fatal/);
    assert.match(await page.locator('#errors tr[data-code="buffer-gap"]').textContent(), /Warning/);
    await page.locator('#errors tr[data-code="geo-block"] .new-mark').waitFor();
    await page.locator('#errors tr[data-code="404"] a').click();
    await page.waitForURL('**/errors/404');
    await page.locator('#error .headline-value', { hasText: /2\.0%/ }).waitFor();
    await page.locator('#where-cdn tr[data-value=edge-b]', { hasText: '3.0×' }).waitFor();
    assert.match(await page.locator('#messages li').first().textContent(), /window\.hacked=‹n›/);
    await page.locator('#error-views tbody a').first().click();
    await page.locator('#timeline svg.timeline-picture').waitFor();
    await page.goBack();
    await page.locator('#error-views a', { hasText: 'to filter and page' }).click();
    await page.locator('.chip-value', { hasText: /^404$/ }).waitFor();
  }));

test('what a screen asks at one moment is one request of each kind, and each number is still what its call answers', () =>
  on('/overview', async (page, { control }) => {
    await page.locator('#figure-exits_before_video_start .change').waitFor();
    const figures = control.questions.filter(({ kind }) => kind === 'overall');
    assert.equal(figures.length, 16, 'eight figures, and eight to compare with');
    assert.equal(control.asked.filter((path) => path.includes('/overall')).length, 0);
    assert.ok(control.asked.filter((path) => path === '/data/v1/query').length <= 8, control.asked.join('\n'));
    await page.locator('.filter-bar .menu summary', { hasText: 'Export' }).click();
    const call = await page.locator('.filter-bar .menu-call', { has: page.getByText('Startup, median', { exact: true }) }).locator('pre').textContent();
    const { data } = await page.evaluate(async (path) => (await fetch(path)).json(), /'https?:\/\/[^/]+(\/[^']+)'/.exec(call)[1]);
    assert.equal(await page.locator('#figure-video_startup_time .tile-value').getAttribute('title'), `${data.value} ms`);
    assert.deepEqual(await axe(page), [], 'the open menu');
    await page.locator('#percentile').selectOption('99th');
    await page.locator('#figure-video_startup_time dt', { hasText: 'Startup, 99th' }).waitFor();
    await eventually(() => control.asked.some((path) => path.includes('video_startup_time/overall') && path.includes('measurement=99th')), 'a question that is alone goes by its own address');
  }));

test('a note by keyboard alone: written in one chart, seen in all, changed and deleted in the list', () =>
  on('/overview?zone=utc', async (page, { scene }) => {
    await page.locator('#trend .note-mark', { hasText: 'Player 2.4 released' }).waitFor();
    await page.locator('#trend [role=slider]').focus();
    for (const key of ['Home', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'n']) await page.keyboard.press(key);
    await page.locator('dialog[open] textarea').waitFor();
    assert.deepEqual(await axe(page), [], 'the open dialog');
    await page.keyboard.type(HOSTILE);
    await page.keyboard.press('Tab');
    for (let i = 0; i < 8 && (await page.evaluate(() => document.activeElement.textContent)) !== 'Save'; i += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    for (const chart of ['#trend', '#family-rebuffer_percentage']) await eventually(async () => (await page.locator(`${chart} .note-mark`).count()) === 3, 'three marks');
    assert.equal(await page.locator('.note-mark img').count(), 0);
    await page.keyboard.press('x');
    await page.locator('#trend td, #trend th', { hasText: 'Player 2.4 released' }).first().waitFor();
    await page.goto(`${new URL(page.url()).origin}/alerts?zone=utc`);
    await page.locator('#notes tr[data-note=n1] button').click();
    await page.locator('dialog[open] textarea').fill('');
    await page.locator('dialog[open] button', { hasText: 'Save' }).click();
    await page.locator('dialog[open] .problem', { hasText: 'Say what there was' }).waitFor();
    await page.locator('dialog[open] textarea').fill('Player 2.5');
    await page.locator('dialog[open] button', { hasText: 'Save' }).click();
    await page.locator('#notes tr[data-note=n1]', { hasText: 'Player 2.5' }).waitFor();
    await page.locator('#notes tr[data-note=n1] button').click();
    await page.locator('dialog[open] button', { hasText: 'Delete' }).click();
    await page.locator('#notes tr[data-note=n1]').waitFor({ state: 'detached' });
    assert.deepEqual(scene.notes.map(({ id }) => id), ['n2', 'n3']);
  }));

test('where only the step under way has views, it is what the chart reads, and a note there stands on it and stays', () =>
  on('/explore/video_startup_time?zone=utc', async (page) => {
    await page.locator('#series .summary', { hasText: 'Highest' }).waitFor();
    await page.locator('#series .legend-value', { hasText: / s of \d+ views|ms of \d+ views/ }).waitFor();
    const chart = page.locator('#series [role=slider]');
    await chart.focus();
    assert.equal(await chart.getAttribute('aria-valuenow'), await chart.getAttribute('aria-valuemax'), 'at rest it is read');
    await page.keyboard.press('n');
    await page.locator('dialog[open] textarea').waitFor();
    await page.keyboard.type('CDN switched');
    await page.locator('dialog[open] button', { hasText: 'Save' }).focus();
    await page.keyboard.press('Enter');
    const note = page.locator('#series .note-mark', { hasText: 'CDN switched' });
    await note.waitFor();
    await page.reload();
    await note.waitFor();
  }, { justBegun: true }));

test('alerts say that nobody watches, what stands out now, and lead into it', () =>
  on('/alerts', async (page, { control }) => {
    await page.locator('.honest', { hasText: 'Nothing watches by itself yet' }).waitFor();
    assert.match(await page.locator('#wrong li').first().textContent(), /^34 ?CDN edge-b: 11\.0% rebuffering, 0\.4% elsewhere; 312 viewers/);
    assert.equal(await page.locator('#wrong li').count(), 5);
    assert.equal(control.asked.filter((path) => path.includes('monitoring')).length, 0, 'it comes over the live connection');
    await page.locator('#incidents tr[data-incident=i1] a').click();
    await page.locator('#incident', { hasText: 'One view in eleven fails.' }).waitFor();
    await page.locator('#course .plot').waitFor();
    await page.locator('#incident a', { hasText: 'These views' }).click();
    await page.locator('.chip-value', { hasText: 'edge-b' }).waitFor();
  }));

test('an incident is opened from what stands out, taken on, noted and resolved, and says who did it', () =>
  on('/alerts', async (page) => {
    await page.locator('#wrong li').first().getByRole('link', { name: /^Open incident about CDN edge-b/ }).click();
    await page.locator('#new-incident .chip', { hasText: 'edge-b' }).waitFor();
    await eventually(async () => (await page.locator('#incident-measurement').inputValue()) === 'rebuffer_percentage', 'the metric it stands out by');
    assert.deepEqual(await axe(page), []);
    await page.locator('#incident-description').fill('edge-b stalls');
    await page.locator('#incident-note').fill('A customer called');
    await page.getByRole('button', { name: 'Open the incident' }).click();
    await page.locator('h1', { hasText: 'edge-b stalls' }).waitFor();
    const log = page.locator('#log .log li');
    await log.filter({ hasText: 'anna@example.org opened it' }).filter({ hasText: 'A customer called' }).waitFor();
    await page.locator('#incident', { hasText: 'Opened by' }).waitFor();
    assert.equal(await page.locator('#incident dt', { hasText: 'Threshold' }).count(), 0, 'nothing was measured');
    await page.getByRole('button', { name: 'Acknowledge' }).click();
    await page.locator('.incident-state', { hasText: 'anna@example.org sees to it' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Acknowledge' }).count(), 0);
    await page.locator('#log-note').fill('Moved to edge-a');
    await page.getByRole('button', { name: 'Add note' }).click();
    await log.nth(2).filter({ hasText: 'anna@example.org noted' }).filter({ hasText: 'Moved to edge-a' }).waitFor();
    assert.equal(await page.locator('#log-note').inputValue(), '');
    await page.getByRole('button', { name: 'Resolve' }).click();
    await page.locator('.incident-state', { hasText: 'Closed' }).waitFor();
    assert.equal(await log.count(), 4);
    assert.deepEqual(await axe(page), []);
    await page.locator('main a', { hasText: 'Alerts' }).click();
    await page.locator('#incidents tr', { hasText: 'edge-b stalls' }).filter({ hasText: 'Closed' }).waitFor();
  }));

test('two CDNs side by side: what is worse, what may be chance, and the same after a reload', async () => {
  await notAcrossMidnight();
  await on('/', async (page) => {
    await page.locator('nav[aria-label=Pages] a', { hasText: 'Compare' }).click();
    await page.locator('#suggestions a', { hasText: 'edge-a, edge-b' }).click();
    const row = (metric) => page.locator(`#compared tr[data-metric=${metric}]`);
    await row('playback_failure_percentage').locator('.change', { hasText: '+8.6 pts worse' }).waitFor();
    assert.match(await row('exits_before_video_start').textContent(), /same.*may be chance/);
    await row('playback_failure_percentage').locator('th a').click();
    await page.locator('#course .summary', { hasText: 'the first is above in 0 of' }).waitFor();
    await page.locator('.segment-add a').click();
    await page.locator('#add-to-c').click();
    assert.deepEqual(await axe(page), [], 'the open picker of a segment');
    await page.locator('.segment:nth-child(3) select[name=dimension]').selectOption('country');
    await page.locator('.segment:nth-child(3) .values a', { hasText: 'BR' }).click();
    await page.locator('#time-of-c').selectOption('yesterday');
    await page.locator('.segment', { hasText: 'Country is BR, day before today' }).waitFor();
    assert.deepEqual(queryOf(page).getAll('c'), ['country:BR']);
    await row('views').locator('td').nth(2).locator('.compare-value', { hasText: /\d/ }).waitFor();
    const table = page.locator('#compared table');
    const shown = await table.textContent();
    await page.reload();
    await eventually(async () => (await table.textContent()) === shown, `after the reload: ${shown}`);
  });
});

test('conditions of every kind are put together by hand, and what opens is sound', () =>
  on('/overview', async (page) => {
    await page.locator('#figures .tile').first().waitFor();
    const add = async (dimension, relation, value) => {
      await page.locator('#add-filter').click();
      await page.locator('select[name=dimension]').selectOption(dimension);
      await page.locator('select[name=relation]').selectOption(relation);
      if (value !== undefined) await page.locator('.filter-form input[name=value]').fill(value);
      await page.locator('.filter-form button[type=submit]').click();
    };
    await page.locator('#add-filter').click();
    await page.locator('.values li').first().waitFor();
    assert.deepEqual(await axe(page), [], 'the open picker');
    await page.keyboard.press('Escape');
    await add('browser', '!contains', 'saf');
    await add('country', 'known');
    await add('video_startup_time', 'from', '100');
    await eventually(() => queryOf(page).getAll('filter').join(' ') === '!+browser:saf ?country video_startup_time>=100', 'three conditions');
    assert.deepEqual(await page.locator('.chip-remove').evaluateAll((links) => links.map((link) => link.ariaLabel)), ['Remove: Browser does not contain saf', 'Remove: Country is known', 'Remove: Startup, ms is at least 100']);
    await page.locator('#top-browser tbody tr', { hasText: 'Chrome' }).waitFor();
    assert.equal(await page.locator('#top-browser tbody tr', { hasText: 'Safari' }).count(), 0);
    await page.locator('#custom-time').click();
    assert.deepEqual(await axe(page), [], 'the open time form');
    await page.keyboard.press('Escape');
    await page.locator('body').press('?');
    await page.locator('dialog.shortcuts[open]').waitFor();
    assert.deepEqual(await axe(page), [], 'the open list of keys');
  }));

test('who may only read is not offered to write', () =>
  on('/alerts', async (page) => {
    await page.locator('#notes tr[data-note=n1] button', { hasText: 'Open' }).click();
    await page.locator('dialog[open]', { hasText: 'Your role may not change it' }).waitFor();
    assert.equal(await page.locator('dialog[open] button', { hasText: 'Save' }).count(), 0);
    assert.equal(await page.locator('#add-note').count(), 0);
    assert.equal(await page.locator('#open-incident').count() + await page.getByRole('link', { name: /Open incident/ }).count(), 0);
    await page.locator('dialog[open] button', { hasText: 'Close' }).click();
    await page.locator('#incidents tr[data-incident=i1] a').click();
    await page.locator('#log .not-allowed', { hasText: 'needs an editor; you are a viewer here' }).waitFor();
    assert.equal(await page.locator('#log form').count(), 0);
  }, { role: 'viewer' }));
