/** Tells what dash.js 5 knows and the element does not: `const detach = dashjs(handle, player)`. */

import { headersIn } from './cdn';
import { linkTo } from './link';
import { adapter } from './listening';

interface Representation {
  mediaInfo?: { type: string } | null;
  bandwidth: number;
  width: number;
  height: number;
  frameRate: number;
  codecs: string | null;
}

interface Rendered {
  mediaType: string;
  newRepresentation: Representation;
}

interface Loaded {
  request: { mediaType: string; url: string };
  error?: unknown;
}

interface Failure {
  error: { code: number | null; message: string; data?: { request?: { mediaType?: string } } | null };
}

/** What the adapter uses of a `MediaPlayer`. */
export interface DashLike {
  on(type: never, listener: never): void;
  off(type: never, listener: never): void;
  getVersion(): string;
  isDynamic(): boolean;
  /** Seconds. */
  getCurrentLiveLatency(): number;
  getBufferLength(type: never): number;
  getDashMetrics(): { getCurrentHttpRequest(type: never): Partial<Record<string, unknown>> | null };
}

/** The element's own errors, which it tells itself. */
const OF_ELEMENT = 5;
/** Of a request in dash.js' metrics, in one piece; by this name, which the build must not shorten. */
const HEADERS = '_responseHeaders';
/** A clock, a linked fragment of the manifest, or subtitles: playing goes on without. */
const DISPENSABLE = [12, 16, 29, 33];
/** A segment that was not to be had after all attempts: another base URL may have it. */
const SEGMENT = [17, 27, 28];

export const dashjs = adapter(({ listen }, handle, player: DashLike) => {
  const link = linkTo(handle, 'dash.js', player.getVersion());
  /** What is on screen and in the speakers, by media type. */
  let rendered: Record<string, Representation> = {};
  /** The last segment that failed, by media type, until one of its kind arrives. */
  const missing: Record<string, Failure['error']> = {};

  const look = () => {
    const { video, audio } = rendered;
    if (video) link.shows(video, video.bandwidth + (audio ? audio.bandwidth : 0), video.codecs);
    link.live(player.isDynamic(), () => player.getCurrentLiveLatency());
  };
  const stuck = (type: string) => {
    const error = missing[type];
    delete missing[type];
    if (error) link.fail(error.code!, error.message, true);
  };

  listen(player, 'on', 'off', {
    playbackMetaDataLoaded: () => {
      rendered = {};
    },
    streamInitialized: look,
    qualityChangeRendered({ mediaType, newRepresentation }: Rendered) {
      rendered[mediaType] = newRepresentation;
      look();
    },
    fragmentLoadingCompleted({ request: { mediaType, url }, error }: Loaded) {
      if (error) return;
      delete missing[mediaType];
      const last = player.getDashMetrics().getCurrentHttpRequest(mediaType as never);
      link.delivered(url, headersIn(String(last?.[HEADERS])));
      look();
    },
    bufferStalled: ({ mediaType }: { mediaType: string }) => stuck(mediaType),
    error({ error }: Failure) {
      const { code, message, data } = error;
      // Without a code: failures of CMCD targets, which no viewer notices.
      if (code === null || code === undefined || code <= OF_ELEMENT) return;
      const segment = SEGMENT.indexOf(code) >= 0;
      link.fail(code, message, !segment && DISPENSABLE.indexOf(code) < 0);
      const type = data?.request?.mediaType;
      if (!segment || !type) return;
      missing[type] = error;
      if (!(player.getBufferLength(type as never) > 0)) stuck(type);
    },
  });
});
