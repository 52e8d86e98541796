/** A person watches the demo, another the dashboard: the whole path, through the embedded log. */

import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { withServer } from './server.mjs';
import { checkApi, checkLive, checkOwnPanel, checkVideoPage, openDashboard, watch } from './watching.mjs';

// Two people, two browsers: in one, the window opened last would have the keyboard.
let viewer;
let operator;
before(async () => {
  [viewer, operator] = await Promise.all([launch(), launch()]);
});
after(() => Promise.all([viewer.close(), operator.close()]));

test('played, paused, gone back and rewatched: live as it happens, and right afterwards', async (t) => {
  const stopMs = await withServer({}, async (server) => {
    const dashboard = await openDashboard(operator, server);
    const mark = dashboard.requests.length;
    const truth = await watch(viewer, server, dashboard);
    await checkLive(dashboard, truth, mark);
    checkOwnPanel(truth);
    const view = await checkApi(server, truth);
    await checkVideoPage(dashboard);
    await dashboard.context().close();
    t.diagnostic(`startup ${view.video_startup_ms} ms, by the page ${truth.own.startupMs.toFixed()} ms`);
    t.diagnostic(`ranges ${JSON.stringify(view.ranges)}, by the page ${JSON.stringify(truth.ranges.map((r) => r.map(Math.round)))}`);
    t.diagnostic(`playing ${view.playing_ms} ms, watching ${view.watch_ms} ms of ${truth.lastedMs}, ${truth.restMs} at rest`);
    t.diagnostic(`pause on the dashboard after ${truth.freshMs} ms; panel: ${truth.own.summary}`);
  });
  t.diagnostic(`stopped after ${stopMs} ms`);
});
