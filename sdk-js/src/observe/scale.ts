/**
 * Is the picture shown larger or smaller than it was made? Compared in CSS pixels, as other services do, so that
 * figures can be set side by side.
 */

import type { PictureSize } from './rendition';

/** Rounding of layouts to whole pixels is not scaling. */
const TOLERANCE = 0.01;

export function scalingOf(player: PictureSize, picture: PictureSize): -1 | 0 | 1 {
  if (!picture.width || !picture.height || !player.width || !player.height) return 0;
  // The picture is fitted into the player whole, so the tighter side decides.
  const scale = Math.min(player.width / picture.width, player.height / picture.height);
  if (scale > 1 + TOLERANCE) return 1;
  return scale < 1 - TOLERANCE ? -1 : 0;
}
