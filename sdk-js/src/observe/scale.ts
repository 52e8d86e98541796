/**
 * Is the picture shown larger or smaller than it was made? Compared in CSS pixels, as other services do, so that
 * figures can be set side by side.
 */

/** Rounding of layouts to whole pixels is not scaling. */
const TOLERANCE = 0.01;

/** Above 0: larger; below: smaller; 0 also while a size is unknown. */
export function scalingOf(playerWidth = 0, playerHeight = 0, width: number, height: number): number {
  // The picture is fitted into the player whole, so the tighter side decides.
  const beyond = Math.min(playerWidth / width, playerHeight / height) - 1;
  return width && playerWidth && Math.abs(beyond) > TOLERANCE ? beyond : 0;
}
