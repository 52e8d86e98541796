/**
 * Which rendition is playing. The element knows the size of its picture; adapters, and pages that have a player's
 * ear, know the bitrate too. One switch is told once, whoever hears of it first.
 */

import type { View } from '../core/view';
import type { ViewData } from '../core/wire';

/** Whether `facts` tell of a switch to another rendition. `resized`: the element says so, by its picture. */
export function isSwitch(view: View, facts: ViewData, resized?: boolean): boolean {
  const { _bitrate: bitrate, _picture: before, _resized: told } = view;
  const { rendition_bitrate: newBitrate, rendition_width: width, rendition_height: height } = facts;
  const picture = width && height ? `${width}x${height}` : before;
  const otherPicture = before && picture !== before;
  view._picture = picture;
  if (resized || newBitrate) view._resized = resized && !!otherPicture;
  if (otherPicture) return true;
  // The picture may change a moment before the player speaks of its bitrate.
  return !!(bitrate && newBitrate && newBitrate !== bitrate && !told);
}
