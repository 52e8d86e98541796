/** Follows an HTML media element: its events, and a timer while somebody wants the picture to move. */

import { guarded } from '../core/guard';
import { look, LOOK_MS } from '../core/look';
import { emptied, ended, paused, tick } from '../core/playback';
import { seekBegan, seekEnded } from '../core/seek';
import { joined, loaded, loading, requested, settleAutoplay } from '../core/startup';
import { isActive, Phase, type View } from '../core/view';
import { describe, report } from '../observe/error';
import { learnPicture, learnRate, learnSource, watchSize } from './facts';

// Named here, since the constants are not reachable before a browser is there (server-side rendering).
const HAVE_FUTURE_DATA = 3;
const NETWORK_NO_SOURCE = 3;
/** What has played already may be on its way out: Video.js changes the source some turns after it was told. */
const CHANGE_MS = 50;

/** What each of the element's events means. */
const HANDLERS: Record<string, (view: View, media: HTMLVideoElement) => void> = {
  loadstart: (view, media) => {
    // What went wrong with an earlier source is over. A player may hear of its failure before the element of its source.
    if (media.src !== view._withheldOf) view._withheld = undefined;
    noticeLoading(view, media);
    if (view._withheld) settleAutoplay(view);
  },
  loadedmetadata: learnSource,
  canplaythrough: loaded,
  play: noticePlay,
  playing: (view, media) => (isActive(view) ? look(view) : noticePlay(view, media)),
  timeupdate: look,
  pause: paused,
  seeking: seekBegan,
  seeked: seekEnded,
  ended,
  emptied,
  resize: learnPicture,
  ratechange: learnRate,
  error: noticeError,
};
const EVENTS = Object.keys(HANDLERS);

/** Follows `media` for one view; returns how to let go of it. An `<audio>` is a `<video>` without a picture. */
export function follow(element: HTMLMediaElement, view: View): () => void {
  const media = element as HTMLVideoElement;
  let ticker: ReturnType<typeof setInterval> | undefined;
  let following = true;

  /** The timer runs only while somebody wants the picture to move. */
  const keepTicking = (): void => {
    if (following && isActive(view)) ticker = ticker || setInterval(onTick, LOOK_MS);
    else ticker = clearInterval(ticker) as undefined;
  };
  const onTick = guarded(() => {
    tick(view);
    noticeFailedStart(view, media);
    keepTicking();
  });
  const onEvent = guarded(({ type }: { type: string }) => {
    HANDLERS[type]!(view, media);
    keepTicking();
  });

  for (const type of EVENTS) media.addEventListener(type, onEvent);
  // Asked to play, an element that has failed already says nothing.
  const { play } = media as { play: (...asked: unknown[]) => Promise<void> };
  const overheard = (media.play = (...asked: unknown[]) => {
    if (media.error) onEvent({ type: 'play' });
    return play.apply(media, asked);
  });
  const observer = watchSize(view, media);
  // After the page's own turn: it may be about to change the source, and the old one is not this view's business.
  setTimeout(
    guarded(() => {
      if (following) catchUp(view, media);
      keepTicking();
    }),
    media.played.length && CHANGE_MS,
  );

  return () => {
    following = false;
    for (const type of EVENTS) media.removeEventListener(type, onEvent);
    if (media.play === overheard) media.play = play;
    if (observer) observer.disconnect();
    keepTicking();
  };
}

/** What the element has been doing before it was followed. */
function catchUp(view: View, media: HTMLVideoElement): void {
  learnSource(view, media);
  noticeLoading(view, media);
  if (view._phase || media.paused || media.ended) return;
  if (media.played.length && media.readyState >= HAVE_FUTURE_DATA) joined(view);
  else requested(view);
}

function noticePlay(view: View, media: HTMLVideoElement): void {
  // A broken element still says `play` when asked; it has been reported already.
  if (!media.error || view._phase !== Phase.Resting) requested(view);
}

function noticeLoading(view: View, media: HTMLVideoElement): void {
  // With all data there it would play if it might, and what has played was stopped by somebody: nobody waits for either.
  const undecided = media.readyState <= HAVE_FUTURE_DATA && !media.played.length;
  // Neither empty nor without a source.
  if (media.autoplay && media.paused && undecided && media.networkState % NETWORK_NO_SOURCE) loading(view);
}

/**
 * An element that ran out of `<source>`s says nothing itself, and one that broke before it was followed says it no
 * more. Only looked for at a tick: "no source" is also the state of an element about to choose one.
 */
function noticeFailedStart(view: View, { error, networkState }: HTMLVideoElement): void {
  if (view._phase === Phase.Starting && (error || networkState === NETWORK_NO_SOURCE)) report(view, describe(error));
}

function noticeError(view: View, media: HTMLVideoElement): void {
  // Emptying `src` is how pages let go of a video; the complaint about it concerns nobody.
  if (media.getAttribute('src') !== '') report(view, describe(media.error));
}
