/**
 * Playhead's browser SDK: measures what the people in front of a `<video>` or `<audio>` element really get, and tells
 * a collector.
 *
 *     const handle = monitor(video, { key: '…', endpoint: 'https://playhead.example', data: { video_id: '42' } });
 */

import { startMonitoring, type Handle, type MonitorOptions } from './monitor';

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
export { VERSION as version } from './version';

const monitored: [HTMLMediaElement, Handle][] = [];

/** What a page gets when measuring could not even begin: its calls go nowhere. */
const nothing = (): void => undefined;
const INERT: Handle = {
  viewId: '',
  set: nothing,
  custom: nothing,
  error: nothing,
  changeVideo: nothing,
  destroy: nothing,
};

/** Begins to follow `media`. Called again for the same element, it answers with the handle it gave before. */
export function monitor(media: HTMLMediaElement, options: MonitorOptions): Handle {
  try {
    const known = monitored.find(([element]) => element === media);
    if (known) return known[1];
    const handle = startMonitoring(media, options, () => {
      monitored.splice(
        monitored.findIndex(([element]) => element === media),
        1,
      );
    });
    monitored.push([media, handle]);
    return handle;
  } catch {
    return INERT;
  }
}
