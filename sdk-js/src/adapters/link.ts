/** What adapters tell the handle of a monitored element: each fact once per view, each error once. */

import type { Handle, ViewData } from '../index';
import { cdnOf, type HeaderOf } from './cdn';

/** What an adapter uses of the handle that `monitor()` gave. */
export type Watched = Pick<Handle, 'viewId' | 'set' | 'error'>;

/** Facts as engines have them: nothing, 0 or NaN where they do not know. */
type Facts = Record<string, string | number | null | undefined>;

/** What is on screen. */
interface Picture {
  width?: number | null | undefined;
  height?: number | null | undefined;
  frameRate?: number | null | undefined;
}

/** Among the codecs of a stream, or in a MIME type. */
const VIDEO_CODEC = /\b(avc|hev|hvc|vp|av01|dv)[\w.]*/;
const HOST = /^https?:\/\/([^/:?#]+)/;

/** `software` and `version` are told anew with every view. */
export function linkTo(handle: Watched, software: string, version: string | undefined) {
  let told: Facts = {};
  let viewId: string | undefined;
  let warned = new Set<string>();

  /** Passes on what is known and new in this view. */
  const tell = (facts: Facts) => {
    if (handle.viewId !== viewId) {
      viewId = handle.viewId;
      told = {};
      warned = new Set();
      tell({ player_software: software, player_software_version: version });
    }
    const news: Facts = {};
    for (const name of Object.keys(facts)) {
      const fact = facts[name];
      if (fact && fact !== told[name]) news[name] = told[name] = fact;
    }
    if (Object.keys(news)[0]) handle.set(news as ViewData);
  };

  /** This is what the viewer sees now; bits per second, sound included where the engine knows it. */
  const shows = ({ width, height, frameRate }: Picture, bitrate: number | undefined, codec: string | null | undefined) =>
    tell({
      rendition_bitrate: bitrate,
      rendition_width: width,
      rendition_height: height,
      rendition_fps: frameRate,
      rendition_codec: VIDEO_CODEC.exec(codec ?? '')?.[0],
    });

  /** Whether it is live, and then how many seconds behind the live edge playback is, if the engine knows. */
  const live = (isLive: boolean, behind = () => 0) =>
    tell({ stream_type: isLive ? 'live' : 'on-demand', live_latency_ms: isLive ? Math.round(behind() * 1_000) : 0 });

  /** An engine repeats its warnings with every attempt; the same one again says nothing new. */
  const fail = (code: string | number, message: string, fatal: boolean) => {
    tell({});
    const warning = code + message;
    if (!fatal && warned.has(warning)) return;
    warned.add(warning);
    handle.error({ code: `${code}`, message, severity: fatal ? 'fatal' : 'warning' });
  };

  /** A piece of media came from here, with these headers. */
  const delivered = (url: string, header: HeaderOf) =>
    tell({ source_hostname: HOST.exec(url)?.[1], cdn: cdnOf(header) });

  tell({});
  return { shows, live, fail, delivered };
}
