/** A person watches the demo, another the dashboard: the whole path, once through each host of the log. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch } from './browser.mjs';
import { Broker } from './kafka.mjs';
import { withServer } from './server.mjs';
import { checkApi, checkLive, checkOwnPanel, checkVideoPage, openDashboard, watch } from './watching.mjs';

// Two people, two browsers: as on their own machines, neither is throttled because the other is in front.
let viewer;
let operator;
before(async () => {
  [viewer, operator] = await Promise.all([launch(), launch()]);
});
after(() => Promise.all([viewer.close(), operator.close()]));

test('played, paused, gone back and rewatched: live as it happens, and right afterwards', async (t) => {
  const stopMs = await withServer({}, (server) => wholePath(t, server));
  t.diagnostic(`stopped after ${stopMs} ms`);
});

test('the same through Kafka: what was acknowledged is in the topic, and the log of this machine is not used', async (t) => {
  const broker = await Broker.start();
  try {
    const stopMs = await withServer({ PLAYHEAD_KAFKA_BROKERS: broker.brokers }, async (server) => {
      assert.equal(await broker.written(TOPIC), 0);
      const beacons = await wholePath(t, server);
      const records = await broker.written(TOPIC);
      t.diagnostic(`${beacons} beacons sent, ${records} records in the topic`);
      assert.ok(records >= beacons, 'each beacon is about one view and makes one record');
      assert.equal(existsSync(join(server.dataDir, 'log')), false);
    });
    t.diagnostic(`stopped after ${stopMs} ms`);
  } finally {
    await broker.stop();
  }
});

/** The default of `PLAYHEAD_KAFKA_TOPIC`. */
const TOPIC = 'playhead';

/** Returns how many beacons the player sent. */
async function wholePath(t, server) {
  const dashboard = await openDashboard(operator, server);
  const mark = dashboard.requests.length;
  const truth = await watch(viewer, server, dashboard);
  await checkLive(dashboard, truth, mark);
  checkOwnPanel(truth);
  const view = await checkApi(server, truth);
  await checkVideoPage(dashboard);
  await dashboard.context().close();
  const rounded = truth.ranges.map((range) => range.map(Math.round));
  const { playing, shown } = truth.waited;
  t.diagnostic(`startup ${view.video_startup_ms} ms; by the page playing after ${playing.toFixed()} ms, shown after ${shown.toFixed()} ms`);
  t.diagnostic(`ranges ${JSON.stringify(view.ranges)}, by the page ${JSON.stringify(rounded)}`);
  t.diagnostic(`playing ${view.playing_ms} ms, watching ${view.watch_ms} ms of ${truth.lastedMs}, ${truth.restMs} at rest`);
  t.diagnostic(`the pause was on the dashboard after ${truth.freshMs} ms; panel: ${truth.own.summary}`);
  return truth.beacons;
}
