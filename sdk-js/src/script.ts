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

/** What the tag and the element say: options by their names, and facts. */
interface Attributes {
  data: ViewData;
  [option: string]: unknown;
}

// Only readable while the script runs for the first time.
const tag = document.currentScript as HTMLScriptElement | null;
const home = ((tag && tag.src) || location.href).split('/', 3).join('/');
const followed = new Map<HTMLMediaElement, Handle>();

/** As in the module, with the script's own origin as the default endpoint. */
const monitor = (media: HTMLMediaElement, options: MonitorOptions): Handle =>
  monitorElement(media, Object.assign({ endpoint: home }, options));

(window as { playhead?: unknown }).playhead = { monitor, version };

const sync = guarded(() => {
  followed.forEach((handle, media) => {
    // In a shadow tree, or in a window of its own, it is still there; old televisions know neither.
    if (media.isConnected || document.contains(media)) return;
    handle.destroy();
    followed.delete(media);
  });
  followAll(document);
});

/** Follows what is in `root`: of the page, or of the inside of a component, which has the attributes then. */
function followAll(root: ParentNode & { host?: Element }): void {
  for (const media of root.querySelectorAll<HTMLMediaElement>('video,audio')) {
    if (followed.has(media)) continue;
    const options: Attributes = { data: {} };
    read(tag!.dataset, '', options);
    read(((root.host as HTMLElement) || media).dataset, 'playhead', options);
    followed.set(media, monitor(media, options as unknown as MonitorOptions));
  }
}

/** `videoId` (from `data-video-id`) becomes the fact `video_id`; names under `prefix` only, without it. */
function read(attributes: DOMStringMap, prefix: string, options: Attributes): void {
  for (const name in attributes) {
    const value = attributes[name];
    if (!value || name.indexOf(prefix)) continue;
    if (STEERING.test(name)) options[name] = value;
    else options.data[name.slice(prefix.length).replace(/\B[A-Z]/g, '_$&').toLowerCase()] = value;
  }
}

if (tag && tag.dataset.key) {
  sync();
  new MutationObserver(sync).observe(document, { childList: true, subtree: true });
  // A component says what the element inside of it says, and the document sees no further than the component.
  const enter = guarded(({ target }: Event) => followAll((target as HTMLElement).shadowRoot!));
  document.addEventListener('play', enter, true);
}
