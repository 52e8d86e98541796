/**
 * Playhead's browser SDK: measures what the people in front of a `<video>` or `<audio>` element really get, and tells
 * a collector.
 *
 *     const handle = monitor(video, { key: '…', endpoint: 'https://playhead.example', data: { video_id: '42' } });
 */

export { monitor, type Handle, type MonitorOptions } from './monitor';
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
