/**
 * The build for a `<script>` tag: puts `playhead` on the page, and when the tag has a `data-key`, follows every
 * `<video>` and `<audio>` there is and every one that comes.
 *
 *     <script src="https://playhead.example/sdk/playhead.js" data-key="…" data-video-id="42" async></script>
 *
 * Facts are read from the tag's `data-*` and, stronger, from each element's `data-playhead-*` attributes.
 */

import { guarded } from './core/guard';
import type { ViewData } from './core/wire';
import { monitor as monitorElement, version, type Handle, type MonitorOptions } from './index';

/** Attributes of the tag that steer the SDK; all others are facts. */
const STEERING = /^(key|endpoint|prefix|heartbeatMs|sampleRate)$/;

// Only readable while the script runs for the first time.
const tag = document.currentScript as HTMLScriptElement | null;
const home = ((tag && tag.src) || location.href).split('/', 3).join('/');
const followed = new Map<HTMLMediaElement, Handle>();

/** As in the module, with the script's own origin as the default endpoint. */
const monitor = (media: HTMLMediaElement, options: MonitorOptions): Handle =>
  monitorElement(media, Object.assign({ endpoint: home }, options));

(window as { playhead?: unknown }).playhead = { monitor, version };

const sync = guarded(({ dataset }: HTMLScriptElement) => {
  followed.forEach((handle, media) => {
    // In a shadow tree, or in a window of its own, it is still there; old televisions know neither.
    if (media.isConnected || document.contains(media)) return;
    handle.destroy();
    followed.delete(media);
  });
  const options: Record<string, unknown> = {};
  for (const name of Object.keys(dataset)) {
    const value = dataset[name];
    if (STEERING.test(name) && value) options[name] = value;
  }
  for (const media of document.querySelectorAll<HTMLMediaElement>('video,audio')) {
    if (followed.has(media)) continue;
    const data = Object.assign(factsOf(dataset, ''), factsOf(media.dataset, 'playhead'));
    followed.set(media, monitor(media, Object.assign({ data }, options) as unknown as MonitorOptions));
  }
});

/** `videoId` (from `data-video-id`) becomes `video_id`; names under `prefix` only, without it. */
function factsOf(attributes: DOMStringMap, prefix: string): ViewData {
  const facts: ViewData = {};
  for (const name of Object.keys(attributes)) {
    const value = attributes[name];
    if (!value || name.indexOf(prefix) || STEERING.test(name)) continue;
    const word = name.slice(prefix.length).replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    facts[word.replace(/^_/, '')] = value;
  }
  return facts;
}

if (tag && tag.dataset.key) {
  sync(tag);
  new MutationObserver(() => sync(tag)).observe(document, { childList: true, subtree: true });
}
