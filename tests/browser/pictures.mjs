/** The pictures of docs/dashboard.md, of the real service with a day behind it and viewers in front. `npm run pictures -- FOLDER` */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TRUSTING_US } from './beacons.mjs';
import { launch, openPage } from './browser.mjs';
import { eventually } from './check.mjs';
import { withServer } from './server.mjs';
import { simulate } from './simulate.mjs';

const folder = process.argv[2];
if (folder === undefined) throw new Error('name the folder for the pictures');
await mkdir(folder, { recursive: true });

const DAY = { 'timeframe[]': '24:hours' };
const HISTORY = ['--backfill-days', '2', '--events', '60000', '--seed', '5'];
/** Ten times as fast as we live, so that a minute has something to show. */
const NOW = ['--viewers', '120', '--seconds', '200', '--seed', '9', '--rate-factor', '10'];
const A_WHILE_MS = 45_000;
const SETTLE_MS = 1_500;

const browser = await launch();
try {
  await withServer({ ...TRUSTING_US, PLAYHEAD_BOOTSTRAP_ENVIRONMENT: 'Production' }, async (server) => {
    await simulate(server, HISTORY).done;
    const viewers = simulate(server, NOW);
    try {
      await new Promise((resolve) => setTimeout(resolve, A_WHILE_MS));
      await eventually(() => server.api('errors', DAY).then(({ data }) => data.length > 0, () => false), 'errors in history', 60_000);
      await noted(server);
      await takeAll(server, await incident(server));
    } finally {
      viewers.stop();
    }
  });
} finally {
  await browser.close();
}

/** A release, as one would note it. */
async function noted(server) {
  const at = Math.floor(Date.now() / 1_000) - 5 * 3_600;
  await server.api('annotations', {}, { date: at, note: 'Player 2.4 released' });
}

/** Something people report, and somebody sees to; its id. */
async function incident(server) {
  const started = Math.floor(Date.now() / 1_000) - 40 * 60;
  const wish = { description: 'Viewers of edge-south wait', severity: 'alert', measurement: 'rebuffer_percentage', started_at: started, breakdowns: [{ name: 'cdn', value: 'edge-south' }], note: 'Two customers called' };
  const { data: { id } } = await server.api('incidents', {}, wish);
  await server.api(`incidents/${id}/log`, {}, { action: 'acknowledge', note: 'Asked the CDN' });
  return id;
}

async function takeAll(server, incidentId) {
  const { data: [title] } = await server.api('metrics/views/breakdown', { ...DAY, group_by: 'video_id' });
  const { data: [error] } = await server.api('errors', DAY);
  const { data: [view] } = await server.api('video-views', { ...DAY, 'filters[]': 'rebuffer_count:1' }).catch(() => server.api('video-views', DAY));
  const page = await openPage(browser, { width: 1_440, height: 900 });
  await page.goto(server.loginLink);
  await page.locator('#connection[data-state=connected]').waitFor();
  const take = async (name, path, height) => {
    await page.setViewportSize({ width: 1_440, height });
    await page.goto(server.url + path);
    await page.locator('main h1').waitFor({ state: 'attached' });
    // Comparisons come after the figures, and nothing says that they are missing.
    await page.waitForLoadState('networkidle');
    await page.waitForTimeout(SETTLE_MS);
    await eventually(async () => (await page.locator('[data-state=loading]').count()) === 0, `${name} has loaded`, 30_000);
    await page.screenshot({ path: join(folder, `dashboard-${name}.png`) });
  };
  await take('live', '/?window=5m', 900);
  await take('overview', '/overview', 1_180);
  await take('explore', '/explore/video_startup_time', 1_180);
  await take('compare', '/compare?a=cdn:edge-north&b=cdn:edge-south', 1_180);
  await take('errors', '/errors', 920);
  await take('error', `/errors/${encodeURIComponent(error.player_error_code)}`, 1_180);
  await take('alerts', '/alerts', 1_020);
  await take('incident', `/alerts/${incidentId}`, 1_000);
  await take('view', `/views/${view.id}`, 1_100);
  await take('engagement', `/videos/${encodeURIComponent(title.field)}`, 820);
  await take('start', '/start', 980);
  await take('settings', '/settings/keys?show=new', 720);
  await take('quality', '/quality', 620);
  await take('system', '/system', 1_000);
  if (page.complaints.length > 0) console.log(page.complaints);
  await page.context().close();
}
