/**
 * Playhead's browser SDK: measures what the viewers of a `<video>` element really get, and tells a collector.
 *
 *     const handle = monitor(video, { key: '…', endpoint: 'https://playhead.example', data: { video_id: '42' } });
 */

import { Monitor, type Handle, type MonitorOptions } from './monitor';
import { VERSION } from './version';

export type { Handle, MonitorOptions } from './monitor';
export type {
  Beacon,
  Counters,
  CustomValue,
  ErrorReport,
  EventType,
  Segment,
  ViewData,
  ViewPart,
  WireEvent,
} from './core/wire';

/** Version of this SDK. */
export const version = VERSION;

const DEFAULT_PREFIX = '/in';
const DEFAULT_HEARTBEAT_MS = 10_000;
/** Faster would be a burden on the collector for figures no one can read. */
const FASTEST_HEARTBEAT_MS = 1_000;

const monitors = new WeakMap<HTMLVideoElement, Monitor>();

/** What a page gets when measuring could not even begin: its calls go nowhere. */
const INERT: Handle = {
  viewId: '',
  set: () => undefined,
  custom: () => undefined,
  error: () => undefined,
  changeVideo: () => undefined,
  destroy: () => undefined,
};

/** Begins to follow `video`. Called again for the same element, it answers with the handle it gave before. */
export function monitor(video: HTMLVideoElement, options: MonitorOptions): Handle {
  try {
    const known = monitors.get(video);
    if (known) return known;
    const settings = {
      endpoint: location.origin,
      prefix: DEFAULT_PREFIX,
      data: {},
      respectPrivacySignals: true,
      ...options,
      heartbeatMs: Math.max(FASTEST_HEARTBEAT_MS, options.heartbeatMs ?? DEFAULT_HEARTBEAT_MS),
    };
    const made = new Monitor(video, settings, () => monitors.delete(video));
    monitors.set(video, made);
    return made;
  } catch {
    return INERT;
  }
}
