/** What the demo asks of the server and of the SDK: the same script and the same call as on anybody's page. */
import { getJson } from '../api/client';

export interface DemoConfig {
  ingest_key: string;
  intake_path: string;
  live_token: string;
  video_id: string;
}

interface Monitor {
  readonly viewId: string;
}

interface Options {
  key: string;
  prefix: string;
  heartbeatMs: number;
  data: Record<string, string>;
}

interface Sdk {
  monitor(video: HTMLVideoElement, options: Options): Monitor;
}

declare global {
  interface Window {
    playhead?: Sdk;
  }
}

export const VIDEO_SRC = '/demo/playhead-demo.mp4';
export const VIDEO_TITLE = 'Playhead demo';

export const demoConfig = (signal: AbortSignal): Promise<DemoConfig> => getJson<DemoConfig>('/demo/config', signal);

/** Loads the SDK the way a publisher does, with a script element. */
export function loadSdk(): Promise<Sdk> {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = '/sdk/playhead.js';
    script.onload = () => (window.playhead === undefined ? reject(new Error('The SDK did not start.')) : resolve(window.playhead));
    script.onerror = () => reject(new Error('The SDK could not be loaded.'));
    document.head.append(script);
  });
}

/** Ten times as often as by default: here someone watches the watching. */
const HEARTBEAT_MS = 1_000;

export function monitor(sdk: Sdk, video: HTMLVideoElement, config: DemoConfig): Monitor {
  return sdk.monitor(video, {
    key: config.ingest_key,
    // The intake may have been moved; its path ends with the key, which the SDK appends by itself.
    prefix: config.intake_path.slice(0, config.intake_path.lastIndexOf('/')),
    heartbeatMs: HEARTBEAT_MS,
    data: { video_id: config.video_id, video_title: VIDEO_TITLE },
  });
}
