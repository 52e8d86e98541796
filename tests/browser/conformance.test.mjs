/**
 * Conformance: the same playback through every way in. What Playhead says of each is held against one truth written down
 * beforehand (`conformance/truth.mjs`); what a way in cannot tell has to be declared (`conformance/ways.mjs`).
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { compare, tableOf } from './conformance/compare.mjs';
import { declared, written } from './conformance/declared.mjs';
import { play, playLost, viewOf } from './conformance/run.mjs';
import { TRUTH, TRUTH_OF_FAILURE } from './conformance/truth.mjs';
import { WAYS } from './conformance/ways.mjs';
import { media } from './media.mjs';
import { withServer } from './server.mjs';

/** So many people watch at a time, each in a browser of their own: more make two cores stutter. */
const LANES = 3;

let browsers;
before(async () => {
  [browsers] = await Promise.all([Promise.all(Array.from({ length: LANES }, () => launch())), media()]);
});
after(() => Promise.all(browsers.map((browser) => browser.close())));

test('the documentation says what is declared', () => {
  assert.equal(written(), declared(), 'run: node conformance/declared.mjs');
});

test('the same playback by every way in has the same figures', async (t) => {
  await withServer({}, async (server) => {
    const began = Date.now();
    const [played, lost] = await everyWay(server);
    const repeated = played.filter(({ attempts }) => attempts > 1).length;
    t.diagnostic(`${played.length} ways in ${Math.round((Date.now() - began) / 1_000)} s, ${repeated} of them repeated because the machine was busy`);
    const lines = played.flatMap((one) => compare(one, TRUTH));
    const failures = lost.flatMap((one) => compare(one, TRUTH_OF_FAILURE));
    for (const line of [...tableOf(lines), '', ...tableOf(failures)]) t.diagnostic(line);
    const off = [...lines, ...failures].filter(({ verdict }) => verdict === 'OFF');
    for (const { way, view } of [...played, ...lost]) if (off.some((line) => line.way === way)) t.diagnostic(storyOf(way, view));
    assert.deepEqual(off.map(({ way, figure, value, expected }) => `${way}: ${figure} is ${value}, the truth is ${expected}`), []);
  });
});

/** What happened by the events of a view, in ms since the first. */
function storyOf(way, view) {
  const [first] = view?.events ?? [];
  return `${way}: ${view?.events.map(({ name, viewer_time: at }) => `${at - first.viewer_time} ${name}`).join(', ')}`;
}

/** Both runs of every way. Waiting for nothing is no work for the machine, so that more can do it at a time. */
async function everyWay(server) {
  const lost = await inLanes(browsers.flatMap((browser) => [browser, browser]), server, playLost);
  const played = await inLanes(browsers, server, play);
  return [await Promise.all(played), await Promise.all(lost)];
}

/** One run of every way, so many at a time as there are lanes; reading the figures keeps none of them waiting. */
async function inLanes(lanes, server, run) {
  const queue = [...Object.keys(WAYS).entries()];
  const read = [];
  await Promise.all(lanes.map(async (browser) => {
    for (let job; (job = queue.shift());) {
      const [place, way] = job;
      const { videoId, instead, attempts } = await run({ browser, server }, way);
      read[place] = viewOf(server, videoId).then((view) => ({ way, view, instead, attempts }));
    }
  }));
  return read;
}
