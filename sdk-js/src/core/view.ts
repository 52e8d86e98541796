/**
 * The record of one view, and nothing but the record: each file beside this one has one job to do on it.
 *
 * Members that begin with `_` are internal; the build gives them short names.
 */

import { now } from './clock';
import { newViewId } from './id';
import type { Counters, ErrorReport, Segment, ViewData, WireEvent } from './wire';

/** In this order, so that everything above `Resting` is playback that somebody wants. */
export const enum Phase {
  /** Nobody has asked for playback. */
  Idle,
  /** Paused, ended or broken; costs the viewer no waiting. */
  Resting,
  /** Asked for, no frame has moved yet. */
  Starting,
  Playing,
  /** Wanted and starved. */
  Stalled,
  /** On the way to another place. */
  Seeking,
}

/** What has to be known of a player at any moment: the part of a media element that tells, in its own words. */
export interface Media {
  /** Seconds, as all of HTML. */
  readonly currentTime: number;
  /** `Infinity` for live, `NaN` while unknown. */
  readonly duration: number;
  readonly playbackRate: number;
  readonly paused: boolean;
  readonly seeking: boolean;
  readonly ended: boolean;
  readonly loop: boolean;
  readonly readyState: number;
  /** What plays on when no more comes. */
  readonly buffered: { readonly length: number; end(index: number): number };
  /** Where there is an element: what went wrong with it, and the address it is to play. */
  readonly error?: unknown;
  readonly src?: string;
  /** Not every television knows. */
  getVideoPlaybackQuality?(): { droppedVideoFrames: number };
  /** Safari, for streams that carry the time of day. */
  getStartDate?(): Date;
}

/** Where the playhead was seen (media ms), and when. */
export interface Sample {
  _at: number;
  _position: number;
}

export interface View {
  readonly _id: string;
  readonly _media: Media;
  /** Where events go. */
  readonly _outlet: (event: WireEvent) => void;
  /** How often totals are told while playback is wanted, in ms. */
  readonly _beatEvery: () => number;
  /** The site's words for an error; `null` for one that is none. */
  readonly _translate: (error: ErrorReport) => Partial<ErrorReport> | null;

  readonly _totals: Counters;
  _phase: Phase;
  /** Time before this moment is booked under the phase it was spent in. */
  _bookedTo: number;

  /** Bits per second of the rendition, 0 while unknown. */
  _bitrate: number;
  /** Its size as last heard of, "1920x1080". */
  _picture?: string | undefined;
  /** The last switch was known by its picture. */
  _resized?: boolean | undefined;
  /** The picture is shown larger (> 0) or smaller (< 0) than it was made. */
  _scaling: number;
  /** Size of the player in CSS pixels. */
  _width?: number;
  _height?: number;

  /** The stretch of media now being played, or the last one. */
  _stretch?: Segment;
  _stretchOpen?: boolean;

  /** The moment of the first event; the zero of `t_ms`. */
  _origin: number;
  _lastSeq: number;
  _lastAt: number;
  /** Facts that go with the next event. */
  _news?: ViewData | undefined;
  /** The element's own count of dropped frames at the last look; it starts anew with every source. */
  _framesSeen: number;
  _beatAt: number;

  /** The last look at the playhead. */
  _last: Sample;
  /** That look saw it moving. */
  _moving?: boolean;
  /** Speed since then. */
  _rate: number;
  /** The playhead was last known to be fine: moving, or just asked to. */
  _aliveAt: number;
  /** A frame of this view has moved. */
  _started?: boolean;
  /** The video came to its end and has not moved since. */
  _atEnd?: boolean;
  /** The viewer waits to hear that it plays: say so at the next movement. */
  _announce?: boolean;
  /** A fatal error left the picture this much to play; where it stops by then, it is over and no stall. */
  _playsOutAt?: number;
  /** With `autoplay`: since when something loads, while it is undecided what becomes of it. */
  _loadingSince?: number | undefined;
  /** An error nobody has been hurt by yet. */
  _withheld?: ErrorReport | undefined;
  /** What it is about: the `src` an engine spoke of, or the element's own error, which no other source shares. */
  _withheldOf?: unknown;
}

/** Milliseconds of media. */
export const positionOf = (view: View): number => view._media.currentTime * 1_000;

export const here = (view: View): Sample => ({ _at: now(), _position: positionOf(view) });

/** The element's count of dropped frames. */
export const framesOf = ({ _media }: View): number =>
  _media.getVideoPlaybackQuality ? _media.getVideoPlaybackQuality().droppedVideoFrames : 0;

/** Playback is wanted, or may be: the playhead has to be looked at. */
export const isActive = (view: View): boolean => view._phase > Phase.Resting || view._loadingSince !== undefined;

export function openView(
  media: Media,
  outlet: View['_outlet'],
  beatEvery: View['_beatEvery'],
  translate: View['_translate'],
): View {
  const at = now();
  const view: View = {
    _id: newViewId(),
    _media: media,
    _outlet: outlet,
    _beatEvery: beatEvery,
    _translate: translate,
    _totals: {
      playing_ms: 0,
      watch_ms: 0,
      rebuffer_ms: 0,
      rebuffer_count: 0,
      seek_ms: 0,
      seek_count: 0,
      dropped_frames: 0,
      bitrate_ms: 0,
      upscale_ms: 0,
      downscale_ms: 0,
    },
    _phase: Phase.Idle,
    _bookedTo: at,
    _bitrate: 0,
    _scaling: 0,
    _origin: at,
    _lastSeq: 0,
    _lastAt: at,
    _framesSeen: 0,
    _beatAt: at,
    _last: { _at: at, _position: media.currentTime * 1_000 },
    _rate: media.playbackRate,
    _aliveAt: at,
  };
  view._framesSeen = framesOf(view);
  return view;
}
