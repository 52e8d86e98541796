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
  stallMs: 2_500,
  pausedAt: 6,
  pauseMs: 1_000,
  backTo: 2,
  fasterFrom: 5,
  rate: 2,
  /** Paused once more, and the page closed. */
  leftAt: 8,
};

/** Of the run above, under the names of the API. */
export const TRUTH = {
  video_startup_ms: 1_500,
  rebuffer_ms: 2_500,
  rebuffer_count: 1,
  seek_count: 1,
  // 0 to 6, 2 to 5, and 5 to 8 at twice the speed.
  playing_ms: 6_000 + 3_000 + 1_500,
  ranges: [[0, 6_000], [2_000, 8_000]],
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
 * From letting held media go to the picture moving takes an idle machine this long, with a decoder to set up and without;
 * the origin lets go so much earlier.
 */
export const LEAD_MS = { start: 65, stall: 10 };
/** A run this far from the script is another one, and is done again. */
const GROSS_MS = 500;

/** The page's own record under the names of the truth. */
const seenIn = ({ startupMs, stalls, ranges, playingMs }) => ({
  video_startup_ms: startupMs,
  rebuffer_ms: stalls.reduce((sum, ms) => sum + ms, 0),
  rebuffer_count: stalls.length,
  playing_ms: playingMs,
  ranges,
});

const within = (slack, figure, value) => {
  const wanted = [TRUTH[figure]].flat(2);
  return [value].flat(2).every((one, n) => Math.abs(one - wanted[n]) <= slack);
};

/** What happened by the page's own record, where that is not to the millisecond as written. */
export const departures = (record) =>
  Object.fromEntries(Object.entries(seenIn(record)).filter(([figure, value]) => !within(0, figure, value)));

/** One stall, no other wait that a player may have spoken of, and everything about when and where it should be. */
export const wasThisScript = (record) =>
  record.stalls.length === 1 && record.waits.length <= 1 && Object.entries(seenIn(record)).every(([figure, value]) => within(GROSS_MS, figure, value));
