/** Runs one way through the script, and reads what Playhead makes of it. */

import { setTimeout as sleep } from 'node:timers/promises';
import { openPage } from '../browser.mjs';
import { eventually } from '../check.mjs';
import { INGEST_KEY } from '../server.mjs';
import { Stage } from '../stage.mjs';
import { direct } from './director.mjs';
import { LEAD_MS, SCRIPT } from './truth.mjs';
import { WAYS, pageOf } from './ways.mjs';

/** The last beacons of a page are on their way when it has gone; a view whose figures rest this long is settled. */
const SETTLED_MS = 1_500;
/** Engines try again before they give up. */
const GIVEN_UP_MS = 6_000;

async function withVisit(browser, server, way, options, act) {
  const { files, pages } = WAYS[way];
  const collector = { url: server.url, key: INGEST_KEY };
  const stage = await Stage.start({ pages: { '/': pageOf(way, collector, options), ...pages }, files });
  const visit = await openPage(browser, { width: 480, height: 320 });
  try {
    stage.openTo(0);
    await visit.goto(`${stage.url}/`);
    await visit.waitForFunction(() => document.title === 'ready');
    // Engines read their manifest; what they want of the media waits at the origin.
    await sleep(700);
    const outcome = await act(visit);
    await visit.close();
    return outcome;
  } finally {
    await visit.context().close();
    await stage.close();
  }
}

/** Plays the script; returns what the page itself saw. */
export const play = (browser, server, way) =>
  withVisit(browser, server, way, {}, async (visit) => {
    const record = await visit.evaluate(direct, { script: SCRIPT, leadMs: LEAD_MS });
    await leave(visit);
    return record;
  });

/** Presses play where there is nothing to play. */
export const playLost = (browser, server, way) =>
  withVisit(browser, server, way, { lost: true }, async (visit) => {
    await visit.evaluate(() => void globalThis.video.play().catch(() => undefined));
    await sleep(GIVEN_UP_MS);
    await leave(visit);
  });

async function leave(visit) {
  await visit.evaluate(() => window.leave?.());
  await sleep(300);
}

/** The view of this way as the API has it, once it changes no more. */
export async function viewOf(server, videoId) {
  const find = async () => {
    const { data } = await server.api('video-views', { 'timeframe[]': '24:hours', 'filters[]': `video_id:${videoId}` });
    return data.length > 0 && data;
  };
  const found = await eventually(find, `a view of ${videoId}`).catch(() => []);
  if (found.length === 0) return undefined;
  for (let before; ;) {
    const { data } = await server.api(`video-views/${found[0].id}`);
    const now = JSON.stringify(data);
    if (now === before) return { ...data, views: found.length };
    before = now;
    await sleep(SETTLED_MS);
  }
}
