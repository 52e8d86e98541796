/** What people on call and in support do, against the real service: a view for a ticket, an incident from the first call to its end. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { eventually } from './check.mjs';
import { INGEST_KEY, withServer } from './server.mjs';
import { openDashboard } from './watching.mjs';

const VIEWER = 'viewer_4';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test('a viewer’s views one after the other, one of them as a ticket, and an incident about what is wrong with it', () =>
  withServer({}, async (server) => {
    const [first, second] = [await watched(server, 'edge-a'), await watched(server, 'edge-b', 'net | 503')];
    await eventually(async () => (await server.api('video-views', { 'timeframe[]': '24:hours' })).total_row_count === 2, 'both are stored');
    const page = await openDashboard(browser, server);
    await ticket(page, server, first, second);
    await incident(page, server);
    await inSql(page, server);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  }));

async function watched(server, cdn, message) {
  const id = randomUUID();
  const error = message === undefined ? [] : [{ seq: 3, t_ms: 4_300, type: 'error', playhead_ms: 4_000, set: { 'custom.request_id': 'r-17' }, error: { code: '503', message, severity: 'fatal' } }];
  const events = [{ seq: 1, t_ms: 0, type: 'play' }, { seq: 2, t_ms: 300, type: 'playing', playhead_ms: 0 }, ...error, { seq: 4, t_ms: 4_400, type: 'viewend', playhead_ms: 4_000 }];
  const body = JSON.stringify({ v: 1, sent_ms: Date.now(), views: [{ id, set: { video_id: 'film', video_title: 'A film', viewer_id: VIEWER, cdn }, events }] });
  const answer = await fetch(`${server.url}/in/${INGEST_KEY}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
  assert.equal(answer.status, 202);
  return id;
}

async function ticket(page, server, first, second) {
  await page.goto(`${server.url}/views/${first}`);
  await page.locator('[aria-label="Other views"]', { hasText: '1 of 2 of this viewer' }).waitFor();
  await page.locator('h1').press(']');
  await page.waitForURL(`**/views/${second}`);
  await page.locator('#verdict', { hasText: 'ended by fatal error 503' }).waitFor();
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Copy as ticket' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  for (const line of [`| View id | \`${second}\` |`, `| Viewer id | \`${VIEWER}\` |`, '| CDN | edge-b |', 'fatal at 0:04: 503: net \\| 503', `(${server.url}/views/${second})`]) {
    assert.ok(text.includes(line), `${line} is not in\n${text}`);
  }
}

async function incident(page, server) {
  await page.goto(`${server.url}/alerts?show=new&filter=cdn%3Aedge-b`);
  await page.getByLabel('What is wrong', { exact: true }).fill('edge-b answers 503');
  await page.getByLabel('What is known so far').fill('viewer_4 called');
  await page.getByRole('button', { name: 'Open the incident' }).click();
  await page.locator('h1', { hasText: 'edge-b answers 503' }).waitFor();
  await page.getByRole('button', { name: 'Acknowledge' }).click();
  await page.locator('.incident-state', { hasText: 'the operator sees to it' }).waitFor();
  await page.getByLabel('Note', { exact: true }).fill('moved to edge-a');
  await page.getByRole('button', { name: 'Resolve' }).click();
  await page.locator('.incident-state', { hasText: 'Closed' }).waitFor();
  const { data: [found] } = await server.api('incidents');
  assert.deepEqual([found.status, found.opened_by, found.acknowledged_by, found.breakdowns[0].id], ['closed', 'the operator', 'the operator', 'cdn:edge-b']);
  const { data: log } = await server.api(`incidents/${found.id}/log`);
  assert.deepEqual(log.map(({ action, note }) => [action, note]), [['open', 'viewer_4 called'], ['acknowledge', ''], ['resolve', 'moved to edge-a']]);
}

/** The menu of the list has the statement that gives it. */
async function inSql(page, server) {
  await page.goto(`${server.url}/views?filter=cdn%3Aedge-b`);
  await page.locator('#views-list tbody tr').first().waitFor();
  await page.locator('#views-list .menu summary').click();
  await page.getByRole('button', { name: /^Show SQL/ }).click();
  await page.getByRole('link', { name: /^Open in SQL/ }).click();
  await page.getByRole('button', { name: 'Run' }).click();
  await page.locator('table td, table th', { hasText: VIEWER }).first().waitFor();
}
