/** A browser, an origin and a fresh tab for each test of a file. */

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach } from 'node:test';
import { launch } from './browser.mjs';
import { KEY, Recorder } from './recorder.mjs';
import { GOODBYE, witness } from './witness.mjs';

/** Attributes of the script tag: the video, and totals often enough for a test. */
export const DEMO = 'data-video-id="demo" data-heartbeat-ms="2000"';

/** A playhead that stands for less is no stall to the SDK. */
const STANDS_MS = 250;

export function near(value, expected, tolerance, what) {
  assert.ok(Math.abs(value - expected) <= tolerance, `${what}: ${value} is not within ${tolerance} of ${expected}`);
}

export function stage() {
  /** The present test's recorder, context and page. */
  const at = {};
  let browser;

  before(async () => {
    browser = await launch();
  });
  after(() => browser.close());
  beforeEach(async () => {
    at.recorder = await Recorder.start();
    // A tab of its own in a context that outlives it: a browser that goes on sends what a page hands over at its end.
    at.context = await browser.newContext();
    await at.context.addInitScript(witness, `${at.recorder.origin}${GOODBYE}`);
    at.page = await at.context.newPage();
  });
  afterEach(async () => {
    await at.context.close();
    await at.recorder.stop();
    assert.deepEqual(at.recorder.refusals, []);
  });

  return {
    at,
    /** The script tag. */
    tag: (facts, file = 'playhead.js') =>
      `<script src="${at.recorder.origin}/sdk/${file}" data-key="${KEY}" ${facts}></script>`,
    /** Opens a page with this body and waits until its view is known. */
    async open(body) {
      at.recorder.pages.set('/', body);
      await at.page.goto(`${at.recorder.origin}/`);
      await at.recorder.arrival('viewinit');
    },
    /** Runs in the page, on its video. */
    video: (act, argument) => at.page.locator('video').evaluate(act, argument),
    /** Resolves when the player has come so much further, in ms of the video, by itself. */
    playFor: (ms, selector = 'video') =>
      at.page.locator(selector).evaluate(
        (media, further) =>
          new Promise((resolve) => {
            let from;
            const look = () => {
              from = media.seeking ? undefined : (from ?? media.currentTime);
              if ((media.currentTime - from) * 1_000 >= further) resolve();
              else setTimeout(look, 10);
            };
            look();
          }),
        ms,
      ),
    /** What the page has seen of its player so far; of one that has gone, `recorder.goodbye()` tells. */
    seen: () => at.page.evaluate(() => window.witness),
    /** Types in order. A stall is left out if the machine made one: if the page saw the playhead stand. */
    story({ stoodMs }) {
      if (stoodMs < STANDS_MS) return at.recorder.types().join();
      return at.recorder.types().filter((type) => !type.startsWith('rebuffer')).join();
    },
  };
}
