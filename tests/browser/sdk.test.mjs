/** The SDK's own browser tests once more, with each beacon passed on to the real collector: it must take them all. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from './check.mjs';
import { INGEST_KEY, withServer } from './server.mjs';

const SDK_TESTS = fileURLToPath(new URL('../../sdk-js/test/browser/', import.meta.url));

test('everything the SDK sends is taken and becomes views', async (t) => {
  await withServer({}, async (server) => {
    const { code, said } = await runSdkTests({ PLAYHEAD_URL: server.url, PLAYHEAD_INGEST_KEY: INGEST_KEY });
    const [passed, failed] = ['pass', 'fail'].map((word) => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(said)?.[1]));
    t.diagnostic(`${passed} tests of the SDK passed against ${server.url}`);
    assert.deepEqual({ code, failed }, { code: 0, failed: 0 }, said);
    // Each of them watches something, and a beacon that was taken is a view soon after.
    const views = async () => (await server.api('video-views', { 'timeframe[]': '24:hours' })).total_row_count;
    await eventually(async () => (await views()) >= passed, `${passed} views`);
    t.diagnostic(`${await views()} views`);
  });
});

async function runSdkTests(settings) {
  // A test runner inside a test runner: without this it would report to the outer one in a form of its own.
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const files = (await readdir(SDK_TESTS)).filter((name) => name.endsWith('.test.mjs'));
  const child = spawn(process.execPath, ['--test', '--test-concurrency=1', '--test-reporter=tap', ...files], {
    cwd: SDK_TESTS,
    env: { ...environment, ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  const [code] = await once(child, 'close');
  return { code, said: Buffer.concat(chunks).toString() };
}
