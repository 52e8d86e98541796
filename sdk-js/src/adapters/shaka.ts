/**
 * Tells what Shaka Player 5 knows and the element does not: `const detach = shaka(handle, player)`, before `load()`.
 *
 * Shaka tells what is rendered only if asked to, so `streaming.observeQualityChanges` is switched on; and it tells
 * a failed `load()` to its caller alone, so `load` is listened in on.
 */

import { guarded } from '../core/guard';
import { linkTo } from './link';
import { adapter } from './listening';

interface Track {
  active: boolean;
  bandwidth: number;
  videoBandwidth: number | null;
  width: number | null;
  height: number | null;
  frameRate: number | null;
  videoCodec: string | null;
}

interface Quality {
  contentType: string;
  bandwidth?: number | null;
  width: number | null;
  height: number | null;
}

interface ShakaError {
  severity: number;
  code: number;
  message: string;
  data?: unknown[];
}

interface Headers {
  headers: Record<string, string>;
  request: { uris: string[] };
  requestType: number;
}

/** What the adapter uses of a `shaka.Player`. */
export interface ShakaLike {
  addEventListener(type: never, listener: never): void;
  removeEventListener(type: never, listener: never): void;
  configure(setting: never, value: never): unknown;
  load: (...asked: never[]) => Promise<unknown>;
  isLive(): boolean;
  getVariantTracks(): Track[];
  /** `liveLatency` in seconds. */
  getStats(): { liveLatency: number };
  getMediaElement(): { error: unknown } | null;
}

const CRITICAL = 2;
/** `RequestType.SEGMENT`. */
const SEGMENT = 1;
/** Another load, an unload or a destroy came in between: nobody's fault. */
const INTERRUPTED = [7000, 7001, 7003];

export const shaka = adapter(({ listen, atEnd }, handle, player: ShakaLike) => {
  const { version } = player.constructor as { version?: string };
  const link = linkTo(handle, 'shaka', version?.replace('v', ''));
  /** Picture and sound of one broken source fail one after the other, and a failed `load()` may be told twice. */
  let told: number | undefined;

  const look = (quality?: Quality) => {
    const fits = ({ width, height, videoBandwidth }: Track) =>
      width === quality!.width && height === quality!.height && (!quality!.bandwidth || videoBandwidth === quality!.bandwidth);
    const candidates = quality ? player.getVariantTracks().filter(fits) : [];
    const track = candidates.find(({ active }) => active) ?? candidates[0];
    if (track) link.shows(track, track.bandwidth, track.videoCodec);
    link.live(player.isLive(), () => player.getStats().liveLatency);
  };
  const failed = (error: ShakaError) => {
    const { code, severity } = error;
    // An element that has failed has said so itself.
    if (code === told || INTERRUPTED.indexOf(code) >= 0 || player.getMediaElement()?.error) return;
    if (severity === CRITICAL) told = code;
    // First comes what was asked for, then what the answer was; more may hold whole documents.
    link.fail(code, `${error.message} ${(error.data ?? []).slice(0, 2).join(' ')}`, severity === CRITICAL);
  };

  listen(player, 'addEventListener', 'removeEventListener', {
    loading() {
      told = undefined;
    },
    loaded: () => look(),
    segmentappended: () => look(),
    mediaqualitychanged({ mediaQuality }: { mediaQuality: Quality }) {
      if (mediaQuality.contentType === 'video') look(mediaQuality);
    },
    downloadheadersreceived({ headers, request, requestType }: Headers) {
      if (requestType === SEGMENT) link.delivered(request.uris[0]!, (name) => headers[name]);
    },
    error: ({ detail }: { detail: ShakaError }) => failed(detail),
  });
  player.configure('streaming.observeQualityChanges' as never, true as never);
  const load = player.load;
  const overheard: ShakaLike['load'] = (...asked) => {
    const loading = load.apply(player, asked);
    loading.catch(guarded(failed));
    return loading;
  };
  player.load = overheard;
  atEnd(() => {
    if (player.load === overheard) player.load = load;
  });
});
