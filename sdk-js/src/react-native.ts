/**
 * Playhead for React Native: the same core without a page, fed by the callbacks of react-native-video.
 *
 *     const playhead = monitorVideo({ key: '…', endpoint: 'https://playhead.example', appState: AppState });
 *     <Video {...playhead.callbacks} source={…} paused={paused} />
 */

import { guarded } from './core/guard';
import { beat, end, woke } from './core/playback';
import { permitted } from './core/privacy';
import { learn, say } from './core/say';
import { add, carryOn, openSender, type Sender } from './core/sender';
import { openView } from './core/view';
import type { ViewData } from './core/wire';
import { handleOf, type Handle, type Session } from './handle';
import type { MonitorOptions } from './monitor';
import { followVideo, type Follower, type VideoCallbacks } from './players/react-native-video';
import { VideoState } from './players/video-state';
import { VERSION } from './version';

export type { Handle } from './handle';
export type { VideoCallbacks } from './players/react-native-video';
export type { CustomValue, ErrorReport, ViewData } from './core/wire';
/** Version of this SDK. */
export { VERSION as version } from './version';

/** The part of React Native's `AppState` that is needed. */
export interface AppStateLike {
  addEventListener(type: 'change', listener: (state: string) => void): { remove(): void };
}

export interface VideoOptions extends Pick<MonitorOptions, 'key' | 'prefix' | 'data' | 'heartbeatMs' | 'sampleRate' | 'translateError'> {
  /** Origin of the collector. */
  endpoint: string;
  /** The first value of the `paused` prop. Default false: the video plays as soon as it can. */
  paused?: boolean;
  /** React Native's `AppState`: with it totals are told when the app goes out of sight. */
  appState?: AppStateLike;
}

/** A handle with what the video component needs. */
export interface VideoHandle extends Handle {
  /** Props for the `<Video>` component; stays the same object over all views. */
  readonly callbacks: VideoCallbacks;
  /** Tell it each value of the `paused` prop: only the app knows when playback is asked for. */
  setPaused(paused: boolean): void;
}

const DEFAULT_HEARTBEAT_MS = 10_000;
const FASTEST_HEARTBEAT_MS = 1_000;

const senders: Record<string, Sender> = {};

/** Begins a view; hand its `callbacks` to the `<Video>` component. Never throws. */
export function monitorVideo(options: VideoOptions): VideoHandle {
  const { paused = false } = options;
  const video = new VideoState();
  video.paused = paused;
  const session = guarded(openSession)(options, video);
  const callbacks = {} as Record<string, (data: never) => void>;
  if (session) {
    for (const name of Object.keys(session._follower.callbacks)) {
      callbacks[name] = (data) => session._follower.callbacks[name as keyof VideoCallbacks](data);
    }
  }
  const own = {
    callbacks: callbacks as unknown as VideoCallbacks,
    setPaused: guarded((value: boolean) => session!._follower.setPaused(value)),
  };
  // Not `Object.assign` onto the result: it would read `viewId` once and for all.
  return Object.defineProperties(handleOf(session), Object.getOwnPropertyDescriptors(own)) as VideoHandle;
}

interface VideoSession extends Session {
  _follower: Follower;
}

function openSession(options: VideoOptions, video: VideoState): VideoSession {
  const { key, endpoint, prefix = '/in', heartbeatMs, sampleRate = 1, translateError = (error) => error } = options;
  const url = `${endpoint}${prefix}/${encodeURIComponent(key)}`;
  const sender = senders[url] || (senders[url] = openSender(url));

  const session = {
    _begin(data) {
      const chosen = !(Math.random() >= sampleRate);
      const view = (session._view = openView(
        video,
        (event) => chosen && add(sender, view, event),
        () => sender._heartbeatMs || Math.max(FASTEST_HEARTBEAT_MS, heartbeatMs || DEFAULT_HEARTBEAT_MS),
        translateError,
      ));
      const facts: ViewData = { sdk: `playhead-react-native/${VERSION}`, player_software: 'react-native-video' };
      if (sampleRate < 1) facts.sample_rate = sampleRate;
      learn(view, permitted(Object.assign(facts, data)));
      session._follower = followVideo(video, view);
    },
    _finish() {
      session._follower.stop();
      end(session._view);
    },
    _forget() {
      if (listening) listening.remove();
    },
  } as VideoSession;

  session._begin(options.data);
  say(session._view, 'viewinit');
  const onAppState = guarded((state: string) => {
    if (session._over) return;
    if (state === 'active') woke(session._view);
    else beat(session._view);
    carryOn(sender);
  });
  const listening = options.appState && options.appState.addEventListener('change', onAppState);
  return session;
}
