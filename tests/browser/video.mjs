/**
 * A `<video>` handled as a viewer handles it, and measured by the page itself: the oracle. It shares nothing with any
 * SDK; it goes by frames the browser has shown and by where the element says it is.
 */

/** Runs in the page, on its one video. */
export const onVideo = (page, act, argument) => page.locator('video').evaluate(act, argument);

/** Where the playhead is, in ms. */
export const position = (page) => onVideo(page, (video) => video.currentTime * 1_000);

/** Resolves when playback has come this far. */
export const playedTo = (page, seconds) =>
  onVideo(page, (video, target) => new Promise((resolve) => {
    const look = () => (video.currentTime >= target ? resolve() : requestAnimationFrame(look));
    look();
  }), seconds);

/**
 * Watches for the first press on `selector`. `read()` gives the two moments, in ms after the press, between which the
 * wait ended: `playing`, when the element said that it plays, and `shown`, when the browser had put up the first new
 * frame. On a busy machine they are tens of milliseconds apart. `heard` is the first of them after the element said that
 * it was asked to play, from when on others can measure.
 */
export async function measureStartup(page, selector) {
  await onVideo(page, (video, button) => {
    document.querySelector(button).addEventListener('click', () => {
      const pressed = performance.now();
      window.startup = {};
      video.addEventListener('play', () => {
        window.startup.asked = performance.now() - pressed;
      }, { once: true });
      video.addEventListener('playing', () => {
        window.startup.playing = performance.now() - pressed;
      }, { once: true });
      video.requestVideoFrameCallback(() => {
        window.startup.shown = performance.now() - pressed;
      });
    }, { capture: true, once: true });
  }, selector);
  return {
    read: () => page.evaluate(() => {
      const { asked, playing, shown } = window.startup;
      return { playing, shown, heard: playing - asked };
    }),
  };
}

/** How late a busy machine has made the page at most, since play was first asked for: by so much it may be wrong, and what it plays. */
export const lateness = (page) => page.evaluate(() => window.lateMs);

/** Runs in each page before its scripts, for `lateness`. It looks from the first play on: pages without a player are left alone. */
export function watchLateness() {
  const LOOK_MS = 10;
  let looked;
  window.lateMs = 0;
  const restart = () => { looked = performance.now(); };
  const look = () => {
    const elapsed = performance.now() - looked;
    looked += elapsed;
    window.lateMs = Math.max(window.lateMs, elapsed - LOOK_MS);
  };
  addEventListener('play', () => {
    restart();
    setInterval(look, LOOK_MS);
  }, { capture: true, once: true });
  // Away in the browser's memory a page is not late.
  addEventListener('pageshow', restart);
}

/**
 * Closes the tab, as a viewer does, and tells of its last moment: where the playhead was (`placeMs`) and when that was
 * (`atMs`). The tab, not its context with it: a browser that goes on sends what a page hands over at its end.
 */
export async function leave(page, selector = 'video') {
  await page.locator(selector).evaluate((video) => {
    const tell = () => localStorage.setItem('left', JSON.stringify({ placeMs: video.currentTime * 1_000, atMs: Date.now() }));
    addEventListener('pagehide', tell);
  });
  await page.close();
  const { origins } = await page.context().storageState();
  const left = origins.flatMap(({ localStorage: kept }) => kept).find(({ name }) => name === 'left');
  return JSON.parse(left.value);
}

/** Plays of each second by these ranges in ms: a stretch plays every second it touches. */
export function playsBySecond(ranges, seconds) {
  return Array.from({ length: seconds }, (_, second) =>
    ranges.filter(([from, to]) => from < (second + 1) * 1_000 && to > second * 1_000).length);
}
