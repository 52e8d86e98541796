/** What an HTML media element tells about itself: source, picture, speed, and the size it is shown at. */

import { guarded } from '../core/guard';
import { look } from '../core/look';
import { learn, say } from '../core/say';
import type { View } from '../core/view';
import { isSwitch } from '../observe/rendition';
import { scalingOf } from '../observe/scale';

export function learnSource(view: View, media: HTMLVideoElement): void {
  const { duration, currentSrc } = media;
  if (duration === Infinity) learn(view, { stream_type: 'live' });
  else if (duration > 0) learn(view, { video_duration_ms: Math.round(duration * 1_000) });
  // Sources made by players in the page are `blob:` addresses and name no host.
  const host = /^https?:\/\/([^/:?#]+)/.exec(currentSrc);
  if (host) learn(view, { source_hostname: host[1]! });
  learnPicture(view, media);
}

export function learnPicture(view: View, media: HTMLVideoElement): void {
  const { videoWidth, videoHeight } = media;
  if (!videoWidth) return;
  const facts = { rendition_width: videoWidth, rendition_height: videoHeight };
  const before = view._picture;
  const switched = isSwitch(view, facts, true);
  look(view);
  learnScaling(view, media);
  if (view._picture !== before) learn(view, facts);
  if (switched) say(view, 'renditionchange');
}

export function learnRate(view: View, { playbackRate }: HTMLVideoElement): void {
  look(view);
  learn(view, { playback_rate: playbackRate });
  say(view, 'ratechange');
}

/** Through an observer: asking the element for its size would force the page to lay itself out. */
export function watchSize(view: View, media: HTMLVideoElement): ResizeObserver | undefined {
  if (typeof ResizeObserver !== 'function' || media.videoWidth === undefined) return;
  const observer = new ResizeObserver(
    guarded(([entry]: ResizeObserverEntry[]) => {
      const { width, height } = entry!.contentRect;
      look(view);
      view._width = Math.round(width);
      view._height = Math.round(height);
      learn(view, { player_width: view._width, player_height: view._height });
      learnScaling(view, media);
    }),
  );
  observer.observe(media);
  return observer;
}

function learnScaling(view: View, { videoWidth, videoHeight }: HTMLVideoElement): void {
  view._scaling = scalingOf(view._width, view._height, videoWidth, videoHeight);
}
