/**
 * Tells what Video.js 8 and its streaming engine (VHS) know and the element does not:
 * `const detach = videojs(handle, player)`. The version is that of the global `videojs`, or the one given.
 */

import { linkTo } from './link';
import { adapter, listening, type Listener } from './listening';

interface Response {
  statusCode: number;
  headers: Record<string, string>;
}

type ResponseHook = (request: { uri: string; requestType: string }, error: unknown, response: Response) => void;

interface Cue {
  /** Of the variant that the segment in this cue was taken from. */
  value: { bandwidth?: number; resolution?: { width: number; height: number }; codecs?: string; playlist: string };
}

interface MetadataTrack {
  label: string;
  activeCues: ArrayLike<Cue> | null;
  addEventListener(type: string, listener: Listener): void;
  removeEventListener(type: string, listener: Listener): void;
}

interface Vhs {
  xhr: { onResponse(hook: ResponseHook): void; offResponse(hook: ResponseHook): void };
  playlists: { main: { playlists: { id: string; attributes: { 'FRAME-RATE'?: number } }[] } };
}

/** What the adapter uses of a player. */
export interface VideojsLike {
  on(type: never, listener: never): void;
  off(type: never, listener: never): void;
  error(): { code: number; message: string } | null;
  duration(): number;
  tech(quiet: true): { vhs?: Vhs; error(): unknown };
  textTracks(): ArrayLike<unknown>;
}

declare global {
  var videojs: { VERSION?: string } | undefined;
}

export const videojs = adapter(({ listen, atEnd, detach }, handle, player: VideojsLike, version?: string) => {
  const link = linkTo(handle, 'video.js', version ?? globalThis.videojs?.VERSION);
  /** Each source has a VHS of its own; those that the browser plays by itself have none. */
  const source = listening();
  atEnd(source.detach);

  const answered: ResponseHook = ({ uri, requestType }, _, { statusCode, headers }) => {
    if (statusCode >= 400) link.fail(`http-${statusCode}`, `${requestType} ${uri}`, false);
    else if (requestType === 'segment') link.delivered(uri, (name) => headers[name]);
  };
  const hook = () => {
    source.detach();
    const { vhs } = player.tech(true);
    if (!vhs) return;
    vhs.xhr.onResponse(answered);
    source.atEnd(() => vhs.xhr.offResponse(answered));
  };
  const follow = () => {
    const duration = player.duration();
    if (!(duration > 0)) return;
    const { vhs } = player.tech(true);
    const tracks = Array.from(player.textTracks()) as MetadataTrack[];
    const metadata = tracks.filter(({ label }) => label === 'segment-metadata').pop();
    const look = () => {
      // How far behind the live edge it is, VHS does not tell: its seekable end keeps a distance of its own.
      link.live(duration === Infinity);
      const [cue] = Array.from(metadata?.activeCues ?? []);
      if (!cue || !vhs) return;
      const { bandwidth, resolution, codecs, playlist } = cue.value;
      const frameRate = vhs.playlists.main.playlists.find(({ id }) => id === playlist)?.attributes['FRAME-RATE'];
      link.shows({ frameRate, width: resolution?.width, height: resolution?.height }, bandwidth, codecs);
    };
    look();
    if (metadata) source.listen(metadata, 'addEventListener', 'removeEventListener', { cuechange: look });
  };

  listen(player, 'on', 'off', {
    'xhr-hooks-ready': hook,
    loadedmetadata: follow,
    error() {
      const error = player.error();
      // An element that has failed has said so itself.
      if (error && !player.tech(true).error()) link.fail(error.code, error.message, true);
    },
    dispose: detach,
  });
  hook();
  follow();
});
