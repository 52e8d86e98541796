/** Debian's Chromium by playwright-core, and pages that keep what a page should never do or say. */

import { chromium } from 'playwright-core';
import { watchLateness } from './video.mjs';

/** `remembersPages`: going back shows a page as it was left, as people's browsers do and Playwright's do not. */
export const launch = ({ remembersPages = false } = {}) =>
  chromium.launch({
    ignoreDefaultArgs: remembersPages ? ['--disable-back-forward-cache'] : [],
    executablePath: process.env.PLAYHEAD_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=no-user-gesture-required',
      '--mute-audio',
    ],
  });

/**
 * A page in a context of its own, as another visitor would have it, or with the `state` (cookies) of one who is signed in. `complaints`: script errors, console errors and
 * breaches of the security policy; `requests`: everything asked over HTTP; `sockets`: every websocket opened.
 */
export async function openPage(browser, { theme = 'dark', width = 1_360, height = 900, state } = {}) {
  const context = await browser.newContext({
    colorScheme: theme, viewport: { width, height }, locale: 'en-GB', timezoneId: 'UTC', ...(state === undefined ? {} : { storageState: state }),
  });
  await context.addInitScript(watchLateness);
  const page = await context.newPage();
  page.complaints = [];
  page.requests = [];
  page.sockets = [];
  page.on('pageerror', (error) => page.complaints.push(error.message));
  page.on('console', (message) => {
    const isComplaint = message.type() === 'error' || /Content.Security.Policy|Refused to/i.test(message.text());
    if (isComplaint) page.complaints.push(`${message.text()} (${message.location().url})`);
  });
  page.on('request', (request) => page.requests.push(`${request.method()} ${request.url()}`));
  page.on('websocket', (socket) => page.sockets.push(socket));
  return page;
}
