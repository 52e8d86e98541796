/** What happens to a view besides moving, seeking and starting: pauses, ends, errors, heartbeats, and its own end. */

import { enter } from './account';
import { now } from './clock';
import { alive, look, LOOK_MS } from './look';
import { say } from './say';
import { settleAutoplay } from './startup';
import { closeStretch } from './stretch';
import { here, isActive, Phase, type View } from './view';
import type { ErrorReport } from './wire';

/** A regular look, with the heartbeat when it is due. */
export function tick(view: View): void {
  look(view);
  if (now() - view._beatAt >= view._beatEvery()) beat(view);
}

/** Tells the totals now, if playback is wanted: the page may not get another chance. */
export function beat(view: View): void {
  look(view);
  if (settleAutoplay(view) || !isActive(view)) return;
  const searching = view._phase === Phase.Seeking && view._media.paused;
  // A page that goes says so in two events, milliseconds apart; the second has nothing to add.
  if (!searching && now() - view._beatAt >= LOOK_MS) say(view, 'heartbeat');
}

/** The page was frozen until now: what passed meanwhile is nobody's time. */
export function woke(view: View): void {
  view._last = here(view);
  alive(view, view._last._at);
}

export function paused(view: View): void {
  // The end pauses the element too; `ended` speaks for both.
  if (view._media.ended) return;
  look(view);
  if (view._phase <= Phase.Resting) return;
  if (!view._media.seeking) halt(view);
  say(view, 'pause');
}

export function ended(view: View): void {
  if (!view._phase) return;
  look(view);
  halt(view);
  closeStretch(view);
  view._atEnd = true;
  say(view, 'ended');
}

/** Fatal errors stop playback. Nobody suffers from one before playback is wanted; with `autoplay` somebody waits. */
export function failed(view: View, error: ErrorReport): void {
  const fatal = error.severity === 'fatal';
  look(view);
  view._withheld = undefined;
  if (!view._phase && fatal) {
    view._withheld = error;
    view._withheldOf = view._media.error || view._media.src;
    settleAutoplay(view);
    return;
  }
  if (fatal) {
    // An engine that gives up leaves the picture what is loaded, and the page may yet talk it into going on.
    const { error: broken, buffered } = view._media;
    const { length: loaded } = buffered;
    // And a second more, which may be on its way into the buffer.
    if (loaded) view._playsOutAt = (buffered.end(loaded - 1) + 1) * 1_000;
    if (broken || view._phase !== Phase.Playing) halt(view);
  }
  say(view, 'error', undefined, undefined, { error });
}

/** The element was given another source (or none) and forgot where it was. */
export function emptied(view: View): void {
  const { _phase: phase, _last: last } = view;
  view._last = here(view);
  view._moving = false;
  view._playsOutAt = 0;
  if (!phase || phase === Phase.Starting) return;
  if (phase !== Phase.Resting) {
    halt(view);
    say(view, 'pause', last._position);
  }
  closeStretch(view);
}

/** The view is over. */
export function end(view: View): void {
  look(view);
  settleAutoplay(view);
  // A page that plays the next video at the end of this one may hear of that end before we do.
  if (view._media.ended && !view._atEnd) ended(view);
  halt(view);
  say(view, 'viewend');
}

/** Playback stops for whatever reason; an open stall ends with it. */
function halt(view: View): void {
  const { _phase: phase } = view;
  if (phase) enter(view, Phase.Resting, now());
  if (phase === Phase.Stalled) say(view, 'rebufferend');
}
