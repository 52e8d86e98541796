/** Even steps of axes, apart from the parts of plots so that tests can read them without a canvas. */

/** Whole steps for things one counts: no gridline at half a viewer. */
export const COUNT_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7];
