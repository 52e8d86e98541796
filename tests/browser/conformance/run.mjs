/** Takes one way through the script, and reads what Playhead makes of it. */

import { setTimeout as sleep } from 'node:timers/promises';
import { openPage } from '../browser.mjs';
import { eventually } from '../check.mjs';
import { INGEST_KEY } from '../server.mjs';
import { Stage } from '../stage.mjs';
import { direct } from './director.mjs';
import { LEAD_MS, SCRIPT, departures, wasThisScript } from './truth.mjs';
import { WAYS, pageOf } from './ways.mjs';

/** A run that was not the script at all is done again: the machine was busy with something else. */
const ATTEMPTS = 3;
/** A run lasts 20 s; one that hangs has to be known by its name. */
const HANGS_MS = 60_000;
/** Engines read their manifest before the press; what they want of the media waits at the origin. */
const PREPARING_MS = 700;
/** Engines try again before they give up; so long those have that do not tell. */
const GIVING_UP_MS = 4_500;
/** The last beacons of a page are on their way when it has gone; a view whose figures rest this long is settled. */
const SETTLED_MS = 1_500;

/** Opens the page of a way on an origin of its own, acts, and closes the tab as a viewer does. */
async function visiting({ browser, server }, way, { videoId, lost = false }, act) {
  const { files, pages } = WAYS[way];
  const page = pageOf(way, videoId, { url: server.url, key: INGEST_KEY }, lost);
  const stage = await Stage.start({ pages: { '/': page, ...pages }, files });
  const visit = await openPage(browser, { width: 480, height: 320 });
  try {
    stage.openTo(0);
    await visit.goto(`${stage.url}/`);
    await visit.waitForFunction(() => document.title === 'ready');
    await sleep(PREPARING_MS);
    const outcome = await act(visit);
    await visit.evaluate(() => window.leave?.());
    return outcome;
  } finally {
    // The tab, not its context with it: a browser that goes on sends what a page hands over at its end.
    await visit.close();
    await stage.close();
  }
}

/** Plays the script, if need be again; answers with the video it was about, what happened `instead`, and how often it took. */
export async function play(at, way) {
  for (let attempt = 1; ; attempt++) {
    const videoId = `${way}-${attempt}`;
    const record = await visiting(at, way, { videoId }, (visit) => {
      const late = sleep(HANGS_MS, undefined, { ref: false }).then(() => Promise.reject(new Error(`${way} hangs`)));
      return Promise.race([visit.evaluate(direct, { script: SCRIPT, leadMs: LEAD_MS }), late]);
    });
    if (attempt === ATTEMPTS || wasThisScript(record)) return { videoId, instead: departures(record), attempts: attempt };
  }
}

/** Waits for a video that is not there. */
export async function playLost(at, way) {
  const videoId = `${way}-lost`;
  await visiting(at, way, { videoId, lost: true }, async (visit) => {
    await visit.evaluate(() => {
      window.press?.();
      void globalThis.video.play().catch(() => undefined);
    });
    if ('playback_failure' in WAYS[way].cannot) return sleep(GIVING_UP_MS);
    const filter = { 'timeframe[]': '24:hours', 'filters[]': `video_id:${videoId}` };
    const failed = async () => (await at.server.api('video-views', filter)).data[0]?.playback_failure;
    // What is told too late, or not at all, is told by the comparison.
    return eventually(failed, `${way} gives up`).catch(() => undefined);
  });
  return { videoId, instead: {}, attempts: 1 };
}

/** The one view of this video as the API has it, once it changes no more; nothing if there is none. */
export async function viewOf(server, videoId) {
  const list = async () => {
    const { data } = await server.api('video-views', { 'timeframe[]': '24:hours', 'filters[]': `video_id:${videoId}` });
    return data;
  };
  const found = await eventually(async () => (await list()).length > 0, `a view of ${videoId}`).catch(() => false);
  for (let before; found;) {
    const views = await list();
    if (views.length > 1) throw new Error(`${views.length} views of ${videoId}`);
    const { data } = await server.api(`video-views/${views[0].id}`);
    const now = JSON.stringify(data);
    if (now === before) return data;
    before = now;
    await sleep(SETTLED_MS);
  }
  return undefined;
}
