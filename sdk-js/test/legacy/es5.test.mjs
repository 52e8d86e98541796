/**
 * The build for televisions in a realm of 2014: no fetch, no promises, none of the built-ins that came with or after
 * ES2015 but `Map` and `WeakMap`, which those devices have. It must follow a video and report it by XMLHttpRequest.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import vm from 'node:vm';

const SCRIPT = readFileSync(new URL('../../dist/playhead.es5.js', import.meta.url), 'utf8');

/** Runs inside the realm before the SDK: takes away what came later. */
const AGE = `
  ['assign', 'entries', 'values', 'fromEntries', 'getOwnPropertyDescriptors', 'is'].forEach(function (name) { delete Object[name]; });
  ['find', 'findIndex', 'includes', 'fill', 'flat', 'flatMap', 'at', 'keys', 'values', 'entries', 'copyWithin', 'findLast']
    .forEach(function (name) { delete Array.prototype[name]; });
  ['includes', 'startsWith', 'endsWith', 'repeat', 'padStart', 'padEnd', 'at', 'replaceAll', 'matchAll', 'trimStart']
    .forEach(function (name) { delete String.prototype[name]; });
  ['from', 'of'].forEach(function (name) { delete Array[name]; });
  ['isFinite', 'isInteger', 'isNaN', 'parseFloat'].forEach(function (name) { delete Number[name]; });
  ['sign', 'trunc', 'log2', 'hypot', 'clz32'].forEach(function (name) { delete Math[name]; });
  ['Promise', 'Symbol', 'Proxy', 'Reflect', 'WeakSet', 'WeakRef', 'globalThis', 'URL', 'structuredClone', 'queueMicrotask']
    .forEach(function (name) { delete this[name]; }, this);
`;

/** Listeners by type, and a way to make them hear. */
function target(own) {
  const listeners = {};
  return Object.assign(own, {
    addEventListener: (type, listener) => (listeners[type] ??= []).push(listener),
    removeEventListener: () => undefined,
    say: (type, more) => listeners[type]?.forEach((listener) => listener({ type, ...more })),
  });
}

/** A television with one video on its page. */
function television(answers) {
  const bodies = [];
  const timers = new Map();
  let clock = 1_000;
  let id = 0;
  const later = (work, ms = 0, every = 0) => (timers.set(++id, { work, due: clock + ms, every }), id);
  const video = target({
    dataset: { playheadVideoId: 'v' }, currentTime: 0, duration: 60, playbackRate: 1, paused: true, seeking: false, ended: false,
    loop: false, readyState: 4, networkState: 2, videoWidth: 640, videoHeight: 360, currentSrc: '', played: { length: 0 }, error: null,
    getAttribute: () => null,
  });
  const script = { src: 'https://collector.test/sdk/playhead.es5.js', dataset: { key: 'k' } };
  const document = target({ currentScript: script, visibilityState: 'visible', contains: () => true, querySelectorAll: () => [video] });
  class XMLHttpRequest {
    open(method, url, patient) {
      Object.assign(this, { method, url, patient });
    }
    setRequestHeader() {}
    getResponseHeader() {
      return null;
    }
    send(body) {
      const [status, text] = answers.shift() ?? [202, '{"accepted":1}'];
      Object.assign(this, { status, responseText: text });
      if (status === 202) bodies.push({ url: this.url, patient: this.patient, ...JSON.parse(body) });
      if (this.patient) later(() => this.onloadend());
    }
  }
  const realm = vm.createContext({
    document, XMLHttpRequest, navigator: {}, location: { origin: 'https://site.test', href: 'https://site.test/' },
    performance: { now: () => clock }, MutationObserver: class { observe() {} },
    setTimeout: (work, ms) => later(work, ms), setInterval: (work, ms) => later(work, ms, ms),
    clearTimeout: (timer) => timers.delete(timer), clearInterval: (timer) => timers.delete(timer),
  });
  realm.window = target(realm);
  vm.runInContext(AGE, realm);
  vm.runInContext(SCRIPT, realm);
  const live = (ms) => {
    for (const end = clock + ms; clock < end; clock += 50) {
      if (!video.paused) video.currentTime += 0.05;
      for (const [timer, { work, due, every }] of [...timers]) {
        if (due > clock) continue;
        if (every) timers.set(timer, { work, due: clock + every, every });
        else timers.delete(timer);
        work();
      }
    }
  };
  return { bodies, video, realm, live, events: () => bodies.flatMap(({ views }) => views.flatMap(({ events }) => events)) };
}

test('a video is followed from play to the end of the page', () => {
  const { bodies, video, realm, live, events } = television([]);
  live(500);
  video.paused = false;
  video.say('play');
  live(4_000);
  realm.window.say('pagehide', { persisted: false });
  assert.deepEqual(events().map(({ type }) => type), ['viewinit', 'play', 'playing', 'viewend']);
  assert.equal(events()[0].set.video_id, 'v');
  assert.equal(bodies[0].url, 'https://collector.test/in/k');
  // Without sendBeacon the page waits for its last words.
  assert.equal(bodies.at(-1).patient, false);
  const { c, seg } = events().at(-1);
  assert.ok(Math.abs(c.playing_ms - 4_000) <= 250, `playing ${c.playing_ms}`);
  assert.ok(Math.abs(seg[2] - 4_000) <= 100, `stretch ${seg}`);
});

test('what is no answer of the collector is tried again', () => {
  const { live, events } = television([[200, '<!doctype html>'], [503, ''], [0, '']]);
  live(200);
  assert.equal(events().length, 0);
  live(20_000);
  assert.deepEqual(events().map(({ type }) => type), ['viewinit']);
});
