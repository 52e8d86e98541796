/** Tells what hls.js 1.x knows and the element does not: `const detach = hlsjs(handle, hls)`, from `new Hls()` on. */

import { headersIn } from './cdn';
import { linkTo } from './link';
import { adapter } from './listening';

interface Level {
  bitrate: number;
  width: number;
  height: number;
  frameRate: number;
  videoCodec: string | undefined;
}

interface Loaded {
  frag: { url: string };
  /** The XMLHttpRequest or, with hls.js' fetch loader, the Response. */
  networkDetails?: { getAllResponseHeaders?(): string; headers?: { get(name: string): string | null } } | null;
}

interface Failure {
  type: string;
  details: string;
  fatal: boolean;
  error?: { message: string };
  url?: string;
  frag?: { url: string };
  response?: { code: number };
}

/** What the adapter uses of an `Hls`. */
export interface HlsLike {
  on(type: never, listener: never): void;
  off(type: never, listener: never): void;
  levels: Level[];
  /** Of the fragment at the playhead; -1 before the first. */
  currentLevel: number;
  /** Seconds behind the live edge. */
  latency: number;
  media?: { error: unknown } | null;
}

/** Nobody's fault, or signs of a stall, which is told as rebuffering already. */
const ORDINARY = /^(aborted|buffer(StalledError|NudgeOnStall|SeekOverHole))$/;

export const hlsjs = adapter(({ listen, detach }, handle, hls: HlsLike) => {
  const { version } = hls.constructor as { version?: string };
  const link = linkTo(handle, 'hls.js', version);
  let live: boolean | undefined;

  const look = () => {
    const level = hls.levels[hls.currentLevel];
    if (level) link.shows(level, level.bitrate, level.videoCodec);
    // Before the first fragment plays, the playhead says nothing of where playback will be.
    if (live !== undefined) link.live(live, () => (level ? hls.latency : 0));
  };

  listen(hls, 'on', 'off', {
    hlsLevelLoaded(_: string, { details }: { details: { live: boolean } }) {
      live = details.live;
      look();
    },
    // Both speak of the fragment at the playhead, not of the one being loaded.
    hlsLevelSwitched: look,
    hlsFragChanged: look,
    hlsFragLoaded(_: string, { frag, networkDetails: http }: Loaded) {
      const { headers } = http ?? {};
      link.delivered(frag.url, headers ? (name) => headers.get(name) : headersIn(http?.getAllResponseHeaders?.() ?? ''));
    },
    hlsError(_: string, { type, details, fatal, error, url, frag, response }: Failure) {
      // An element that has failed has said so itself.
      if (hls.media?.error || (!fatal && ORDINARY.test(details))) return;
      const what = error?.message ?? type;
      link.fail(details, [what, response?.code, url ?? frag?.url].filter(Boolean).join(' '), fatal);
    },
    hlsDestroying: detach,
  });
  look();
});
