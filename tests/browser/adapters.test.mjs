/** The SDK's adapters with the players they are for, as published, in a real browser: what arrives at the collector. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, openPage } from './browser.mjs';
import { eventually, near } from './check.mjs';
import { ENGINES, filesFor } from './engines.mjs';
import { DURATION_S, RENDITIONS, SEGMENT_S } from './media.mjs';
import { Stage } from './stage.mjs';
import { onVideo, playedTo } from './video.mjs';

/** No test needs half of it; an engine that gives up takes its time. */
const TIMEOUT = { timeout: 120_000 };
/** Facts travel with the next event, at the latest the next heartbeat. */
const HEARTBEAT_MS = 1_000;
const HOLD_S = 2 * SEGMENT_S;

/** What each says when a manifest, and a segment, is not there: code of the fatal error, if it ever gives up; else of the warning. */
const TOLD = {
  'hls.js': { manifest: /^manifestLoadError$/, segment: 'fragLoadError' },
  'dash.js': { manifest: /^25$/, segment: '27' },
  shaka: { manifest: /^1001$/, segment: '1001' },
  // Its own, or the element's, which VHS makes fail: whichever is told first.
  'video.js': { manifest: /^[24]$/, warning: 'http-404', latency: false },
};

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const page = ({ setUp, adapter, hasty }, src) => `<!doctype html><title>adapter</title><video autoplay muted width="320"></video>
<script src="/engine.js"></script><script src="/playhead.js"></script><script src="/adapter.js"></script>
<script>
  const video = document.querySelector('video');
  ${setUp(`/media/${src}`, hasty)}
  window.handle = playhead.monitor(video, { key: 'k', endpoint: location.origin, heartbeatMs: ${HEARTBEAT_MS} });
  // What the adapter hears, by the engine's own methods.
  window.original = engine.load;
  window.ears = [];
  for (const [on, off] of [['on', 'off'], ['addEventListener', 'removeEventListener']]) {
    const [add, remove] = [engine[on], engine[off]];
    if (!add) continue;
    engine[on] = (type, ear, ...more) => (ears.push([type, ear]), add.call(engine, type, ear, ...more));
    engine[off] = (type, ear, ...more) => {
      ears = ears.filter(([t, e]) => t !== type || e !== ear);
      return remove.call(engine, type, ear, ...more);
    };
    window.detach = playhead.${adapter}(handle, engine);
    engine[on] = add;
    break;
  }
  // Loaded once it is wanted: an error that nobody waits for would be nobody's.
  video.addEventListener('play', () => load(), { once: true });
  void video.play().catch(() => undefined);
</script>`;

/** Opens a page that plays `src` with this engine, and closes everything in the end. */
async function withPlayer(engine, src, prepare, act) {
  const stage = await Stage.start({ pages: { '/': page(engine, src) }, files: filesFor(engine) });
  prepare(stage);
  const visit = await openPage(browser);
  try {
    await visit.goto(`${stage.url}/`);
    await pressPlay(visit);
    await act(visit, stage);
  } finally {
    await visit.context().close();
    await stage.close();
  }
}

const pressPlay = (visit) => onVideo(visit, (video) => void video.play().catch(() => undefined));

const errors = (stage) => stage.events().flatMap(({ error }) => error ?? []);
const fatal = (stage) => errors(stage).filter(({ severity }) => severity === 'fatal').map(({ code }) => code);

/** The moment in the video from which this rendition is on screen. */
const shownFrom = (visit, { height }) =>
  onVideo(visit, (video, wanted) => new Promise((resolve) => {
    const look = () => (video.videoHeight === wanted ? resolve(video.currentTime) : requestAnimationFrame(look));
    look();
  }), height);

describe('adapters', { concurrency: 3 }, () => {
  for (const [name, engine] of Object.entries(ENGINES)) {
    const expected = TOLD[name];
    const [small, large] = RENDITIONS;

    test(`${name}: who plays, what from where, and which rendition is on screen`, TIMEOUT, async () => {
      const prepare = (stage) => {
        stage.headers = { 'X-CDN': 'north' };
        // No more than this comes in the rendition it begins with.
        stage.openTo(HOLD_S);
      };
      await withPlayer(engine, engine.manifest, prepare, async (visit, stage) => {
        await playedTo(visit, 1);
        await visit.evaluate(() => window.choose(1));
        stage.openTo(Infinity);
        const shown = await shownFrom(visit, large);
        await playedTo(visit, shown + 2 * HEARTBEAT_MS / 1_000);
        const facts = stage.facts();
        assert.deepEqual([facts.player_software, facts.player_software_version], [name, engine.version]);
        assert.deepEqual([facts.stream_type, facts.source_hostname, facts.cdn], ['on-demand', 'localhost', 'north']);
        const told = stage.events().filter(({ set }) => set?.rendition_bitrate);
        assert.deepEqual(told.map(({ set }) => set.rendition_bitrate), [small.bitrate, large.bitrate]);
        near(told[1].playhead_ms, shown * 1_000, HEARTBEAT_MS + 500, 'told when it was on screen');
        assert.deepEqual(
          [facts.rendition_width, facts.rendition_height, facts.rendition_fps, facts.rendition_codec],
          [large.width, large.height, large.fps, large.codec],
        );
        assert.deepEqual(errors(stage), []);
        assert.deepEqual(visit.complaints, []);
      });
    });

    test(`${name}: a manifest that is not there is one fatal error`, TIMEOUT, () =>
      withPlayer(engine, `none-${engine.manifest}`, () => undefined, async (visit, stage) => {
        await eventually(() => fatal(stage).length > 0, 'a fatal error');
        await visit.waitForTimeout(HEARTBEAT_MS);
        assert.equal(fatal(stage).length, 1, JSON.stringify(errors(stage)));
        assert.match(fatal(stage)[0], expected.manifest);
        assert.ok(errors(stage).some(({ message }) => message.includes('none-')), 'it says what is not there');
      }));

    test(`${name}: a segment that is not there is ${expected.segment ? 'one fatal error' : 'a warning, since it never gives up'}`, TIMEOUT, () =>
      withPlayer(engine, engine.manifest, (stage) => (stage.missingFrom = HOLD_S), async (visit, stage) => {
        const found = () => (expected.segment ? fatal(stage).length > 0 : errors(stage).length > 0);
        await eventually(found, 'an error');
        await visit.waitForTimeout(HEARTBEAT_MS);
        assert.deepEqual(fatal(stage), expected.segment ? [expected.segment] : []);
        for (const { code, message } of errors(stage)) {
          assert.equal(code, expected.segment ?? expected.warning);
          assert.match(message, /part-/);
        }
      }));

    test(`${name}: live${expected.latency === false ? '' : ', and how far behind'}`, TIMEOUT, () =>
      withPlayer(engine, `live-${engine.manifest}`, () => undefined, async (visit, stage) => {
        await eventually(() => stage.facts().stream_type === 'live', 'that it is live');
        if (expected.latency === false) return;
        const { live_latency_ms: behind } = await eventually(() => stage.facts().live_latency_ms && stage.facts(), 'the latency');
        // The playlist grows older while the test looks on.
        assert.ok(behind > 0 && behind < 2 * DURATION_S * 1_000, `${behind} ms behind`);
      }));

    test(`${name}: nonsense from the engine reaches nobody, and nothing is left after detaching`, TIMEOUT, () =>
      withPlayer(engine, engine.manifest, () => undefined, async (visit, stage) => {
        await playedTo(visit, 1);
        const left = await visit.evaluate(() => {
          for (const [type, ear] of window.ears) if (!/destroy|dispose/i.test(type)) for (const said of [undefined, null, {}, 7]) ear(said, said);
          window.before = window.ears.length;
          window.detach();
          return { ears: window.ears.length, restored: window.engine.load === window.original };
        });
        assert.ok((await visit.evaluate(() => window.before)) > 2);
        assert.deepEqual(left, { ears: 0, restored: true });
        assert.deepEqual(visit.complaints, []);
        assert.deepEqual(fatal(stage), []);
      }));
  }
});
