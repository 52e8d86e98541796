/** From the ranges one viewer played to stretches of equal depth: how often each part was seen, 0 included. */
import { position } from './format';

export interface Stretch {
  fromMs: number;
  toMs: number;
  passes: number;
}

/** What was seen at all, however often, as the fewest ranges. */
export function seen(stretches: Stretch[]): [fromMs: number, toMs: number][] {
  const ranges: [number, number][] = [];
  for (const { fromMs, toMs, passes: depth } of stretches) {
    if (depth === 0) continue;
    const last = ranges.at(-1);
    if (last?.[1] === fromMs) last[1] = toMs;
    else ranges.push([fromMs, toMs]);
  }
  return ranges;
}

const MOST_IN_WORDS = 6;

/** `0:00 to 1:20, 2:00 to 2:30 and 3 more`. */
export function rangesWords(ranges: [fromMs: number, toMs: number][]): string {
  const named = ranges.slice(0, MOST_IN_WORDS).map(([from, to]) => `${position(from)} to ${position(to)}`);
  return `${named.join(', ')}${ranges.length > named.length ? ` and ${ranges.length - named.length} more` : ''}`;
}

export function passes(ranges: Iterable<[number, number]>, durationMs: number): Stretch[] {
  const steps = new Map<number, number>([[0, 0]]);
  const step = (at: number, by: number): void => void steps.set(at, (steps.get(at) ?? 0) + by);
  for (const [from, to] of ranges) {
    if (!(to > from)) continue;
    step(Math.max(0, from), 1);
    step(to, -1);
  }
  const edges = [...steps.keys(), durationMs].sort((a, b) => a - b);
  const stretches: Stretch[] = [];
  let depth = 0;
  for (let i = 0; i + 1 < edges.length; i++) {
    const fromMs = edges[i] ?? 0;
    const toMs = edges[i + 1] ?? 0;
    if (fromMs === toMs) continue;
    depth += steps.get(fromMs) ?? 0;
    const last = stretches.at(-1);
    if (last?.passes === depth) last.toMs = toMs;
    else stretches.push({ fromMs, toMs, passes: depth });
  }
  return stretches;
}
