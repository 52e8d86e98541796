/** The keys that read a chart: one place or ten at a time, to either end, and away; and those that zoom. */
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

/** Half of what is shown, around the place, or twice as much; undefined when the key is not ours. */
export function zoomedByKey(key: string, places: number[], index: number): [from: number, to: number] | undefined {
  const first = places[0];
  const last = places.at(-1);
  if (first === undefined || last === undefined || !['+', '=', '-', '−'].includes(key)) return undefined;
  const closer = key === '+' || key === '=';
  const middle = closer ? (places[index] ?? first) : (first + last) / 2;
  const half = (last - first) * (closer ? 0.25 : 1);
  // What would stick out on one side is given to the other.
  const from = closer ? Math.max(first, Math.min(middle - half, last - 2 * half)) : middle - half;
  return [from, from + 2 * half];
}
