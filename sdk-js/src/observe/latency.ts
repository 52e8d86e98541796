/** How far behind the present a live stream is shown, where the element knows its time of day (Safari). */

import type { Media } from '../core/view';

/** In ms by the viewer's clock; `NaN` while unknown. */
export function liveLatencyOf(media: Media): number {
  const began = media.duration === Infinity && media.getStartDate ? Number(media.getStartDate()) : NaN;
  return Math.round(Date.now() - began - media.currentTime * 1_000);
}
