/** Asking SQL as an analyst does: write with help, run, read, cancel, correct, keep. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe, eventually, launch, openPage } from './browser.mjs';
import { startReplay } from './replay.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

async function withPage(path, run, { scene = {}, set = {}, ...look } = {}) {
  const replay = await startReplay(scene);
  Object.assign(replay.control, set);
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

const field = (page) => page.locator('#sql-text');
const state = (page, name) => page.locator(`#sql-answer [data-state=${name}]`);
const answered = (page) => page.locator('#sql-answer .note', { hasText: 'read' });
/** Axe finds nothing, nothing is wider than the screen, in either theme. */
async function sound(page) {
  assert.deepEqual(await axe(page), []);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'the page scrolls sideways');
}

test('a statement is written with help and run by the keyboard; its answer is a chart, a table and a file', () =>
  withPage('/sql', async (page, replay) => {
    await state(page, 'idle').waitFor();
    await page.locator('#sql-schema summary', { hasText: 'views' }).waitFor();
    await field(page).fill('SELECT hours, ');
    await field(page).focus();
    await page.keyboard.press('End');
    await page.keyboard.type('coun');
    await page.locator('[role=option]', { hasText: 'country' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    assert.equal(await field(page).inputValue(), 'SELECT hours, count(');
    await page.keyboard.type(') FROM vi');
    await page.locator('[role=option]').first().waitFor();
    await sound(page);
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('[role=option]').count(), 0);
    await page.keyboard.type('ews');
    await page.keyboard.press('Control+Enter');
    await answered(page).waitFor();
    assert.equal(replay.control.statements[0].query, 'SELECT hours, count() FROM views');
    assert.match(await answered(page).textContent(), /24 rows in 42 ms; read 1,234,567 rows, 98\.8 MB/);
    await page.locator('#sql-answer .plot').waitFor();
    await sound(page);
    await page.getByRole('link', { name: 'Show the answer as a table' }).click();
    await page.locator('#sql-answer td', { hasText: '2026-11-21 05:00:00' }).waitFor();
    await sound(page);
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save CSV' }).click()]);
    assert.match(file.suggestedFilename(), /^sql_.*\.csv$/);
    await eventually(() => new URL(page.url()).searchParams.get('query')?.includes('count()'), 'the statement is in the address');
    await page.reload();
    await eventually(async () => (await field(page).inputValue()) === 'SELECT hours, count() FROM views', 'and comes back');
    await state(page, 'idle').waitFor();
    assert.equal(replay.control.statements.length, 1, 'a link runs nothing by itself');
  }));

test('an error is as ClickHouse writes it, and its place is marked', () =>
  withPage('/sql', async (page) => {
    await field(page).fill("SELECT 'wrong',\n  vido_id\nFROM views");
    await page.getByRole('button', { name: 'Run' }).click();
    await state(page, 'error').waitFor();
    assert.match(await state(page, 'error').textContent(), /Error 47 UNKNOWN_IDENTIFIER at line 2, column 3.*Unknown expression identifier/s);
    assert.equal(await page.locator('.sql-editor mark').textContent(), 'vido_id');
    assert.deepEqual(await field(page).evaluate(({ selectionStart, selectionEnd }) => [selectionStart, selectionEnd]), [18, 25]);
    await sound(page);
    await field(page).fill('SELECT denied');
    await page.keyboard.press('Meta+Enter');
    await eventually(async () => (await state(page, 'error').textContent()).includes('not for statements here'), 'a refusal says so');
    assert.equal(await page.locator('.sql-editor mark').count(), 0);
    await field(page).fill('SELECT large');
    await page.getByRole('button', { name: 'Run' }).click();
    await eventually(async () => (await state(page, 'error').textContent()).includes('too large for this page'), 'an answer that is too large');
    await sound(page);
  }, { theme: 'light' }));

test('what runs can be stopped, and says how long it ran', () =>
  withPage('/sql?query=SELECT+slow', async (page) => {
    await page.getByRole('button', { name: 'Run' }).click();
    await state(page, 'loading').waitFor();
    await sound(page);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await state(page, 'cancelled').waitFor();
    assert.match(await state(page, 'cancelled').textContent(), /Cancelled after/);
    await sound(page);
    await field(page).fill('SELECT none');
    await page.getByRole('button', { name: 'Run' }).click();
    await state(page, 'empty').waitFor();
    await sound(page);
  }));

test('ten thousand rows scroll with a few dozen in the page, and hostile texts stay texts', () =>
  withPage('/sql?query=SELECT+many', async (page) => {
    await page.getByRole('button', { name: 'Run' }).click();
    await state(page, 'truncated').waitFor();
    const rows = page.locator('.sql-rows');
    await page.locator('.sql-rows td', { hasText: 'onerror' }).waitFor();
    assert.ok((await rows.locator('tr').count()) < 80, 'only those on the screen');
    await sound(page);
    await rows.evaluate((box) => (box.scrollTop = box.scrollHeight));
    await rows.locator('td', { hasText: 'row 9999' }).waitFor();
    const last = await rows.locator('tr[aria-rowindex]').last().getAttribute('aria-rowindex');
    assert.equal(last, '10001');
  }));

test('parameters are asked for, and everything fits on a telephone', () =>
  withPage('/sql?query=SELECT+bars+WHERE+a+%3D+%7Bvideo%3AString%7D', async (page, replay) => {
    await page.getByLabel('video').fill('v1');
    await page.getByRole('button', { name: 'Run' }).click();
    await page.locator('.sql-bars').waitFor();
    assert.deepEqual(replay.control.statements[0].parameters, { video: 'v1' });
    await eventually(() => new URL(page.url()).searchParams.get('param_video') === 'v1', 'they are part of the address');
    await sound(page);
  }, { width: 390, height: 844, theme: 'light' }));

test('queries are kept, opened, changed and deleted', () =>
  withPage('/sql', async (page, replay) => {
    const saved = page.locator('#sql-saved');
    await saved.getByRole('button', { name: 'Bars by country', exact: true }).click();
    assert.equal(await field(page).inputValue(), 'SELECT bars');
    await field(page).fill('SELECT bars, 2');
    await saved.getByRole('button', { name: /^Update/ }).click();
    await eventually(() => replay.control.saved[0].query === 'SELECT bars, 2', 'changed');
    await saved.getByLabel('Save this statement as').fill('Bars by country');
    await saved.getByRole('button', { name: 'Save', exact: true }).click();
    await eventually(async () => (await saved.locator('.problem').textContent()).includes('kept already'), 'a name is one query');
    await saved.getByLabel('Save this statement as').fill('Another');
    await page.keyboard.press('Enter');
    await saved.getByRole('button', { name: 'Another', exact: true }).waitFor();
    await sound(page);
    await saved.getByRole('button', { name: 'Delete Another' }).click();
    await saved.getByRole('button', { name: 'Delete Another' }).click();
    await eventually(() => replay.control.saved.length === 1, 'deleted');
  }));

test('without permission, or without an answer, the page says so and stays usable', async () => {
  await withPage('/sql', async (page) => {
    await page.locator('#sql-schema [data-state=error]', { hasText: 'scope `sql`' }).waitFor();
    await page.getByRole('button', { name: 'Run' }).click();
    await eventually(async () => (await state(page, 'error').textContent()).includes('scope `sql`'), 'what is missing');
    await sound(page);
  }, { set: { noSql: true } });
  await withPage('/sql', async (page, replay) => {
    await page.locator('#sql-schema [data-state=error]').waitFor();
    replay.control.failing = false;
    await page.locator('#sql-schema').getByRole('button', { name: 'Try again' }).click();
    await page.locator('#sql-schema summary', { hasText: 'views' }).waitFor();
  }, { scene: { failing: true } });
});
