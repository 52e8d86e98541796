/** The SDK among other people's things: policies, old builds, modules, networks that come and go. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { KEY } from './recorder.mjs';
import { DEMO, near, stage } from './stage.mjs';
import { playedMs } from './witness.mjs';

const { at, open, playFor, seen, story, tag, video } = stage();

test('under a policy that allows a script, a connection and a video, and nothing else', async () => {
  const { origin } = at.recorder;
  at.recorder.policy = `default-src 'none'; script-src ${origin}; connect-src ${origin}; media-src ${origin}; require-trusted-types-for 'script'`;
  const complaints = [];
  at.page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await open(`<video src="/demo.mp4" autoplay muted></video>${tag(DEMO)}`);
  await at.recorder.arrival('playing');
  await at.page.close();
  await at.recorder.arrival('viewend');
  assert.deepEqual(complaints.filter((text) => !text.includes('favicon')), []);
});

test('an audio element is followed by the tag', async () => {
  await open(`<audio src="/demo.mp4" preload="auto"></audio>${tag(DEMO)}`);
  await at.page.locator('audio').evaluate((audio) => audio.play());
  await playFor(2_000, 'audio');
  await at.page.locator('audio').evaluate((audio) => audio.pause());
  const { c } = await at.recorder.arrival('pause');
  const truth = await seen();
  assert.equal(story(truth), 'viewinit,play,playing,pause');
  near(c.playing_ms + c.rebuffer_ms, playedMs(truth), 250 + truth.lateMs, 'playing');
  assert.equal(c.upscale_ms + c.downscale_ms, 0);
  assert.ok(!JSON.stringify(at.recorder.posts.map(({ body }) => body)).includes('rendition_'));
});

test('a player that is a component of its own is followed by the tag from its first play on', async () => {
  // As the elements do that hls.js and dash.js come in: the video within, its events said by the component.
  const component = `customElements.define('clip-player', class extends HTMLElement {
    connectedCallback() {
      this.attachShadow({ mode: 'open' }).innerHTML = '<video src="/demo.mp4" preload="auto" muted></video>';
      this.video = this.shadowRoot.firstChild;
      for (const type of ['play', 'pause']) this.video.addEventListener(type, () => this.dispatchEvent(new CustomEvent(type)));
    }
  })`;
  at.recorder.pages.set('/', `<clip-player data-playhead-video-id="within"></clip-player><script>${component}</script>${tag(DEMO)}`);
  await at.page.goto(`${at.recorder.origin}/`);
  const passed = await at.page.locator('clip-player').evaluate(async ({ video }) => {
    await video.play();
    const from = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    video.pause();
    const ms = performance.now() - from;
    await video.play();
    return ms;
  });
  const { c } = await at.recorder.arrival('pause');
  near(c.playing_ms, passed, 250 + (await seen()).lateMs, 'playing');
  await at.page.locator('clip-player').evaluate((player) => player.remove());
  await at.recorder.arrival('viewend');
  const views = at.recorder.posts.flatMap(({ body }) => body.views);
  const told = JSON.stringify(views).match(/"video_id":"\w+"/g);
  assert.deepEqual([...new Set(told)], ['"video_id":"within"']);
  assert.equal(new Set(views.map(({ id }) => id)).size, 1, 'followed once');
});

test('the build for televisions tells the same story', async () => {
  await open(`<video src="/demo.mp4" preload="auto"></video>${tag(DEMO, 'playhead.es5.js')}`);
  await video((element) => element.play());
  await playFor(1_500);
  await video((element) => void (element.currentTime = 20));
  await playFor(1_500);
  await at.page.close();
  const [{ c }, truth] = [await at.recorder.arrival('viewend'), await at.recorder.goodbye()];
  assert.equal(story(truth), 'viewinit,play,playing,seeking,seeked,playing,viewend');
  assert.equal(at.recorder.stretches().length, 2);
  near(c.playing_ms + c.rebuffer_ms, playedMs(truth), 250 + truth.lateMs, 'playing');
  assert.match(at.recorder.posts[0].headers['content-type'], /^text\/plain/);
});

test('the module: facts, an event of the site with its place, an error in the site\'s words', async () => {
  at.recorder.pages.set('/module', '<video src="/demo.mp4" muted></video>');
  await at.page.goto(`${at.recorder.origin}/module`);
  const place = await at.page.evaluate(async (key) => {
    const { monitor } = await import('/sdk/playhead.mjs');
    const media = document.querySelector('video');
    const handle = monitor(media, {
      key,
      data: { video_id: 'module' },
      translateError: (error) => (error.code === 'none' ? null : { ...error, code: `site-${error.code}` }),
    });
    await media.play();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const seconds = media.currentTime;
    handle.custom('chapter', { title: 'Ebb' });
    handle.error({ code: 'none' });
    handle.error({ code: 'geo', message: 'not here', severity: 'business' });
    return seconds * 1_000;
  }, KEY);
  const { error } = await at.recorder.arrival('error');
  assert.deepEqual(error, { code: 'site-geo', message: 'not here', severity: 'business' });
  const custom = await at.recorder.arrival('custom');
  near(custom.playhead_ms, place, 50, 'playhead of the custom event');
  assert.deepEqual([custom.name, custom.data], ['chapter', { title: 'Ebb' }]);
  assert.equal(at.recorder.types().filter((type) => type === 'error').length, 1);
});

test('offline for a while: nothing is lost', async () => {
  await open(`<video src="/demo.mp4" preload="auto"></video>${tag(DEMO)}`);
  await video((element) => new Promise((resolve) => element.readyState === 4 ? resolve() : element.addEventListener('canplaythrough', resolve)));
  await at.context.setOffline(true);
  await video((element) => element.play());
  await sleep(1_000);
  await video((element) => element.pause());
  await sleep(500);
  assert.deepEqual(at.recorder.types(), ['viewinit']);
  await at.context.setOffline(false);
  await at.recorder.arrival('pause');
  const seqs = at.recorder.events().map(({ seq }) => seq);
  assert.deepEqual(seqs, seqs.map((_, index) => index + 1));
});

test('behind a captive portal: its page is no acknowledgement', async () => {
  at.recorder.portals = 2;
  await open(`<video src="/demo.mp4" autoplay muted></video>${tag(DEMO)}`);
  await at.recorder.arrival('playing');
  const [{ body }] = at.recorder.posts;
  assert.equal(body.views[0].events[0].type, 'viewinit');
});
