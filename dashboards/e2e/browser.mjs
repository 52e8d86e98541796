/** Debian's Chromium by playwright-core, and what every page test needs: a page that must not complain, and axe. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const launch = () =>
  chromium.launch({
    executablePath: process.env.PLAYHEAD_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });

/** A page whose script errors and breaches of the security policy are collected. */
export async function openPage(browser, url, { theme = 'dark', width = 1280, height = 900, prepare = async () => {} } = {}) {
  const context = await browser.newContext({ colorScheme: theme, viewport: { width, height }, locale: 'en-GB', timezoneId: 'UTC' });
  const page = await context.newPage();
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) page.complaints.push(message.text());
  });
  await prepare(page);
  await page.goto(url);
  return page;
}

/**
 * Violations of WCAG 2.2 AA and of axe's good practice, one line each. Runs in the page's own world by the debugger, past its
 * policy. All rules run; only what they find is written up and carried over, since the thousands of passes cost more than the rules.
 */
export async function axe(page) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')} (${node.failureSummary?.split('\n')[1]?.trim()})`));
  });
}

/** Yesterday is another day after midnight: not between two looks that are compared. */
export async function notAcrossMidnight(withinMs = 30_000) {
  const leftMs = 86_400_000 - (Date.now() % 86_400_000);
  if (leftMs < withinMs) await new Promise((resolve) => setTimeout(resolve, leftMs));
}

/** Polls the page until a check holds; for things that have no element to wait for. */
export async function eventually(check, what, withinMs = 30_000) {
  const end = Date.now() + withinMs;
  for (;;) {
    if (await check()) return;
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
