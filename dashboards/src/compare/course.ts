/** The courses of segments on one axis of time, whatever times they are of. */
import type { TimeseriesAnswer } from '../api/metrics';
import type { Column } from '../charts/series';
import { STEP_S } from '../time/frame';
import type { Frame, Step } from '../time/frame';

/** Times of the first segment, and for each segment its value as far in. */
export interface Course {
  atS: number[];
  values: Column[];
}

/** Each step meets those that are as far from the beginning of their own time. */
export function courseOf(answers: TimeseriesAnswer[], frames: Frame[], step: Step): Course {
  const stepS = STEP_S[step];
  const begin = (frame: Frame | undefined): number => Math.floor((frame?.fromS ?? 0) / stepS) * stepS;
  const first = begin(frames[0]);
  const columns = answers.map(({ data }, i) => new Map(data.map(([at, value]) => [Date.parse(at) / 1_000 - begin(frames[i]), value])));
  const last = Math.max(-stepS, ...columns.flatMap((column) => [...column.keys()]));
  const places = Array.from({ length: last / stepS + 1 }, (_, i) => i * stepS);
  return { atS: places.map((s) => first + s), values: columns.map((column) => places.map((s) => column.get(s) ?? null)) };
}
