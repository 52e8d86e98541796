/** For eyes: every page of the real service, empty and full, in both themes, as pictures. `npm run look -- FOLDER` */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { postViews, TRUSTING_US } from './beacons.mjs';
import { launch, openPage } from './browser.mjs';
import { playedTo } from './video.mjs';
import { withServer } from './server.mjs';

const folder = process.argv[2];
if (folder === undefined) throw new Error('name the folder for the pictures');
await mkdir(folder, { recursive: true });

const browser = await launch();
try {
  await withServer(TRUSTING_US, async (server) => {
    for (const theme of ['dark', 'light']) await picture(theme, 'login', `${server.url}/login`);
    const managing = ['/usage', '/quality', '/system', ...['keys', 'tokens', 'people', 'environment', 'privacy', 'counts', 'you'].map((section) => `/settings/${section}`)];
    await signedIn(server, 'empty', ['/', '/videos/derby-2026', ...managing]);
    await picture('dark', 'demo-before', `${server.url}/demo`);
    await postViews(server, 40);
    await signedIn(server, 'full', ['/', '/videos/derby-2026', '/videos/derby-2026?engagement=live', '/videos/c6f1b0a2-untitled-upload', ...managing]);
    for (const theme of ['dark', 'light']) await picture(theme, 'demo-watched', `${server.url}/demo`, watchALittle);
  });
} finally {
  await browser.close();
}

async function signedIn(server, state, paths) {
  for (const theme of ['dark', 'light']) {
    const page = await openPage(browser, { theme });
    await page.goto(server.loginLink);
    await page.locator('#connection[data-state=connected]').waitFor();
    for (const [n, path] of paths.entries()) {
      await page.goto(server.url + path);
      await page.waitForTimeout(2_000);
      await page.screenshot({ path: join(folder, `${state}-${n}-${theme}.png`), fullPage: true });
    }
    if (page.complaints.length > 0) console.log(state, theme, page.complaints);
    await page.context().close();
  }
}

async function picture(theme, name, url, act = (page) => page.waitForTimeout(1_000)) {
  const page = await openPage(browser, { theme });
  await page.goto(url);
  await act(page);
  await page.screenshot({ path: join(folder, `${name}-${theme}.png`), fullPage: true });
  if (page.complaints.length > 0) console.log(name, theme, page.complaints);
  await page.context().close();
}

async function watchALittle(page) {
  await page.locator('#play').click();
  await playedTo(page, 7);
  await page.locator('#back').click();
  await page.waitForTimeout(3_000);
}
