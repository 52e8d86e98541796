/**
 * The build for a `<script>` tag: puts `playhead` on the page, and when the tag has a `data-key`, follows every
 * `<video>` there is and every one that comes.
 *
 *     <script src="https://playhead.example/sdk/playhead.js" data-key="…" data-video-id="42" async></script>
 *
 * Facts are read from the tag's `data-*` and, stronger, from each element's `data-playhead-*` attributes.
 */

import { guarded } from './core/guard';
import type { ViewData } from './core/wire';
import { monitor as monitorElement, version, type Handle, type MonitorOptions } from './index';

/** Attributes of the tag that steer the SDK; all others are facts. */
const STEERING = ['key', 'endpoint', 'prefix', 'heartbeatMs'];

// Only readable while the script runs for the first time.
const tag = document.currentScript as HTMLScriptElement | null;
const home = tag?.src ? new URL(tag.src).origin : location.origin;
const followed = new Map<HTMLVideoElement, Handle>();

/** As in the module, with the script's own origin as the default endpoint. */
export function monitor(video: HTMLVideoElement, options: MonitorOptions): Handle {
  return monitorElement(video, { endpoint: home, ...options });
}

export { version };

const start = guarded(() => {
  const attributes = tag?.dataset;
  if (!attributes?.key) return;
  const { key, endpoint = home, prefix, heartbeatMs } = attributes;
  const options: MonitorOptions = {
    key,
    endpoint,
    ...(prefix && { prefix }),
    ...(heartbeatMs && { heartbeatMs: Number(heartbeatMs) || undefined }),
  } as MonitorOptions;
  const shared = factsOf(attributes, '');

  const sync = guarded(() => {
    followed.forEach((handle, video) => {
      if (video.isConnected) return;
      handle.destroy();
      followed.delete(video);
    });
    for (const video of Array.from(document.querySelectorAll('video'))) {
      if (followed.has(video)) continue;
      followed.set(video, monitor(video, { ...options, data: { ...shared, ...factsOf(video.dataset, 'playhead') } }));
    }
  });
  sync();
  new MutationObserver(sync).observe(document, { childList: true, subtree: true });
});

/** `videoId` (from `data-video-id`) becomes `video_id`; names under `prefix` only, without it. */
function factsOf(attributes: DOMStringMap, prefix: string): ViewData {
  const facts: ViewData = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (!value || name.indexOf(prefix) !== 0 || STEERING.indexOf(name) >= 0) continue;
    const word = name.slice(prefix.length).replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    facts[word.replace(/^_/, '')] = value;
  }
  return facts;
}

start();
