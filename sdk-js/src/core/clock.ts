/** The monotonic clock all measuring goes by: whole milliseconds, never backwards, blind to wall clock changes. */

/** Now, in whole milliseconds since an arbitrary start. */
export type Clock = () => number;

/** Whole milliseconds keep sums of parts equal to the whole. */
export const pageClock: Clock = () => Math.round(performance.now());
