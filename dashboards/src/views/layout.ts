/** Where things of a timeline are drawn: plain arithmetic from times to pixels, for any width. */
import type { Course, Rendition } from './course';

export interface Lanes {
  width: number;
  left: number;
  right: number;
  marks: { top: number; height: number };
  band: { top: number; height: number };
  playhead: { top: number; height: number };
  rendition: { top: number; height: number };
  axisTop: number;
  height: number;
}

const RIGHT = 14;
const AXIS = 22;

export function lanesFor(width: number, hasRenditions: boolean): Lanes {
  const marks = { top: 0, height: 22 };
  const band = { top: 28, height: 34 };
  const playhead = { top: 78, height: 104 };
  const rendition = { top: 200, height: hasRenditions ? 56 : 0 };
  const axisTop = hasRenditions ? rendition.top + rendition.height + 6 : playhead.top + playhead.height + 6;
  // A gutter for the lanes' names; a phone has less to spare.
  return { width, left: width < 480 ? 66 : 76, right: RIGHT, marks, band, playhead, rendition, axisTop, height: axisTop + AXIS };
}

/** A view of one event still needs a time axis. */
export const lengthOf = (course: Course): number => Math.max(1, course.endMs);

export const xOf = (lanes: Lanes, lengthMs: number, atMs: number): number =>
  lanes.left + (Math.max(0, Math.min(atMs, lengthMs)) / lengthMs) * Math.max(1, lanes.width - lanes.left - lanes.right);

export function atX(lanes: Lanes, lengthMs: number, x: number): number {
  const share = (x - lanes.left) / Math.max(1, lanes.width - lanes.left - lanes.right);
  return Math.round(Math.max(0, Math.min(1, share)) * lengthMs);
}

const TICKS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400];
const TICK_SPACE = 60;

/** Times for labels, as many as have room. */
export function ticks(lanes: Lanes, lengthMs: number): number[] {
  const room = Math.max(1, (lanes.width - lanes.left - lanes.right) / TICK_SPACE);
  const stepMs = (TICKS_S.find((step) => lengthMs / (step * 1_000) <= room) ?? Math.ceil(lengthMs / room / 1_000)) * 1_000;
  return Array.from({ length: Math.floor(lengthMs / stepMs) + 1 }, (_, i) => i * stepMs);
}

/** The range of the playhead's axis: what was reached, not the whole of a long video. */
export function playheadRange(course: Course): [lowest: number, highest: number] {
  const places = course.points.map((point) => point.playheadMs);
  const lowest = places.reduce((a, b) => Math.min(a, b), places[0] ?? 0);
  return [lowest, Math.max(lowest + 1_000, places.reduce((a, b) => Math.max(a, b), 0))];
}

export const weight = ({ bitrate, height }: Rendition): number => (bitrate > 0 ? bitrate : height);

/** The rung of each rendition among those seen: the ladder's own bitrates would crowd at the bottom. */
export function rungs(renditions: readonly Rendition[]): { of: (rendition: Rendition) => number; count: number } {
  const seen = [...new Set(renditions.map(weight))].sort((a, b) => a - b);
  return { of: (rendition) => seen.indexOf(weight(rendition)), count: seen.length };
}
