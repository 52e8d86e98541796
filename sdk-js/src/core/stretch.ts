/**
 * The stretch of media now being played. Stretches are numbered over the view; a seek, a loop, a replay or a jump
 * ends one, and the next movement of the picture begins another. Heatmaps are drawn from nothing else.
 */

import type { View } from './view';
import type { Segment } from './wire';

/** The collector keeps ends in 32 bits. Live streams that count from 1970 lie beyond and have no heatmap. */
const LAST_MS = 0xffff_ffff;

const clamp = (ms: number): number => Math.min(LAST_MS, Math.max(0, Math.round(ms)));

/** The picture moved from one place to the next without a break between them. */
export function played(view: View, fromMs: number, toMs: number): void {
  if (!view._stretchOpen) {
    view._stretchOpen = true;
    const from = clamp(fromMs);
    view._stretch = [view._stretch ? view._stretch[0] + 1 : 0, from, from];
  }
  view._stretch![2] = Math.max(view._stretch![2], clamp(toMs));
}

/** No more of it; what comes next is another stretch. Its ends are told until then. */
export function closeStretch(view: View): void {
  view._stretchOpen = false;
}

/** As it goes over the wire; nothing before the first frame has moved. */
export function stretchOf({ _stretch: stretch }: View): Segment | undefined {
  return stretch && stretch[2] < LAST_MS ? (stretch.slice() as Segment) : undefined;
}
