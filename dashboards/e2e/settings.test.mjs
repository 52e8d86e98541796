/** Settings, used: what is made, changed and taken away, what is asked before, and what somebody hears who may not; by keyboard too. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, eventually, launch, openPage } from './browser.mjs';
import { INGEST_KEY, startReplay } from './replay.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

async function settings(section, run, { scene = {}, width = 1_280 } = {}) {
  const replay = await startReplay(scene);
  try {
    const page = await openPage(browser, `${replay.url}/settings/${section}`, { width });
    await page.locator('.panel').first().waitFor();
    await run(page, replay.control.managed, replay);
    assert.deepEqual(page.complaints, []);
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    await page.context().close();
  } finally {
    await replay.close();
  }
}

const thing = (page, text) => page.locator('.thing', { hasText: text });
const said = (page, words) => page.locator('.said', { hasText: words }).waitFor();

test('a key: made with a mistake first, shown with its snippet, rotated, retired', () =>
  settings('keys', async (page, managed) => {
    await page.getByRole('link', { name: 'New key' }).click();
    await page.getByLabel('Name').fill('app');
    await page.getByLabel('Origins').fill('example.org');
    await page.getByRole('button', { name: 'Make the key' }).click();
    const beside = page.locator('#new-key-origins-problem', { hasText: '`example.org` is no origin' });
    await beside.waitFor();
    assert.match(await beside.textContent(), /Request req-78/);
    assert.equal(await page.getByLabel('Origins').getAttribute('aria-invalid'), 'true');
    assert.equal(await page.getByLabel('Name').inputValue(), 'app', 'what was typed stays');
    assert.deepEqual(await axe(page), []);
    await page.getByLabel('Origins').fill('https://example.org\nhttps://*.example.org');
    await page.getByLabel('Events per second').fill('500');
    await page.getByRole('button', { name: 'Make the key' }).click();
    await said(page, 'Made the key “app”');
    const made = managed.keys.at(-1);
    assert.deepEqual([made.origins, made.events_per_s], [['https://example.org', 'https://*.example.org'], 500]);
    assert.match(await page.getByLabel('Snippet', { exact: true }).textContent(), new RegExp(made.ingest_key));
    assert.match(page.url(), new RegExp(`show=${made.ingest_key}`));
    await page.reload();
    await page.getByLabel('Snippet', { exact: true }).waitFor();

    await page.getByRole('button', { name: 'Rotate website' }).click();
    await page.getByRole('button', { name: 'Make its successor' }).click();
    await said(page, 'Made the successor of “website”');
    await page.getByRole('button', { name: 'Retire website' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Retire the key “website”?' });
    assert.match(await dialog.textContent(), new RegExp(`${INGEST_KEY} will be refused with 401`));
    assert.deepEqual(await axe(page), []);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    assert.equal(managed.keys[0].retired_ms, null, 'Escape changes nothing');
    await page.getByRole('button', { name: 'Retire website' }).first().click();
    await page.getByRole('button', { name: 'Retire the key' }).click();
    await said(page, 'Retired the key “website”');
    assert.notEqual(managed.keys[0].retired_ms, null);
    await page.locator('summary', { hasText: '2 retired keys' }).waitFor();
  }));

test('a token’s secret is shown once, by keyboard alone', () =>
  settings('tokens', async (page, managed) => {
    await page.getByRole('link', { name: 'New token' }).focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('Name', { exact: true }).focus();
    await page.keyboard.type('nightly');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.keyboard.press('Enter');
    await page.getByText('A token needs at least one of them.').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.keyboard.press('Enter');
    await said(page, 'Made the token “nightly”');
    assert.deepEqual(managed.tokens.at(-1).scopes, ['sql']);
    const secret = `${managed.tokens.at(-1).id}:a-secret-that-is-told-this-once`;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy id and secret' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('Copied').waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret);
    assert.deepEqual(await axe(page), []);
    await page.reload();
    await thing(page, 'nightlytoken').waitFor();
    assert.equal(await page.getByText('a-secret-that-is-told-this-once').count(), 0);

    await page.getByRole('button', { name: 'Revoke grafana' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Cancel', 'the way out has the focus');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await said(page, 'Revoked the token “grafana”');
    assert.notEqual(managed.tokens[0].revoked_ms, null);
  }));

test('people: invited with a link to copy, changed, removed; an invitation taken back', () =>
  settings('people', async (page, managed, replay) => {
    await page.getByRole('link', { name: 'Invite somebody' }).click();
    await page.getByLabel('Email address').fill('new@example.org');
    await page.getByLabel('editor').check();
    await page.getByLabel('production').uncheck();
    await page.getByRole('button', { name: 'Make the invitation' }).click();
    await page.locator('.problem', { hasText: 'name at least one environment' }).waitFor();
    await page.getByLabel('production').check();
    await page.getByRole('button', { name: 'Make the invitation' }).click();
    await said(page, 'Invited new@example.org');
    assert.equal(await page.getByLabel('invitation link', { exact: true }).textContent(), `${replay.url}/login#invitation=good`);
    assert.deepEqual([managed.invitations[0].role, managed.invitations[0].environments], ['editor', ['env1']]);

    await page.getByRole('button', { name: 'Take back the invitation of otto@example.org' }).click();
    await page.getByRole('button', { name: 'Take it back' }).click();
    await said(page, 'Took back');
    await page.getByRole('link', { name: /^Change a\.very/ }).click();
    await page.getByLabel('admin').check();
    await page.getByRole('button', { name: 'Save' }).click();
    await said(page, 'is admin in production, staging now');
    await page.getByRole('button', { name: /^Remove a\.very/ }).click();
    await page.getByRole('button', { name: 'Remove this person' }).click();
    await said(page, 'Removed a.very');
    assert.equal(managed.people.length, 1);
  }));

test('an environment: renamed in the head too, kept shorter only after a question, left for another', () =>
  settings('environment', async (page, managed) => {
    await page.getByLabel('Name', { exact: true }).fill('!');
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.locator('#environment-name-problem', { hasText: 'is no name for an environment' }).waitFor();
    await page.getByLabel('Name', { exact: true }).fill('main site');
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.locator('.environment', { hasText: 'main site' }).waitFor();
    await page.getByLabel('Days to keep views and events').fill('30');
    await page.getByRole('button', { name: 'Keep so long' }).click();
    const dialog = page.getByRole('dialog', { name: 'Keep only 30 days?' });
    assert.match(await dialog.textContent(), /more than 30 days ago are deleted within the hour/);
    assert.equal(managed.retention, 90);
    await page.getByRole('button', { name: 'Delete what is older' }).click();
    await said(page, 'kept for 30 days now');
    assert.equal(managed.retention, 30);
    await page.getByRole('button', { name: /^Go there/ }).click();
    await page.locator('.environment', { hasText: 'staging' }).waitFor();
    await page.getByRole('textbox', { name: 'New environment' }).fill('qa');
    await page.getByRole('button', { name: 'Make it' }).click();
    await page.locator('#secret', { hasText: 'its-secret' }).waitFor();
    await thing(page, 'qa').last().waitFor();
  }));

test('a viewer is erased after a count, and the receipt finishes by itself', () =>
  settings('privacy', async (page, managed, replay) => {
    await page.getByLabel('Viewer id').fill('viewer-7');
    await page.getByRole('button', { name: 'Erase…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Erase this viewer for good?' });
    await dialog.getByText('none is known').waitFor();
    assert.ok(replay.control.asked.some((path) => path.includes('viewer_id%3Aviewer-7')));
    await page.getByRole('button', { name: 'Erase the viewer' }).click();
    await thing(page, 'Pending').waitFor();
    await thing(page, '120 events').waitFor();
    assert.equal(managed.receipts.length, 2);
    const asked = replay.control.asked.length;
    await page.waitForTimeout(1_500);
    assert.equal(replay.control.asked.length, asked, 'nothing is asked of a receipt that is done');
    assert.equal(await page.getByRole('link', { name: 'Save the export' }).getAttribute('href'), '/data/v1/export');
  }));

test('viewer counts are signed with code to copy, and all ended at once', () =>
  settings('counts', async (page) => {
    await page.getByLabel('Video id').fill('derby-2026');
    await page.getByRole('button', { name: 'Sign a token' }).click();
    assert.match(await page.getByLabel('Code for a page').textContent(), /viewer-count\?token=eyJ/);
    await page.getByRole('button', { name: 'End every token…' }).click();
    await page.getByRole('button', { name: 'End them all' }).click();
    await said(page, 'Ended every token');
    assert.equal(await page.getByLabel('Code for a page').count(), 0);
  }));

test('a viewer sees why; nothing is asked that would be refused', () =>
  settings('keys', async (page, _managed, replay) => {
    await page.locator('.not-allowed', { hasText: 'needs an admin; you are a viewer here' }).waitFor();
    assert.equal(await page.getByRole('button', { name: /Retire|Rotate/ }).count(), 0);
    for (const [section, needs] of [['tokens', 'an admin'], ['people', 'an owner'], ['privacy', 'an admin'], ['counts', 'an editor']]) {
      await page.locator('nav.sections a').nth(['keys', 'tokens', 'people', 'environment', 'privacy', 'counts'].indexOf(section)).click();
      await page.locator('[data-state=forbidden]', { hasText: `needs ${needs}` }).waitFor();
    }
    const refused = /tokens|people|invitations|erasures/;
    assert.deepEqual(replay.control.asked.filter((path) => refused.test(path)), []);
  }, { scene: { role: 'viewer' } }));

test('the menu of the head: opened, closed with Escape, and it leads on', () =>
  settings('keys', async (page) => {
    const menu = page.locator('.pages-menu');
    await menu.locator('summary').focus();
    await page.keyboard.press('Enter');
    await menu.getByRole('link', { name: 'Set up' }).waitFor();
    assert.deepEqual(await axe(page), []);
    await page.keyboard.press('Escape');
    await eventually(() => menu.evaluate((details) => !details.open), 'it is closed');
    await page.keyboard.press('Enter');
    await menu.getByRole('link', { name: 'Set up' }).click();
    await page.waitForURL('**/start');
    await eventually(() => menu.evaluate((details) => !details.open), 'it is closed');
  }));
