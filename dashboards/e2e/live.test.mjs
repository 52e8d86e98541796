/** The live parts at work: losing and finding the connection, pausing, holding rows still, and never polling. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, eventually, launch, openPage } from './browser.mjs';
import { INGEST_KEY, VIEW_ID, startReplay } from './replay.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

async function withPage(path, run, scene = {}, how = {}) {
  const replay = await startReplay(scene);
  try {
    const page = await openPage(browser, replay.url + path, how);
    await run(page, replay);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  } finally {
    await replay.close();
  }
}

const connectionState = (page) => page.locator('#connection').getAttribute('data-state');

test('a cut connection: reconnecting at once, the banner after 2.5 s, values kept, and all is well again by itself', () =>
  withPage('/', async (page, replay) => {
    await page.locator('#connection[data-state=connected]').waitFor();
    const cutAt = Date.now();
    replay.cut();
    await page.locator('#connection[data-state=reconnecting]').waitFor();
    assert.equal(await page.locator('#banner').count(), 0);
    await page.locator('#banner').waitFor();
    assert.ok(Date.now() - cutAt >= 2_500, `the banner came after ${Date.now() - cutAt} ms`);
    assert.match(await page.locator('#banner').textContent(), /Values as of \d\d:\d\d:\d\d\. Attempt \d+ to reconnect/);
    assert.notEqual(await page.locator('#tile-viewers .tile-value').textContent(), '–');
    assert.deepEqual(await axe(page), []);
    const before = replay.control.subscribes.length;
    replay.mend();
    await page.locator('#connection[data-state=connected]').waitFor();
    await page.locator('#banner').waitFor({ state: 'detached' });
    const resumed = replay.control.subscribes.slice(before);
    assert.equal(resumed.length, 5);
    assert.ok(resumed.every((frame) => frame.since > 0), 'every subscription resumes from what it has seen');
  }));

test('whoever does not want to wait for the next attempt makes it at once', () =>
  withPage('/', async (page, replay) => {
    await page.locator('#connection[data-state=connected]').waitFor();
    replay.cut();
    await page.locator('.banner-attempt', { hasText: 'Attempt 1 ' }).waitFor();
    replay.mend();
    await page.locator('#banner button').click();
    await page.locator('#connection[data-state=connected]').waitFor({ timeout: 5_000 });
  }, {}, { prepare: (page) => page.addInitScript(waitLong) }));

/** The back-off is drawn by lot from a quarter of a second first: such luck that the first wait outlasts the test. */
function waitLong() {
  Math.random = () => 120;
}

test('a short blip shows no banner', () =>
  withPage('/', async (page, replay) => {
    await page.locator('#connection[data-state=connected]').waitFor();
    await page.evaluate(() => {
      window.banners = 0;
      new MutationObserver(() => (window.banners += document.querySelector('#banner') === null ? 0 : 1)).observe(document.body, { childList: true, subtree: true });
    });
    replay.cut();
    await page.locator('#connection[data-state=reconnecting]').waitFor();
    replay.mend();
    await page.locator('#connection[data-state=connected]').waitFor();
    assert.equal(await page.evaluate(() => window.banners), 0);
  }));

test('space pauses the whole screen and counts what came; resuming jumps to now', () =>
  withPage('/', async (page) => {
    await page.locator('#views tbody tr').first().waitFor();
    await page.keyboard.press('Space');
    await page.locator('#connection[data-state=paused]').waitFor();
    const first = () => page.locator('#views tbody tr').first().getAttribute('data-view');
    const held = await first();
    await page.locator('.badge', { hasText: /^\d+ new updates$/ }).waitFor();
    await page.waitForTimeout(1_200);
    assert.equal(await first(), held);
    assert.deepEqual(await axe(page), []);
    await page.keyboard.press('Space');
    await page.locator('#connection[data-state=connected]').waitFor();
    assert.notEqual(await first(), held);
  }));

test('rows do not move under the pointer', () =>
  withPage('/', async (page) => {
    await page.locator('#views tbody tr').first().waitFor();
    await page.locator('#views tbody tr').nth(2).hover();
    const ids = () => page.locator('#views tbody tr').evaluateAll((rows) => rows.map((row) => row.dataset.view).join());
    await page.waitForTimeout(300);
    const held = await ids();
    await page.waitForTimeout(1_500);
    assert.equal(await ids(), held);
    await page.mouse.move(5, 5);
    await eventually(async () => (await ids()) !== held, 'the rows move on');
  }));

test('one websocket, no polling: after the page has loaded, nothing is asked over HTTP', () =>
  withPage('/videos/derby-2026', async (page, replay) => {
    await page.locator('#figure-views').waitFor();
    await page.locator('#engagement .plot').waitFor();
    const asked = [];
    // The browser itself fetches the icon again with each new title.
    page.on('request', (request) => request.url().includes('favicon') || asked.push(request.url()));
    await page.waitForTimeout(3_000);
    await page.locator('a', { hasText: 'Live now' }).click();
    await page.locator('#engagement .plot').waitFor();
    await page.locator('a.brand').click();
    await page.locator('#top tbody tr').first().waitFor();
    assert.deepEqual(asked, []);
    assert.equal(replay.control.connections, 1);
  }));

test('nothing shifts while the page is live', () =>
  withPage('/', async (page) => {
    await page.locator('#views tbody tr').first().waitFor();
    await page.evaluate(() => {
      window.shift = [];
      // A number aligned to its end counts as a shift when it gains a digit, though its box stands still: boxes count here.
      const box = ({ x, y, width, height }) => [x, y, width, height].join();
      new PerformanceObserver((list) => {
        for (const { sources } of list.getEntries()) {
          for (const { node, previousRect, currentRect } of sources) {
            if (box(previousRect) !== box(currentRect)) window.shift.push(`${node?.parentElement?.outerHTML}: ${box(previousRect)} to ${box(currentRect)}`);
          }
        }
      }).observe({ type: 'layout-shift' });
    });
    await page.waitForTimeout(8_000);
    assert.deepEqual(await page.evaluate(() => window.shift), []);
  }));

test('who watches, by anything: the choice is in the address, and a row leads to the views with it', () =>
  withPage('/', async (page, { control }) => {
    await page.locator('#top tbody tr').first().waitFor();
    await page.locator('#group').selectOption('country');
    await page.locator('#top tbody tr', { hasText: 'FR' }).waitFor();
    await page.reload();
    await page.locator('#top tbody tr', { hasText: 'FR' }).waitFor();
    assert.deepEqual(control.subscribes.filter(({ topic }) => topic === 'breakdown').map(({ query }) => query.dimension), ['country', 'country']);
    await page.locator('#top tbody a', { hasText: 'FR' }).click();
    await page.locator('.chip-value', { hasText: 'FR' }).waitFor();
  }));

test('the address is the state: back, forward and reload give the same screen', () =>
  withPage('/', async (page, replay) => {
    await page.locator('#top tbody a').first().click();
    await page.waitForURL('**/videos/**');
    await page.locator('#timeframe a', { hasText: '7 d' }).click();
    await page.locator('a', { hasText: 'Live now' }).click();
    await page.getByRole('link', { name: 'Show engagement as a table' }).click();
    assert.equal(new URL(page.url()).search, '?timeframe=7d&engagement=live&heatmap=table');
    await page.locator('#engagement tbody tr').first().waitFor();
    await page.reload();
    await page.locator('#engagement tbody tr').first().waitFor();
    assert.equal(await page.locator('[aria-label=Timeframe] [aria-current=true]').textContent(), '7 d');
    await page.goBack();
    await page.locator('#engagement .plot').waitFor();
    await page.goBack();
    assert.equal(await page.locator('[aria-label="Source of the engagement"] [aria-current=true]').textContent(), 'History');
    assert.ok(replay.control.connections <= 2);
  }));

test('a chart is read with the arrow keys', () =>
  withPage('/videos/derby-2026', async (page) => {
    const chart = page.locator('#engagement [role=slider]');
    // What a key did is there when it has been drawn: waited for, since a busy machine draws late.
    const says = (slider, pattern) => eventually(async () => pattern.test(await slider.getAttribute('aria-valuetext')), String(pattern));
    await chart.focus();
    await page.keyboard.press('Home');
    await says(chart, /^0:00: Viewers 312 \(98\.1%\), Replays 12, Viewers before 312 \(98\.1%\)$/);
    await page.keyboard.press('ArrowRight');
    await says(chart, /^0:01: /);
    await page.keyboard.press('Escape');
    await says(chart, /^2:0\d: /);
    const live = page.locator('#viewers [role=slider]');
    await page.keyboard.press('Tab');
    while (!(await live.evaluate((element) => element === document.activeElement))) await page.keyboard.press('Tab');
    const reading = async () => ({ index: Number(await live.getAttribute('aria-valuenow')), text: await live.getAttribute('aria-valuetext') });
    // The newest second is still being counted: three back, each waited for.
    for (let back = 0; back < 3; back++) {
      const { text } = await reading();
      await page.keyboard.press('ArrowLeft');
      await eventually(async () => (await reading()).text !== text, 'one second back');
    }
    const held = await reading();
    await eventually(async () => (await reading()).index <= held.index - 2, 'the window moves on by two seconds');
    assert.equal((await reading()).text, held.text, 'the window moves on, the reading stands still');
  }));

test('the demo calls the SDK as a publisher would, and watches its own view with the demo token', () =>
  withPage('/demo', async (page, replay) => {
    await page.locator('#view-state', { hasText: 'Playing' }).waitFor();
    const { key, prefix, data } = await page.evaluate(() => window.monitored);
    assert.deepEqual({ key, prefix, video: data.video_id }, { key: INGEST_KEY, prefix: '/in', video: 'playhead-demo' });
    assert.deepEqual(replay.control.tokens, ['demo']);
    const asked = replay.control.subscribes.map(({ topic, query }) => [topic, query]);
    assert.deepEqual(asked.sort(), [['heatmap', { video_id: 'playhead-demo' }], ['view', { view_id: VIEW_ID }]]);
    await page.getByRole('link', { name: 'Show engagement as a table' }).click();
    await page.locator('#engagement tbody tr').first().waitFor();
    assert.equal(replay.control.connections, 1, 'the page, and with it the video, was not loaded again');
  }));

test('a failed question can be asked again', () =>
  withPage('/videos/derby-2026', async (page, replay) => {
    await page.locator('#engagement [data-state=error]', { hasText: 'The store does not answer. Request req-77.' }).waitFor();
    replay.control.failing = false;
    await page.locator('#engagement [data-state=error] button').click();
    await page.locator('#engagement .plot').waitFor();
  }, { failing: true }));

test('signing in: a link, a used link, a password, and back to where one wanted to go', () =>
  withPage('/videos/derby-2026?timeframe=7d', async (page, replay) => {
    await page.waitForURL('**/login?next=*');
    await page.locator('#email').fill('a@example.org');
    await page.locator('#password').fill('wrong');
    await page.locator('form button').click();
    await page.locator('.problem', { hasText: 'do not match' }).waitFor();
    await page.locator('#password').fill('right');
    await page.locator('form button').click();
    await page.waitForURL('**/videos/derby-2026?timeframe=7d');
    await page.locator('#figure-views').waitFor();
    await page.locator('.account-menu summary').click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL('**/login**');
    await page.goto(`${replay.url}/login#code=used`);
    await page.reload();
    await page.goto(`${replay.url}/login?again#code=used`);
    await page.locator('.problem', { hasText: 'has been used or has expired' }).waitFor();
    assert.equal(new URL(page.url()).hash, '', 'the code leaves the address before it is used');
    await page.goto(`${replay.url}/login?once#code=good`);
    await page.locator('#tile-viewers').waitFor();
  }, { signedIn: false }));

test('an invitation: a used one, and a good one with a password of one’s own', () =>
  withPage('/login#invitation=used', async (page, replay) => {
    const choose = async () => {
      await page.getByLabel('New password').fill('a long password');
      await page.getByRole('button', { name: 'Accept and sign in' }).click();
    };
    await choose();
    await page.locator('.problem', { hasText: 'Ask for a new one' }).waitFor();
    assert.equal(new URL(page.url()).hash, '', 'the code leaves the address before it is used');
    await page.goto(`${replay.url}/login?again#invitation=good`);
    await choose();
    await page.locator('#tile-viewers').waitFor();
  }, { signedIn: false }));

test('the theme is the system’s until chosen, and the choice stays', () =>
  withPage('/', async (page) => {
    const shade = () => page.evaluate(() => document.documentElement.dataset.theme);
    assert.equal(await shade(), 'dark');
    await page.locator('.account-menu summary').click();
    await page.locator('#theme').selectOption('light');
    assert.equal(await shade(), 'light');
    await page.reload();
    await page.locator('#tile-viewers').waitFor();
    assert.equal(await shade(), 'light');
    const ground = () => page.evaluate(() => getComputedStyle(document.body.parentElement).backgroundColor);
    await page.locator('.account-menu summary').click();
    await page.locator('#theme').selectOption('contrast');
    assert.deepEqual([await shade(), await ground()], ['dark', 'rgb(0, 0, 0)'], 'the system’s shade, at the end of its scale');
  }));

test('the announcer speaks at most every 15 s', () =>
  withPage('/', async (page) => {
    await page.locator('#announcer', { hasText: 'viewers' }).waitFor({ state: 'attached' });
    await page.evaluate(() => {
      window.said = 0;
      new MutationObserver(() => (window.said += 1)).observe(document.querySelector('#announcer'), { childList: true, characterData: true, subtree: true });
    });
    await page.waitForTimeout(5_000);
    assert.equal(await page.evaluate(() => window.said), 0);
    assert.equal(await connectionState(page), 'connected');
  }));
