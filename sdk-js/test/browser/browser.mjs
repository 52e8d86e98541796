/** Starts Chromium as the tests need it: silent, without services of its own, allowed to play without a click. */

import { chromium } from 'playwright-core';

export function launch() {
  return chromium.launch({
    executablePath: process.env.PLAYHEAD_CHROMIUM ?? '/usr/bin/chromium',
    // Playwright turns the back/forward cache off; viewers have it on.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
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
}
