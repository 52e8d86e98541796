/** The demo video as a stream with segments of four seconds: what players that fetch for themselves are fed with. */

import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const DEMO = fileURLToPath(new URL('../../dashboards/public/demo/playhead-demo.mp4', import.meta.url));
const SEGMENT_S = 4;
/** So much of the video, so that its making takes no time. */
const LENGTH_S = 32;
/** What the master playlist says of the one rendition there is. */
export const RENDITION = { bitrate: 150_000, width: 640, height: 360 };

const MASTER = `#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=${RENDITION.bitrate},RESOLUTION=${RENDITION.width}x${RENDITION.height}
media.m3u8
`;

/** Makes it with ffmpeg. `files` are for a site, under `/hls/`; `remove` when they are needed no more. */
export async function makeHls() {
  const folder = await mkdtemp(join(tmpdir(), 'playhead-browser-hls-'));
  const encoding = ['-c:v', 'libx264', '-preset', 'ultrafast', '-b:v', '100k', '-g', String(25 * SEGMENT_S), '-c:a', 'copy'];
  const cutting = ['-f', 'hls', '-hls_time', String(SEGMENT_S), '-hls_list_size', '0', '-hls_playlist_type', 'vod'];
  const naming = ['-hls_segment_filename', join(folder, 'segment%d.ts'), join(folder, 'media.m3u8')];
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-t', String(LENGTH_S), '-i', DEMO, ...encoding, ...cutting, ...naming]);
  await writeFile(join(folder, 'master.m3u8'), MASTER);
  const names = await readdir(folder);
  return {
    files: Object.fromEntries(names.map((name) => [`/hls/${name}`, join(folder, name)])),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A playlist of a stream that began then, with the time of day of its programme, as it is now. */
export function livePlaylist(beganMs) {
  const made = Math.min(Math.floor((Date.now() - beganMs) / (SEGMENT_S * 1_000)), LENGTH_S / SEGMENT_S);
  const segment = (_, n) => `#EXT-X-PROGRAM-DATE-TIME:${new Date(beganMs + n * SEGMENT_S * 1_000).toISOString()}
#EXTINF:${SEGMENT_S},
segment${n}.ts
`;
  return `#EXTM3U
#EXT-X-VERSION:3
#EXT-X-TARGETDURATION:${SEGMENT_S}
#EXT-X-MEDIA-SEQUENCE:0
${Array.from({ length: made }, segment).join('')}`;
}
