/**
 * How fast the pages are, measured in the browser: `make bench-pages`, or `node benches/pages/main.mjs [--only cold,frames,…] [--minutes N] [--quick]`;
 * `--minutes` is for how long the socket is listened to.
 * Prints each figure beside what was promised, and ends with 1 if one is missed.
 */

import { parseArgs } from 'node:util';
import { launch, openPage } from '../../tests/browser/browser.mjs';
import { postViews, TRUSTING_US } from '../../tests/browser/beacons.mjs';
import { eventually } from '../../tests/browser/check.mjs';
import { withServer } from '../../tests/browser/server.mjs';
import { simulate } from '../../tests/browser/simulate.mjs';
import { measureBytes } from './bytes.mjs';
import { measureCold } from './cold.mjs';
import { FRAMES_PER_S, measureFrames } from './frames.mjs';
import { measureHeap } from './heap.mjs';
import { measureInteractions } from './interaction.mjs';
import { quantile, spread } from './statistics.mjs';

const PROMISED = { firstMs: 1_000, interactionMs: 100, framesPerS: 0.99 * FRAMES_PER_S, deltaShare: 1 / 5, heapBytesPerHour: 100_000 };
const PARTS = ['cold', 'interaction', 'frames', 'heap', 'bytes'];
const LENGTHS = { full: { runs: 15, rounds: 3, seconds: 30, heapMinutes: 3, byteMinutes: 10 }, quick: { runs: 5, rounds: 1, seconds: 10, heapMinutes: 1, byteMinutes: 1 } };
/** History behind the pages, and viewers in front of them. */
const HISTORY = ['--backfill-days', '1', '--events', '40000', '--seed', '5'];
const VIEWERS = 200;
/** A CDN and a viewer of the posted views, and any of the most watched titles. */
const KNOWN = { cdn: 'own edge', viewer: 'viewer-8', title: '' };

const { values } = parseArgs({ options: { only: { type: 'string' }, minutes: { type: 'string' }, quick: { type: 'boolean', default: false } } });
const parts = values.only?.split(',') ?? PARTS;
const usual = values.quick ? LENGTHS.quick : LENGTHS.full;
const lengths = { ...usual, byteMinutes: Number(values.minutes ?? usual.byteMinutes) };
let missed = 0;

function say(what, figure, promise, kept) {
  missed += kept ? 0 : 1;
  console.log(`${kept ? 'ok    ' : 'MISSED'}  ${what}: ${figure}; promised: ${promise}`);
}

const browser = await launch();
try {
  if (parts.includes('frames')) await frames();
  if (parts.includes('heap')) await heap();
  if (parts.some((part) => ['cold', 'interaction', 'bytes'].includes(part))) await withServer(TRUSTING_US, real);
} finally {
  await browser.close();
}
process.exitCode = missed > 0 ? 1 : 0;

async function frames() {
  const seen = await measureFrames(browser, lengths);
  const figure = `${seen.framesPerS.toFixed(1)} a second of ${seen.frames}, ${seen.missed} late, 99 % within ${seen.p99Ms.toFixed(1)} ms, the longest ${seen.longestMs.toFixed(0)} ms, main thread busy ${Math.round(seen.busyShare * 100)} %`;
  say(`frames with ${seen.charts} live charts of 3,600 points`, figure, `${FRAMES_PER_S} a second`, seen.framesPerS >= PROMISED.framesPerS);
}

async function heap() {
  const seen = await measureHeap(browser, { minutes: lengths.heapMinutes });
  const megabytes = (bytes) => (bytes / 1e6).toFixed(2);
  const figure = `${(seen.bytesPerHour / 1e3).toFixed(1)} kB an hour; ${megabytes(seen.first.heap)} MB after ${seen.first.hour.toFixed(1)} h, ${megabytes(seen.last.heap)} MB after ${seen.last.hour.toFixed(1)} h (${megabytes(seen.lowest)} – ${megabytes(seen.highest)}); ${seen.nodesPerHour.toFixed(1)} DOM nodes and ${seen.listenersPerHour.toFixed(1)} listeners an hour; ${seen.draws} draws, ${Math.round(seen.speed)} times as fast`;
  say('heap over eight hours', figure, 'flat', Math.abs(seen.bytesPerHour) < PROMISED.heapBytesPerHour);
}

/** What needs the service itself, with a day behind it and viewers who come and go. */
async function real(server) {
  await postViews(server, 40);
  await simulate(server, HISTORY).done;
  await eventually(async () => (await server.api('metrics/views/overall', { 'timeframe[]': '24:hours' }).catch(() => undefined))?.data.total_views > 40, 'history is stored', 60_000);
  const seconds = String(60 * (lengths.byteMinutes + 8));
  const viewers = simulate(server, ['--viewers', String(VIEWERS), '--seconds', seconds, '--seed', '9']);
  try {
    const signedIn = await openPage(browser);
    await signedIn.goto(server.loginLink);
    await signedIn.locator('#connection[data-state=connected]').waitFor();
    const state = await signedIn.context().storageState();
    await signedIn.context().close();
    const where = { url: server.url, state };
    if (parts.includes('cold')) await cold(where);
    if (parts.includes('interaction')) await interaction(where);
    if (parts.includes('bytes')) await bytes(where);
  } finally {
    viewers.stop();
  }
}

async function cold(where) {
  const { firstMs, kilobytes } = await measureCold(browser, { ...where, runs: lengths.runs });
  const figure = `${spread(firstMs, 'ms')}, median of ${firstMs.length}; ${Math.round(kilobytes)} kB over the wire`;
  say('first number, nothing cached', figure, `${PROMISED.firstMs} ms`, quantile(firstMs, 1) < PROMISED.firstMs);
}

async function interaction(where) {
  const jobs = await measureInteractions(browser, { ...where, known: KNOWN, rounds: lengths.rounds });
  for (const { name, durations } of jobs) console.log(`        ${name}: ${durations.length === 0 ? 'all below 16 ms' : spread(durations, 'ms')}, ${durations.length} of 16 ms and more`);
  const all = jobs.flatMap(({ durations }) => durations);
  say('interactions over the main jobs', `the longest ${Math.max(0, ...all)} ms, 98 % within ${quantile(all, 0.98)} ms`, `${PROMISED.interactionMs} ms`, Math.max(0, ...all) < PROMISED.interactionMs);
}

async function bytes(where) {
  const { topics, requests, sockets } = await measureBytes(browser, { ...where, minutes: lengths.byteMinutes });
  for (const { name, deltas, deltaBytes, snapshotBytes } of topics) console.log(`        ${name}: ${deltas} deltas, ${deltaBytes} of ${snapshotBytes} bytes (${((100 * deltaBytes) / snapshotBytes).toFixed(1)} %)`);
  const sum = (part) => topics.reduce((total, topic) => total + topic[part], 0);
  const share = sum('deltaBytes') / sum('snapshotBytes');
  say(`delta bytes of whole states in ${lengths.byteMinutes} min`, `${(100 * share).toFixed(1)} % (${sum('deltaBytes')} of ${sum('snapshotBytes')} bytes)`, '20 %', share <= PROMISED.deltaShare);
  say('requests meanwhile', `${requests.length}, over ${sockets} websocket`, 'none, over one', requests.length === 0 && sockets === 1);
}
