/** The monotonic clock all measuring goes by: never backwards, blind to wall clock changes. */

/** Whole milliseconds since an arbitrary start; whole, so that sums of parts equal the whole. */
export const now = (): number => Math.round(performance.now());
