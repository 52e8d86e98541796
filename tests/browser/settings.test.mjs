/** Settings against the real service: what is made there works at once outside, and what is taken away stops. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { launch, openPage } from './browser.mjs';
import { eventually } from './check.mjs';
import { withServer } from './server.mjs';
import { openDashboard } from './watching.mjs';

const VIEWER = 'viewer-to-be-forgotten';
const PASSWORD = 'a password of some length';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

test('keys, tokens, people and a viewer: made, used from outside, taken away', () =>
  withServer({}, async (server) => {
    const page = await openDashboard(browser, server);
    await page.goto(`${server.url}/settings`);
    const key = await madeKey(page);
    assert.equal((await send(server, key, beacon())).status, 202);
    assert.equal((await send(server, key, 'no beacon')).status, 400);
    await retired(page, server, key);
    const token = await madeToken(page);
    // The schema of a first start may still be on its way.
    await eventually(async () => (await views(server, token)).status === 200, 'the token reads');
    await revoked(page, server, token);
    await invited(page, server);
    await erased(page, server);
    await told(page, server, key);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  }));

const said = (page, words) => page.locator('.said', { hasText: words }).waitFor();
const section = (page, name) => page.locator('nav.sections').getByRole('link', { name }).click();

async function madeKey(page) {
  await page.getByRole('link', { name: 'New key' }).click();
  await page.getByLabel('Name', { exact: true }).fill('the test');
  await page.getByRole('button', { name: 'Make the key' }).click();
  await said(page, 'Made the key “the test”');
  const key = new URL(page.url()).searchParams.get('show');
  assert.match(await page.getByLabel('Snippet', { exact: true }).textContent(), new RegExp(key));
  return key;
}

const beacon = () => JSON.stringify({
  views: [{
    id: randomUUID(), set: { video_id: 'film', video_title: 'A film', viewer_id: VIEWER },
    events: [{ seq: 1, t_ms: 0, type: 'play' }, { seq: 2, t_ms: 300, type: 'playing' }, { seq: 3, t_ms: 4_300, type: 'viewend' }],
  }],
});

const send = (server, key, body) => fetch(`${server.url}/in/${key}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });

async function retired(page, server, key) {
  await page.getByRole('button', { name: 'Retire the test' }).click();
  await page.getByRole('button', { name: 'Retire the key' }).click();
  await said(page, 'Retired the key “the test”');
  assert.equal((await send(server, key, beacon())).status, 401);
}

async function madeToken(page) {
  await section(page, 'API tokens');
  await page.getByRole('link', { name: 'New token' }).click();
  await page.getByLabel('Name', { exact: true }).fill('a program');
  await page.getByRole('button', { name: 'Make the token' }).click();
  return page.getByLabel('id and secret', { exact: true }).textContent();
}

const views = (server, token) => fetch(`${server.url}/data/v1/metrics/views/overall`, { headers: { Authorization: `Basic ${Buffer.from(token).toString('base64')}` } });

async function revoked(page, server, token) {
  await page.getByRole('button', { name: 'Revoke a program' }).click();
  await page.getByRole('button', { name: 'Revoke the token' }).click();
  await said(page, 'Revoked the token “a program”');
  assert.equal((await views(server, token)).status, 401);
}

/** Somebody else, in another browser, who may look and not change. */
async function invited(page, server) {
  await section(page, 'People');
  await page.getByRole('link', { name: 'Invite somebody' }).click();
  await page.getByLabel('Email address').fill('guest@example.org');
  await page.getByRole('button', { name: 'Make the invitation' }).click();
  const guest = await openPage(browser);
  await guest.goto(await page.getByLabel('invitation link', { exact: true }).textContent());
  await guest.getByLabel('New password').fill(PASSWORD);
  await guest.getByRole('button', { name: 'Accept and sign in' }).click();
  await guest.locator('#connection[data-state=connected]').waitFor();
  await guest.goto(`${server.url}/settings/tokens`);
  await guest.locator('[data-state=forbidden]', { hasText: 'needs an admin; you are a viewer here' }).waitFor();
  assert.deepEqual(guest.complaints, []);
  await page.reload();
  await page.getByRole('button', { name: 'Remove guest@example.org' }).click();
  await page.getByRole('button', { name: 'Remove this person' }).click();
  await said(page, 'Removed guest@example.org');
  await guest.goto(server.url);
  await guest.getByRole('button', { name: 'Sign in' }).waitFor();
  await guest.context().close();
}

async function erased(page, server) {
  const known = async () => (await server.api('metrics/views/overall', { 'filters[]': `viewer_id:${VIEWER}` })).data.total_views;
  await eventually(async () => (await known()) === 1, 'the view is in history');
  await section(page, 'Privacy');
  await page.getByLabel('Viewer id').fill(VIEWER);
  await page.getByRole('button', { name: 'Erase…' }).click();
  await page.getByRole('dialog').getByText('1 view of the last 90 days').waitFor();
  await page.getByRole('button', { name: 'Erase the viewer' }).click();
  await page.locator('.thing', { hasText: '1 view and 3 events' }).waitFor();
  await eventually(async () => (await known()) === 0, 'nobody knows the viewer any more');
}

/** What was refused on the way stands where the site's people look, and where the operator does. */
async function told(page, server, key) {
  await page.goto(`${server.url}/quality`);
  const refused = page.locator('#refused .thing', { hasText: 'bad_json' });
  assert.match(await refused.textContent(), new RegExp(`1 beacon.*${key}`));
  await page.goto(`${server.url}/system`);
  await page.locator('.tile-state', { hasText: 'Ready' }).waitFor();
  await page.locator('#storage tbody tr', { hasText: 'event_rows' }).waitFor();
  await page.locator('#fates tr', { hasText: 'unknown key, native' }).waitFor();
}
