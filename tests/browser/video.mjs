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
 * frame. On a busy machine they are tens of milliseconds apart.
 */
export async function measureStartup(page, selector) {
  await onVideo(page, (video, button) => {
    document.querySelector(button).addEventListener('click', () => {
      const pressed = performance.now();
      window.startup = {};
      video.addEventListener('playing', () => {
        window.startup.playing = performance.now() - pressed;
      }, { once: true });
      video.requestVideoFrameCallback(() => {
        window.startup.shown = performance.now() - pressed;
      });
    }, { capture: true, once: true });
  }, selector);
  return { read: () => page.evaluate(() => window.startup) };
}

/** Plays of each second by these ranges in ms: a stretch plays every second it touches. */
export function playsBySecond(ranges, seconds) {
  return Array.from({ length: seconds }, (_, second) =>
    ranges.filter(([from, to]) => from < (second + 1) * 1_000 && to > second * 1_000).length);
}
