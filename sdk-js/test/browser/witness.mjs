/**
 * What a page saw of its player, kept by the page itself: an oracle that shares nothing with the SDK. What was seen at the
 * very end of a page is posted, since nobody can ask a page that has gone.
 */

/** Where a page that goes tells what it saw. */
export const GOODBYE = '/witness';

/**
 * Runs in each page before its scripts. `said`: the words of the player, when and where; `lateMs`: how late a busy machine
 * has made this page at most; `stoodMs`: how long the playhead of a player that plays stood still at most; `freezeMs`: the
 * longest time between two frames.
 */
export function witness(goodbye) {
  const LOOK_MS = 10;
  const seen = (window.witness = { said: [], lateMs: 0, stoodMs: 0, freezeMs: 0, frames: 0 });
  let media;
  let shownAt;
  let [looked, place, standing, isOnTheMove] = [performance.now(), 0, 0, false];
  setInterval(() => {
    const elapsed = performance.now() - looked;
    looked += elapsed;
    seen.lateMs = Math.max(seen.lateMs, elapsed - LOOK_MS);
    if (media === undefined) return;
    const moved = media.currentTime * 1_000 - place;
    place += moved;
    // Until it sets off, at the start and after a seek, it is on its way and does not stand.
    isOnTheMove = !media.paused && !media.seeking && moved >= 0 && (isOnTheMove || moved > 0);
    standing = isOnTheMove ? elapsed - moved + (moved > 0 ? 0 : standing) : 0;
    seen.stoodMs = Math.max(seen.stoodMs, standing);
  }, LOOK_MS);

  const onFrame = (now) => {
    if (seen.frames++ > 0) seen.freezeMs = Math.max(seen.freezeMs, now - shownAt);
    shownAt = now;
    media.requestVideoFrameCallback(onFrame);
  };
  const follow = (element) => {
    media = element;
    // The page is busy with itself until somebody wants to watch.
    seen.lateMs = 0;
    media.requestVideoFrameCallback?.(onFrame);
  };
  const say = (type) => seen.said.push({ type, atMs: performance.now(), placeMs: media.currentTime * 1_000 });
  for (const type of ['play', 'playing', 'pause', 'seeking', 'seeked', 'ended']) {
    const hear = ({ target }) => {
      if (media === undefined) follow(target);
      if (target === media) say(type);
    };
    addEventListener(type, hear, true);
  }
  // Away in the browser's memory a page is not late.
  addEventListener('pageshow', () => {
    looked = performance.now();
  });
  addEventListener('pagehide', () => {
    if (media === undefined) return;
    say('pagehide');
    navigator.sendBeacon(goodbye, JSON.stringify(seen));
  });
}

/** How long it played or stalled, by the clock on the wall: from each word that it plays to the next that it does not. */
export const playedMs = (seen) => between(seen, 'playing', ['play', 'pause', 'seeking', 'seeked', 'ended', 'pagehide']);

/** How long somebody waited for it or watched it. */
export const watchedMs = (seen) => between(seen, 'play', ['pause', 'ended', 'pagehide']);

function between({ said }, begin, ends) {
  let since;
  let sum = 0;
  for (const { type, atMs } of said) {
    if (type === begin) since ??= atMs;
    if (since === undefined || !ends.includes(type)) continue;
    sum += atMs - since;
    since = undefined;
  }
  return sum;
}
