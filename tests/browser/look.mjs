/**
 * For eyes: every page of the real service, empty and full, in both themes and at three widths, as pictures.
 * `npm run look -- FOLDER`
 */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TRUSTING_US } from './beacons.mjs';
import { launch, openPage } from './browser.mjs';
import { withServer } from './server.mjs';
import { simulate } from './simulate.mjs';
import { playedTo } from './video.mjs';

const folder = process.argv[2];
if (folder === undefined) throw new Error('name the folder for the pictures');
await mkdir(folder, { recursive: true });

const WIDTHS = [1_440, 1_024, 390];
const THEMES = ['dark', 'light'];
const DAY = { 'timeframe[]': '24:hours' };
const HISTORY = ['--backfill-days', '2', '--events', '60000', '--seed', '5'];
const NOW = ['--viewers', '120', '--seconds', '900', '--seed', '9', '--rate-factor', '10'];
const A_WHILE_MS = 45_000;
const SETTLE_MS = 1_500;

/** Pages that are there whatever was stored, by the name of their picture. */
const PAGES = {
  live: '/',
  overview: '/overview',
  explore: '/explore/video_startup_time',
  compare: '/compare?a=cdn:edge-north&b=cdn:edge-south',
  errors: '/errors',
  alerts: '/alerts',
  views: '/views',
  sql: '/sql',
  usage: '/usage',
  quality: '/quality',
  system: '/system',
  start: '/start',
  ...Object.fromEntries(['keys', 'tokens', 'people', 'environment', 'privacy', 'counts', 'you'].map((section) => [`settings-${section}`, `/settings/${section}`])),
};

const browser = await launch();
try {
  await withServer(TRUSTING_US, async (server) => {
    await each(async (theme, width) => picture({ theme, width }, 'login', `${server.url}/login`));
    await each((theme, width) => signedIn(server, { theme, width }, 'empty', PAGES));
    await simulate(server, HISTORY).done;
    const viewers = simulate(server, NOW);
    try {
      await new Promise((resolve) => setTimeout(resolve, A_WHILE_MS));
      const full = { ...PAGES, ...(await pagesOfWhatIsThere(server)) };
      await each((theme, width) => signedIn(server, { theme, width }, 'full', full));
    } finally {
      viewers.stop();
    }
    for (const theme of THEMES) await picture({ theme }, 'demo', `${server.url}/demo`, watchALittle);
  });
} finally {
  await browser.close();
}

async function each(look) {
  for (const theme of THEMES) for (const width of WIDTHS) await look(theme, width);
}

async function pagesOfWhatIsThere(server) {
  const { data: [video] } = await server.api('metrics/views/breakdown', { ...DAY, group_by: 'video_id' });
  const { data: [error] } = await server.api('errors', DAY);
  const { data: [view] } = await server.api('video-views', DAY);
  const wish = { description: 'Viewers of edge-south wait', severity: 'alert', measurement: 'rebuffer_percentage', started_at: Math.floor(Date.now() / 1_000) - 2_400 };
  const { data: { id } } = await server.api('incidents', {}, wish);
  return {
    video: `/videos/${encodeURIComponent(video.field)}`,
    'video-live': `/videos/${encodeURIComponent(video.field)}?engagement=live`,
    error: `/errors/${encodeURIComponent(error.player_error_code)}`,
    view: `/views/${view.id}`,
    incident: `/alerts/${id}`,
    'sql-answer': `/sql?query=${encodeURIComponent('SELECT country, count() AS views, median(startup_ms) FROM views GROUP BY country ORDER BY views DESC')}`,
  };
}

async function signedIn(server, as, state, pages) {
  const page = await openPage(browser, as);
  await page.goto(server.loginLink);
  await page.locator('#connection[data-state=connected]').waitFor();
  for (const [name, path] of Object.entries(pages)) {
    await page.goto(server.url + path);
    await page.waitForTimeout(SETTLE_MS);
    // What is far down asks when it is reached.
    await page.evaluate(() => document.querySelector('main').lastElementChild?.scrollIntoView());
    await page.locator('[data-state=loading]').first().waitFor({ state: 'detached' }).catch(() => console.log(`${name} still loads`));
    await kept(page, `${name}-${state}`, as);
  }
  await page.context().close();
}

async function picture(as, name, url, act = (page) => page.waitForTimeout(SETTLE_MS)) {
  const page = await openPage(browser, as);
  await page.goto(url);
  await act(page);
  await kept(page, name, as);
  await page.context().close();
}

async function kept(page, name, { theme, width = '' }) {
  const across = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (across > 0) console.log(`${name} at ${width} is ${across} pixels too wide`);
  await page.screenshot({ path: join(folder, `${name}-${theme}-${width}.png`), fullPage: true });
  if (page.complaints.length > 0) console.log(name, theme, page.complaints.splice(0));
}

async function watchALittle(page) {
  await page.locator('#play').click();
  await playedTo(page, 7);
  await page.locator('#back').click();
  await page.waitForTimeout(3_000);
}
