/** The keys that read a chart: one place or ten at a time, to either end, and away. */
const STRIDE = 10;

/** Where a key takes the position; `undefined` when the key is not ours, an undefined index to let go. */
export function movedByKey(key: string, index: number, length: number): { index: number | undefined } | undefined {
  const clamp = (to: number) => ({ index: Math.max(0, Math.min(length - 1, to)) });
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowDown':
      return clamp(index - 1);
    case 'ArrowRight':
    case 'ArrowUp':
      return clamp(index + 1);
    case 'PageDown':
      return clamp(index - STRIDE);
    case 'PageUp':
      return clamp(index + STRIDE);
    case 'Home':
      return clamp(0);
    case 'End':
      return clamp(length - 1);
    case 'Escape':
      return { index: undefined };
    default:
      return undefined;
  }
}
