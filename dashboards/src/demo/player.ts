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

interface Sdk {
  monitor(video: HTMLVideoElement, options: { key: string; data: Record<string, string> }): Monitor;
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

export function monitor(sdk: Sdk, video: HTMLVideoElement, config: DemoConfig): Monitor {
  return sdk.monitor(video, { key: config.ingest_key, data: { video_id: config.video_id, video_title: VIDEO_TITLE } });
}
