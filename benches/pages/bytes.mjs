/** What comes over the live page's socket, beside sending each topic's whole state as often; and whether anything is asked meanwhile. */

import { setTimeout as sleep } from 'node:timers/promises';
import { openPage } from '../../tests/browser/browser.mjs';

export async function measureBytes(browser, { url, state, minutes }) {
  const page = await openPage(browser, { state });
  const topics = new Map();
  page.on('websocket', (socket) => {
    socket.on('framesent', ({ payload }) => subscribed(topics, JSON.parse(payload)));
    socket.on('framereceived', ({ payload }) => received(topics, String(payload)));
  });
  await page.goto(url);
  await page.locator('#connection[data-state=connected]').waitFor();
  const asked = page.requests.length;
  for (const topic of topics.values()) Object.assign(topic, { deltas: 0, deltaBytes: 0, snapshotBytes: 0 });
  await sleep(minutes * 60_000);
  const requests = page.requests.slice(asked);
  await page.context().close();
  return { topics: [...topics.values()], requests, sockets: page.sockets.length };
}

function subscribed(topics, frame) {
  if (frame.type === 'subscribe') topics.set(frame.id, { name: frame.topic, deltas: 0, deltaBytes: 0, snapshotBytes: 0, state: {} });
}

function received(topics, text) {
  const frame = JSON.parse(text);
  const topic = topics.get(frame.id);
  if (frame.type === 'snapshot') topic.state = frame.state;
  if (frame.type !== 'delta') return;
  merge(topic.state, frame.changes);
  topic.deltas += 1;
  topic.deltaBytes += Buffer.byteLength(text);
  topic.snapshotBytes += Buffer.byteLength(JSON.stringify({ ...frame, type: 'snapshot', changes: undefined, state: topic.state }));
}

/** RFC 7396, in place. */
function merge(target, patch) {
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete target[key];
    else if (typeof value === 'object' && !Array.isArray(value)) merge(target[key] ??= {}, value);
    else target[key] = value;
  }
}
