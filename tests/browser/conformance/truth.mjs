/**
 * The one truth: what happens in every run, and what each way in has to say of it. Written down before anything is
 * played; nothing here is taken from a beacon.
 */

import { RENDITIONS, SEGMENT_S } from '../media.mjs';

const [SMALL, LARGE] = RENDITIONS;

/** Moments on the wall in ms, places in the video in seconds. */
export const SCRIPT = {
  /** From the press on play to the first frame: so long the origin sits on the media. */
  startupMs: 1_500,
  /** The origin holds the media from here on; the picture freezes when it runs out. */
  heldFrom: 2 * SEGMENT_S,
  stallMs: 3_000,
  pausedAt: 7,
  pauseMs: 1_000,
  backTo: 2,
  fasterFrom: 5,
  rate: 2,
  /** Paused once more, and the page closed. */
  leftAt: 9,
};

/** Of the run above, under the names of the API. */
export const TRUTH = {
  video_startup_ms: 1_500,
  rebuffer_ms: 3_000,
  rebuffer_count: 1,
  seek_count: 1,
  // 0 to 7, 2 to 5, and 5 to 9 at twice the speed.
  playing_ms: 7_000 + 3_000 + 2_000,
  ranges: [[0, 7_000], [2_000, 9_000]],
  // The rendition on screen in the end; the origin lets nothing of the larger one out before the stall.
  rendition_bitrate: LARGE.bitrate,
  rendition_height: LARGE.height,
};
/** On screen in the beginning. */
export const BEGINS_WITH = SMALL;

/** Of a second run, in which there is no media: playback fails, and the viewer waits for it in vain. */
export const TRUTH_OF_FAILURE = { playback_failure: true, view_started: false };

const TOLERANCE_MS = 100;
const TOLERANCE = 0.02;
/** Durations and places may be off by this much; counts and names by nothing. */
export const tolerance = (figure, expected) =>
  /_ms$|ranges/.test(figure) ? Math.max(TOLERANCE_MS, expected * TOLERANCE) : 0;

/**
 * From letting a held segment go to the picture moving takes the machine this long, more or less; the origin lets go so
 * much earlier.
 */
export const LEAD_MS = 60;
/** A run in which the page itself saw anything this far from the script did not happen as written, and is repeated. */
export const SLACK_MS = 70;
