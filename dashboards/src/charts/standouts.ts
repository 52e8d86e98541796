/** The places of a video that stand out: where many leave or skip at once, and what is played again. */
import type { Engagement } from './engagement';
import { countInFull, plural, position, ratio, share } from './format';

export interface Standout {
  kind: 'intro' | 'drop' | 'return' | 'replayed';
  fromMs: number;
  toMs: number;
  words: string;
}

const INTRO_MS = 30_000;
const MOST_OF_A_KIND = 3;
/** A part of all views that has to go, come back or watch again before it is worth a line. */
const LEAST_PART = 0.03;
/** Of a long video a second says nothing: changes are looked for over a fiftieth of it, five seconds at least. */
const windowOf = ({ viewers, bucketMs }: Engagement): number => Math.max(1, Math.round(Math.max(5_000 / bucketMs, viewers.length / 50)));

export function standouts(data: Engagement): Standout[] {
  const { viewers, plays, bucketMs, totalViews } = data;
  if (totalViews === 0 || viewers.length === 0) return [];
  const width = windowOf(data);
  const change = viewers.map((n, i) => (viewers[i + width] ?? n) - n);
  const replays = plays.map((n, i) => Math.max(0, n - (viewers[i] ?? 0)));
  const least = totalViews * LEAST_PART;
  // Viewers trickle away everywhere: a drop has to be steeper than that.
  const trickle = Math.max(0, (viewers[0] ?? 0) - (viewers.at(-1) ?? 0)) / (viewers.length / width);
  const at = (i: number): number => i * bucketMs;
  const drops = highest(change.map((by) => -by), width, Math.max(least, 2 * trickle)).map((i): Standout => ({
    kind: 'drop', fromMs: at(i), toMs: at(i + width),
    words: `${viewersWords(-(change[i] ?? 0), totalViews)} stop watching or skip`,
  }));
  const returns = highest(change, width, least).map((i): Standout => ({
    kind: 'return', fromMs: at(i), toMs: at(i + width), words: `${viewersWords(change[i] ?? 0, totalViews)} come in here`,
  }));
  // Found in the smoothed curve; the height is that of the chart.
  const again = peaks(smooth(replays, width), width, least).map(([from, to]): Standout => ({
    kind: 'replayed', fromMs: at(from), toMs: at(to + 1), words: `played again: ${plural(Math.max(...replays.slice(from, to + 1)), 'replay')} at its height`,
  }));
  return [...intro(data), ...[...drops, ...returns, ...again].sort((a, b) => a.fromMs - b.fromMs)];
}

const viewersWords = (n: number, all: number): string => `${countInFull(n)} of ${plural(all, 'view')} (${ratio(share(n, all))})`;

function intro({ viewers, bucketMs, totalViews }: Engagement): Standout[] {
  const after = viewers[Math.floor(INTRO_MS / bucketMs)];
  if (after === undefined) return [];
  return [{ kind: 'intro', fromMs: 0, toMs: INTRO_MS, words: `${ratio(share(after, totalViews))} of the views see ${position(INTRO_MS)}` }];
}

const smooth = (values: number[], width: number): number[] => {
  const half = Math.floor(width / 2);
  return values.map((_, i) => {
    const near = values.slice(Math.max(0, i - half), i + half + 1);
    return near.reduce((sum, value) => sum + value, 0) / near.length;
  });
};

/** The highest places, each at least `apart` from a higher one. */
function highest(values: number[], apart: number, least: number): number[] {
  const order = values.map((_, i) => i).filter((i) => (values[i] ?? 0) >= least).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
  const taken: number[] = [];
  for (const i of order) {
    if (taken.length === MOST_OF_A_KIND) break;
    if (taken.every((other) => Math.abs(other - i) >= 2 * apart)) taken.push(i);
  }
  return taken;
}

/** Heights with their flanks, down to half of each; none within another, nor on another's slope. */
function peaks(values: number[], width: number, least: number): [from: number, to: number][] {
  const found: [from: number, to: number][] = [];
  const order = values.map((_, i) => i).filter((i) => (values[i] ?? 0) >= least).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
  for (const i of order) {
    if (found.length === MOST_OF_A_KIND) break;
    const near = values.slice(Math.max(0, i - width), i + width + 1);
    const [from, to] = around(values, i);
    if (near.every((value) => value <= (values[i] ?? 0)) && found.every((other) => to < other[0] || from > other[1])) found.push([from, to]);
  }
  return found;
}

/** As far to both sides as there is at least half of the height. */
function around(values: number[], top: number): [from: number, to: number] {
  const enough = (i: number): boolean => (values[i] ?? -1) * 2 >= (values[top] ?? 0);
  let from = top;
  let to = top;
  while (enough(from - 1)) from -= 1;
  while (enough(to + 1)) to += 1;
  return [from, to];
}
