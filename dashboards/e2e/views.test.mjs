/** Looking up a view as a support person does: find it, narrow the list, read what happened, go back. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, eventually, launch, openPage } from './browser.mjs';
import { startReplay } from './replay.mjs';
import { HOSTILE } from './views-scene.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

async function withPage(path, run, { scene = {}, ...look } = {}) {
  const replay = await startReplay(scene);
  try {
    const page = await openPage(browser, replay.url + path, look);
    await run(page, replay);
    assert.deepEqual(page.complaints, []);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    await page.context().close();
  } finally {
    await replay.close();
  }
}

const rows = (page) => page.locator('#views-list tbody tr');
const row = (page, id) => page.locator(`#views-list tr[data-view="${id}"]`);
/** Under the pointer rows stand still; else a new view could come between aiming at a row and hitting it. */
const hold = (page) => page.locator('#views-list .scroll').hover({ position: { x: 20, y: 10 } });
const query = (page) => new URL(page.url()).searchParams;
const filters = (page) => query(page).getAll('filter');
const focused = (page) => page.evaluate(() => document.activeElement?.closest('[data-view]')?.dataset.view ?? document.activeElement?.tagName);

test('a failed and a stalled view are told by words and shapes, not by colour alone', () =>
  withPage('/views', async (page) => {
    assert.match(await row(page, 'past-1').textContent(), /Failed/);
    assert.equal(await row(page, 'past-1').locator('.view-state svg').count(), 1);
    assert.match(await row(page, 'past-4').textContent(), /3 · 8\.0 s/);
    assert.equal(await row(page, 'past-4').locator('.stall-mark svg').count(), 1);
    assert.match(await row(page, 'past-2').textContent(), /Left before start/);
    assert.match(await row(page, 'past-0').locator('.open').getAttribute('title'), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC$/);
  }));

test('a value becomes a chip, the chip the address, the address the question; and back again', () =>
  withPage('/views?timeframe=7d', async (page, replay) => {
    await hold(page);
    await row(page, 'past-0').getByLabel('DE: only').click();
    await page.locator('.chip', { hasText: 'DE' }).waitFor();
    await row(page, 'past-0').waitFor();
    await hold(page);
    await row(page, 'past-0').getByLabel('Chrome: only').click();
    await eventually(() => filters(page).length === 2, 'two chips');
    assert.deepEqual(filters(page), ['country:DE', 'browser:Chrome']);
    await eventually(() => replay.control.asked.at(-1).includes('filters%5B%5D=country%3ADE&filters%5B%5D=browser%3AChrome'), 'the question has both');
    await page.locator('.chip', { hasText: 'Browser' }).locator('.chip-is').click();
    await eventually(() => filters(page).includes('!browser:Chrome'), 'turned round');
    await row(page, 'past-8').waitFor();
    assert.equal(await row(page, 'past-0').count(), 0);
    await page.reload();
    await row(page, 'past-8').waitFor();
    assert.deepEqual(await page.locator('.chip').evaluateAll((chips) => chips.map((chip) => chip.querySelector('.chip-value').textContent)), ['DE', 'Chrome']);
    await page.goBack();
    await row(page, 'past-0').waitFor();
    await page.goForward();
    await page.getByRole('link', { name: 'Remove: Country is DE' }).click();
    await eventually(() => filters(page).join() === '!browser:Chrome', 'one left');
    assert.equal(query(page).get('timeframe'), '7d');
    assert.deepEqual(await axe(page), []);
  }));

test('no match says which condition could go', () =>
  withPage('/views?filter=country%3ADE&filter=browser%3ANetscape', async (page) => {
    await page.locator('[data-state=no-match]').waitFor();
    await page.locator('[data-state=no-match] a', { hasText: 'Browser is Netscape' }).click();
    await row(page, 'past-0').waitFor();
    assert.deepEqual(filters(page), ['country:DE']);
  }));

test('the search says what an id is an id of: a view, a viewer, an error, or nothing', () =>
  withPage('/views', async (page) => {
    const search = async (text) => {
      await page.locator('#search-id').fill(text);
      await page.keyboard.press('Enter');
    };
    await search('viewer-4');
    await page.locator('#search-finding', { hasText: '“viewer-4” is a viewer id of 12 views.' }).waitFor();
    assert.deepEqual([filters(page), query(page).get('timeframe')], [['viewer_id:viewer-4'], '90d']);
    await search('404');
    await page.locator('#search-finding', { hasText: '“404” is an error code of 24 views.' }).waitFor();
    assert.deepEqual(filters(page), ['error_code:404']);
    await search(HOSTILE);
    await page.locator('#search-finding', { hasText: 'viewer id of 1 view' }).waitFor();
    await search('nobody');
    await page.locator('#search-finding', { hasText: 'No view in the last 90 days has “nobody”' }).waitFor();
    assert.deepEqual(await axe(page), []);
    await search('past-4');
    await page.waitForURL('**/views/past-4');
    await page.locator('#verdict').waitFor();
  }));

test('pages of one list end at one time, and lead back to now', () =>
  withPage('/views', async (page, replay) => {
    await rows(page).first().waitFor();
    await page.locator('.paging p', { hasText: '1 to 50 of 120 views' }).waitFor();
    await page.getByRole('link', { name: 'Older' }).click();
    await page.locator('.paging p', { hasText: '51 to 100 of 120 views' }).waitFor();
    const until = query(page).get('until');
    await page.getByRole('link', { name: 'Older' }).click();
    await page.locator('.paging p', { hasText: '101 to 120 of 120 views' }).waitFor();
    assert.equal(query(page).get('until'), until);
    assert.equal(await page.getByRole('link', { name: 'Older' }).count(), 0);
    assert.match(replay.control.asked.at(-1), new RegExp(`timeframe%5B%5D=${until}&.*page=3`));
    await page.getByRole('link', { name: 'Newer' }).click();
    await page.locator('.paging p', { hasText: '51 to 100' }).waitFor();
    await page.getByRole('link', { name: 'Back to now' }).click();
    await page.locator('.paging p', { hasText: '1 to 50' }).waitFor();
    assert.equal(new URL(page.url()).search, '');
  }));

test('from the list to a view and back by keyboard, with the focus where it was', () =>
  withPage('/views?filter=country%3ADE&until=4000000000', async (page) => {
    await row(page, 'past-4').waitFor();
    await row(page, 'past-0').locator('.open').focus();
    await page.keyboard.press('ArrowDown');
    assert.equal(await focused(page), 'past-4');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/views/past-4');
    await page.locator('#verdict').waitFor();
    await eventually(async () => (await focused(page)) === 'H1', 'the page is announced by its heading');
    await page.goBack();
    await eventually(async () => (await focused(page)) === 'past-4', 'the focus is back on the row');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'viewer-4');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/views/past-0');
    await page.locator('[aria-label=Back] a').click();
    await eventually(async () => (await focused(page)) === 'past-0', 'the link back does the same');
    assert.deepEqual(filters(page), ['country:DE']);
  }));

test('new views come in by themselves, but not under the pointer: a line says how many wait', () =>
  withPage('/views', async (page) => {
    await row(page, 'past-0').waitFor();
    await eventually(async () => /^view-/.test(await rows(page).first().getAttribute('data-view')), 'a new view on top');
    await rows(page).nth(1).hover();
    await page.waitForTimeout(300);
    const ids = () => rows(page).evaluateAll((all) => all.map((tr) => tr.dataset.view).join());
    const held = await ids();
    await page.locator('.waiting', { hasText: /^\d+ new views wait until/ }).waitFor();
    assert.equal(await ids(), held);
    assert.deepEqual(await axe(page), []);
    await page.mouse.move(5, 5);
    await eventually(async () => (await ids()) !== held, 'they come in');
    await page.locator('.waiting', { hasText: 'Arrow keys' }).waitFor();
  }));

test('live rows are held to the filters, and a filter live does not know stops them', () =>
  withPage('/views?filter=country%3ADE', async (page) => {
    await rows(page).first().waitFor();
    await eventually(async () => /^view-/.test(await rows(page).first().getAttribute('data-view')), 'a new view from DE', 20_000);
    const countries = await rows(page).evaluateAll((all) => [...new Set(all.map((tr) => tr.cells[3].textContent))]);
    assert.deepEqual(countries, ['DE']);
    await page.goto(`${new URL(page.url()).origin}/views?filter=device%3Aphone`);
    await page.locator('#views-list .note', { hasText: 'Not live: of new views Device is known only afterwards' }).waitFor();
  }));

test('a view in words: verdict, times, who, and what is not known', () =>
  withPage('/views/past-1', async (page) => {
    await page.locator('#verdict', { hasText: 'Started after 2.1 s, never stalled, 1 error on the way, ended by fatal error 404 at 3:12.' }).waitFor();
    assert.equal(await page.locator('h1').textContent(), 'News at eight');
    assert.equal(await page.locator('#view-state .view-state').textContent(), ' Failed');
    assert.match(await page.locator('#facts').textContent(), /asnunknown/);
    assert.equal(await page.locator('.head-facts a', { hasText: 'viewer-1' }).getAttribute('href'), '/views?timeframe=90d&filter=viewer_id%3Aviewer-1');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy view id' }).click();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'past-1');
    assert.equal(await page.locator('.mark[data-mark=fatal]').count(), 1);
    assert.equal(await page.locator('.mark[data-mark=warning]').count(), 1);
  }));

test('a view is copied as a ticket, with its times in UTC and a link back', () =>
  withPage('/views/past-1?zone=utc', async (page) => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy as ticket' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const text = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(text, /^\*\*Started after 2\.1 s, never stalled, 1 error on the way, ended by fatal error 404 at 3:12\.\*\*\n/);
    assert.match(text, /\| Viewer id \| `viewer-1` \|\n/);
    assert.match(text, /\n- \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC, fatal at 3:12: 404: \\<img src=x/);
    assert.match(text, /\n\[This view in Playhead\]\(http:\/\/[^)]+\/views\/past-1\?zone=utc\)$/);
    await page.locator('#view .menu summary').click();
    await page.locator('#view .menu-call', { hasText: 'video-views/past-1' }).waitFor();
    assert.deepEqual(await axe(page), []);
  }));

test('from view to view by keyboard: along the list it was opened from, else along those of the viewer', () =>
  withPage('/views?filter=country%3ADE&until=4000000000', async (page) => {
    await row(page, 'past-4').locator('.open').click();
    const steps = page.locator('[aria-label="Other views"]');
    await steps.locator('.note', { hasText: '29 of 30 of the list' }).waitFor();
    await page.keyboard.press('[');
    await page.waitForURL('**/views/past-8');
    await steps.locator('.note', { hasText: '28 of 30 of the list' }).waitFor();
    await page.keyboard.press(']');
    await page.waitForURL('**/views/past-4');
    await steps.locator('.note', { hasText: '29 of 30' }).waitFor();
    await page.keyboard.press(']');
    await page.waitForURL('**/views/past-0');
    await page.getByRole('link', { name: 'Later view of the list: nothing there', disabled: true }).waitFor();
    await page.locator('[aria-label=Back] a').click();
    await eventually(async () => (await focused(page)) === 'past-0', 'the focus is on the row one has come to');
    await page.goto(`${new URL(page.url()).origin}/views/past-14`);
    await steps.locator('.note', { hasText: '11 of 12 of this viewer' }).waitFor();
    await page.keyboard.press(']');
    await page.waitForURL('**/views/past-4');
    await page.getByRole('link', { name: 'Later view of this viewer: nothing there', disabled: true }).waitFor();
    assert.deepEqual(await axe(page), []);
  }));

test('the timeline is read by keyboard and by pointing, and has its twin in the table', () =>
  withPage('/views/past-0', async (page) => {
    const slider = page.locator('#timeline [role=slider]');
    await page.locator('#timeline svg.timeline-picture').waitFor();
    await slider.focus();
    await page.keyboard.press('Home');
    assert.equal(await slider.getAttribute('aria-valuetext'), '0:00.000: Before play, playhead 0:00, 360p, 900 kbit/s');
    for (const expected of ['0:00.060: Starting', '0:02.160: Playing', '0:12.000: Playing, playhead 0:09, 720p, 2.8 Mbit/s', '0:20.000: Playing', '0:30.000: Seeking']) {
      await page.keyboard.press('ArrowRight');
      assert.ok((await slider.getAttribute('aria-valuetext')).startsWith(expected), `${await slider.getAttribute('aria-valuetext')} is not ${expected}`);
    }
    await page.keyboard.press('ArrowLeft');
    assert.ok((await slider.getAttribute('aria-valuetext')).endsWith(HOSTILE), 'an event of the site’s own has its name');
    await page.keyboard.press('Escape');
    assert.match(await slider.getAttribute('aria-valuetext'), /^2:45\.000: After the end/);
    const box = await slider.boundingBox();
    await page.mouse.move(box.x + box.width * 0.65, box.y + 40);
    await page.locator('#reading', { hasText: /State(Rebuffering|Playing)/ }).waitFor();
    const stalled = page.locator('.sums [data-state=rebuffering]');
    assert.match(await stalled.textContent(), /Rebuffering 4\.0 s/);
    assert.equal(await page.locator('#events tbody tr').count(), 16);
    assert.match(await page.locator('#events tbody tr').first().textContent(), /rendition_height 360/);
  }));

test('strangers’ texts are only ever text', () =>
  withPage('/views/past-2', async (page) => {
    await page.locator('#verdict', { hasText: 'Left before the first frame after waiting 3.0 s.' }).waitFor();
    assert.equal(await page.locator('h1').textContent(), HOSTILE);
    assert.equal(await page.locator('main img').count(), 0);
    await page.goto(`${new URL(page.url()).origin}/views?filter=${encodeURIComponent(`viewer_id:${HOSTILE}`)}`);
    await row(page, 'past-7').waitFor();
    assert.equal(await page.locator('.chip-value').textContent(), HOSTILE);
    assert.equal(await page.locator('main img').count(), 0);
  }));

test('a running view is followed live, and says that it is provisional', () =>
  withPage('/views/past-3', async (page, replay) => {
    await page.locator('#standing', { hasText: 'Provisional. The view is under way, and this page follows it' }).waitFor();
    assert.equal(await page.locator('#view-state .view-state').textContent(), ' Playing');
    await page.locator('#events tbody tr').nth(10).waitFor();
    const before = await page.locator('#verdict').textContent();
    assert.match(before, /playing now at 0:4\d/);
    const asked = replay.control.asked.length;
    await page.waitForTimeout(2_000);
    assert.equal(replay.control.asked.length, asked, 'nothing polls');
    assert.deepEqual(replay.control.subscribes.map(({ topic, query: of }) => [topic, of]), [['view', { view_id: 'past-3' }]]);
    replay.scene.over = true;
    await page.locator('#verdict', { hasText: 'left at' }).waitFor();
    await eventually(() => replay.control.asked.length === asked + 1, 'asked once more for the last word');
    await page.locator('#standing').waitFor({ state: 'detached' });
    assert.equal(await page.locator('#view-state .view-state').textContent(), ' Ended');
  }));

test('a view the store does not have is told so, and a link that is wrong leads on', () =>
  withPage('/views/missing', async (page) => {
    await page.locator('[data-state=not-found]', { hasText: 'There is no view with the id missing' }).waitFor();
    await page.getByRole('link', { name: 'Look among all views' }).click();
    await rows(page).first().waitFor();
  }));

test('too many questions: the answer says how long to wait, and it can be tried again', () =>
  withPage('/views', async (page, replay) => {
    await page.locator('#views-list [data-state=error]', { hasText: 'try again in 7 s' }).waitFor();
    replay.control.limited = false;
    await page.locator('#views-list [data-state=error] button').click();
    await rows(page).first().waitFor();
  }, { scene: { limited: true } }));

test('rows of the live page and of a video lead to their views', () =>
  withPage('/', async (page) => {
    await page.locator('#views tbody tr').first().hover();
    const id = await page.locator('#views tbody tr').first().getAttribute('data-view');
    await page.locator('#views tbody tr').first().locator('.state-link').click();
    await page.waitForURL(`**/views/${id}`);
    await page.locator('#verdict').waitFor();
  }));

test('at 1440 px the list needs no sideways scrolling, in the light theme too', () =>
  withPage('/views', async (page) => {
    await rows(page).first().waitFor();
    assert.ok(await page.locator('#views-list .scroll').evaluate((box) => box.scrollWidth <= box.clientWidth));
    assert.deepEqual(await axe(page), []);
  }, { theme: 'light', width: 1440 }));
