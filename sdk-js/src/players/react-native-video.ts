/**
 * Follows react-native-video through its callbacks. What a media element would answer when asked is kept up to date
 * from what they tell. A video that falls silent stands still, and that is how its stalls are found.
 */

import { guarded } from '../core/guard';
import { look, LOOK_MS } from '../core/look';
import { emptied, ended, paused, tick } from '../core/playback';
import { learn, say } from '../core/say';
import { seekBegan, seekEnded } from '../core/seek';
import { requested } from '../core/startup';
import { isActive, type View } from '../core/view';
import type { ViewData } from '../core/wire';
import { report } from '../observe/error';
import { isSwitch } from '../observe/rendition';
import type { VideoState } from './video-state';

/** What the SDK reads of react-native-video's props of the same names (version 6). */
export interface VideoCallbacks {
  onLoadStart(): void;
  onLoad(data: { duration: number; currentTime?: number; naturalSize?: { width: number; height: number } }): void;
  onReadyForDisplay(): void;
  onProgress(data: { currentTime: number }): void;
  onBuffer(data: { isBuffering: boolean }): void;
  onSeek(data: { currentTime: number; seekTime: number }): void;
  onPlaybackStateChanged(data: { isPlaying: boolean; isSeeking?: boolean }): void;
  onPlaybackRateChange(data: { playbackRate: number }): void;
  onEnd(): void;
  onError(data: { error: VideoError }): void;
  onBandwidthUpdate(data: { bitrate: number; width?: number; height?: number }): void;
}

/** The platforms name the parts of an error differently. */
interface VideoError {
  code?: number | string;
  errorCode?: string;
  errorString?: string;
  localizedDescription?: string;
}

/** One view of the video. */
interface Following {
  readonly _video: VideoState;
  readonly _view: View;
  _ticker?: ReturnType<typeof setInterval> | undefined;
  /** Runs while it is open whether the player has been paused or is starved. */
  _doubt?: ReturnType<typeof setTimeout>;
  _buffering?: boolean;
  _over?: boolean;
}

/** Tells a view what happens to the video; made anew for each view. */
export interface Follower {
  readonly callbacks: VideoCallbacks;
  /** The app's own `paused`: whether playback is wanted. */
  setPaused(value: boolean): void;
  stop(): void;
}

type Handlers = { [Name in keyof VideoCallbacks]: (following: Following, ...data: Parameters<VideoCallbacks[Name]>) => void };

/** What each callback means. */
const HANDLERS: Handlers = {
  onLoadStart: begin,
  onLoad: learnSource,
  onReadyForDisplay: ({ _view }) => look(_view),
  onProgress(following, { currentTime }) {
    const { _video: video, _view: view, _buffering: buffering } = following;
    video.place(currentTime, !video.paused && !buffering && !video.seeking);
    look(view);
  },
  onBuffer(following, { isBuffering }) {
    following._buffering = isBuffering;
    if (isBuffering) following._video.freeze();
    look(following._view);
  },
  onSeek: arrive,
  onPlaybackStateChanged: changeState,
  onPlaybackRateChange: changeRate,
  onEnd: finish,
  onError({ _view }, { error }) {
    const { code = 'unknown', errorCode = code, localizedDescription = '', errorString = localizedDescription } = error;
    report(_view, { code: String(errorCode), message: errorString });
  },
  // What the line could carry, not what the rendition needs: it is no rendition bitrate.
  onBandwidthUpdate({ _view: view }, { bitrate, width, height }) {
    if (width && height) learnPicture(view, { rendition_width: width, rendition_height: height });
    learn(view, { bandwidth_estimate: bitrate });
  },
};

export function followVideo(video: VideoState, view: View): Follower {
  const following: Following = { _video: video, _view: view };
  const callbacks: Record<string, unknown> = {};
  for (const name of Object.keys(HANDLERS)) {
    callbacks[name] = attended(following, HANDLERS[name as keyof Handlers] as (_: Following, data: never) => void);
  }
  return {
    callbacks: callbacks as unknown as VideoCallbacks,
    setPaused: attended(following, (_, value) => (value ? pause(following) : play(following))),
    stop() {
      following._over = true;
      clearTimeout(following._doubt);
      clearInterval(following._ticker);
    },
  };
}

/** `work` as a callback: while the view lasts, unable to throw, and with the timer seen to. */
function attended<Data>(following: Following, work: (following: Following, data: Data) => void): (data: Data) => void {
  return guarded((data: Data) => {
    if (following._over) return;
    work(following, data);
    keepTicking(following);
  });
}

/** The timer runs only while somebody wants the picture to move. */
function keepTicking(following: Following): void {
  const { _view: view } = following;
  if (!isActive(view)) {
    clearInterval(following._ticker);
    following._ticker = undefined;
  } else if (following._ticker === undefined) {
    following._ticker = setInterval(
      attended(following, () => tick(view)),
      LOOK_MS,
    );
  }
}

/** Another source is being loaded. */
function begin(following: Following): void {
  const { _video: video, _view: view } = following;
  video.place(0, false);
  video.ended = following._buffering = false;
  emptied(view);
  if (!video.paused) requested(view);
}

function learnSource({ _video: video, _view: view }: Following, data: Parameters<VideoCallbacks['onLoad']>[0]): void {
  const { duration, currentTime = 0, naturalSize } = data;
  // Live streams have no length, or one that no video has.
  const ends = duration > 0 && isFinite(duration);
  video.duration = ends ? duration : Infinity;
  video.place(currentTime, false);
  learn(view, ends ? { video_duration_ms: Math.round(duration * 1_000) } : { stream_type: 'live' });
  if (naturalSize) learnPicture(view, { rendition_width: naturalSize.width, rendition_height: naturalSize.height });
}

function learnPicture(view: View, facts: ViewData): void {
  const switched = isSwitch(view, facts);
  look(view);
  learn(view, facts);
  if (switched) say(view, 'renditionchange');
}

function play(following: Following): void {
  const { _video: video, _view: view } = following;
  clearTimeout(following._doubt);
  const news = video.paused || !isActive(view);
  video.paused = video.ended = false;
  if (news) requested(view);
}

function pause({ _video: video, _view: view, _doubt: doubt }: Following): void {
  clearTimeout(doubt);
  video.freeze();
  if (video.paused) return;
  video.paused = true;
  paused(view);
}

/** The video leaves for another place. */
function depart({ _video: video, _view: view }: Following): void {
  if (video.seeking) return;
  video.freeze();
  video.seeking = true;
  seekBegan(view);
}

function arrive(following: Following, { currentTime, seekTime }: Parameters<VideoCallbacks['onSeek']>[0]): void {
  const { _video: video, _view: view } = following;
  video.place(isFinite(currentTime) ? currentTime : seekTime, false);
  depart(following);
  video.seeking = video.ended = false;
  seekEnded(view);
}

function changeState(following: Following, data: Parameters<VideoCallbacks['onPlaybackStateChanged']>[0]): void {
  const { _video: video } = following;
  if (data.isSeeking) depart(following);
  if (data.isPlaying) return play(following);
  video.freeze();
  clearTimeout(following._doubt);
  // A starved player says so in a callback of its own, before or after this one.
  following._doubt = setTimeout(
    attended(following, () => {
      if (!following._buffering && !video.seeking && !video.ended) pause(following);
    }),
    LOOK_MS,
  );
}

function changeRate({ _video: video, _view: view }: Following, { playbackRate }: { playbackRate: number }): void {
  // 0 is how iOS says that it is paused.
  if (!(playbackRate > 0) || playbackRate === video.playbackRate) return;
  look(view);
  video.freeze();
  video.playbackRate = playbackRate;
  learn(view, { playback_rate: playbackRate });
  say(view, 'ratechange');
}

function finish({ _video: video, _view: view }: Following): void {
  if (isFinite(video.duration)) video.place(video.duration, false);
  video.ended = true;
  ended(view);
  video.paused = true;
}
