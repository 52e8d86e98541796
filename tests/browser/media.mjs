/**
 * The tests' own media, made by ffmpeg when first needed: 24 s of test picture with a tone, in two renditions as HLS and
 * DASH over the same CMAF segments, besides a plain MP4 and a sound file.
 */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CACHE = fileURLToPath(new URL('node_modules/.cache/media/', import.meta.url));

export const DURATION_S = 24;
export const SEGMENT_S = 2;
const FPS = 24;
const SOUND_BPS = 48_000;
/** `bitrate`: what a manifest says of picture and sound together. */
export const RENDITIONS = [
  { width: 160, height: 90, videoBps: 72_000, bitrate: 72_000 + SOUND_BPS, codec: 'avc1.42c00b', fps: FPS },
  { width: 320, height: 180, videoBps: 232_000, bitrate: 232_000 + SOUND_BPS, codec: 'avc1.42c00d', fps: FPS },
];

const SOURCES = [
  '-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=${FPS}:duration=${DURATION_S}`,
  '-f', 'lavfi', '-i', `sine=frequency=220:sample_rate=48000:duration=${DURATION_S}`,
];
/** A key frame at each second, nowhere else: a segment can be had without the one before. */
const VIDEO = [
  '-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'baseline', '-pix_fmt', 'yuv420p',
  '-g', String(FPS), '-keyint_min', String(FPS), '-sc_threshold', '0',
];
const AUDIO = ['-c:a', 'aac', '-b:a', String(SOUND_BPS), '-ac', '1'];

const rates = (n, { videoBps }) => [`-b:v:${n}`, String(videoBps), `-maxrate:v:${n}`, String(videoBps), `-bufsize:v:${n}`, String(videoBps / 2)];

const ADAPTIVE = [
  ...SOURCES,
  ...RENDITIONS.flatMap(() => ['-map', '0:v']), '-map', '1:a', ...VIDEO, ...AUDIO,
  ...RENDITIONS.flatMap((rendition, n) => [...rates(n, rendition), `-s:v:${n}`, `${rendition.width}x${rendition.height}`]),
  ...RENDITIONS.flatMap((_, n) => [`-level:v:${n}`, n === 0 ? '1.1' : '1.3']),
  '-f', 'dash', '-seg_duration', String(SEGMENT_S), '-use_template', '1', '-use_timeline', '0',
  '-adaptation_sets', 'id=0,streams=v id=1,streams=a', '-hls_playlist', '1',
  '-init_seg_name', 'init-$RepresentationID$.m4s', '-media_seg_name', 'part-$RepresentationID$-$Number$.m4s',
  'manifest.mpd',
];
const PLAIN = [
  ...SOURCES, '-map', '0:v', '-map', '1:a', ...VIDEO, ...AUDIO, ...rates(0, RENDITIONS[1]),
  '-movflags', '+faststart', 'video.mp4',
];
const SOUND = [...SOURCES, '-map', '1:a', '-c:a', 'aac', '-b:a', '128k', '-ac', '1', '-movflags', '+faststart', 'sound.m4a'];

/** Written by hand: ffmpeg measures a bandwidth, and the tests want to know it beforehand. */
const MASTER = [
  '#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-INDEPENDENT-SEGMENTS',
  `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="tone",DEFAULT=YES,AUTOSELECT=YES,URI="media_${RENDITIONS.length}.m3u8"`,
  ...RENDITIONS.flatMap(({ bitrate, width, height, codec }, n) => [
    `#EXT-X-STREAM-INF:BANDWIDTH=${bitrate},RESOLUTION=${width}x${height},FRAME-RATE=${FPS},CODECS="${codec},mp4a.40.2",AUDIO="sound"`,
    `media_${n}.m3u8`,
  ]), '',
].join('\n');

let made;
/** The folder that holds it all. */
export const media = () => (made ??= make());

async function make() {
  const recipe = JSON.stringify([ADAPTIVE, PLAIN, SOUND, MASTER, String(offsets)]);
  const folder = join(CACHE, createHash('sha256').update(recipe).digest('hex').slice(0, 16));
  if ((await readdir(folder).catch(() => [])).length > 0) return folder;
  // In a folder of its own first: another run may be making the same, and half a film is worse than none.
  const draft = `${folder}.${process.pid}`;
  await mkdir(draft, { recursive: true });
  for (const job of [ADAPTIVE, PLAIN, SOUND]) {
    await run('ffmpeg', ['-nostdin', '-loglevel', 'error', '-y', ...job], { cwd: draft });
  }
  await writeFile(join(draft, 'master.m3u8'), MASTER);
  for (const file of ['video.mp4', 'sound.m4a']) await writeFile(join(draft, `${file}.json`), await offsets(join(draft, file)));
  await checkBandwidths(draft);
  await rename(draft, folder).catch(() => rm(draft, { recursive: true }));
  return folder;
}

/** Where in the file each second begins, as JSON: whoever has the bytes before has the seconds before. */
async function offsets(file) {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', 'packet=pts_time,pos', '-of', 'csv=p=0', file]);
  const packets = stdout.trim().split('\n').map((line) => line.split(',').map(Number));
  const from = (second) => Math.min(...packets.filter(([at]) => at >= second).map(([, byte]) => byte));
  return JSON.stringify(Array.from({ length: DURATION_S }, (_, second) => from(second)));
}

/** What ffmpeg writes into the DASH manifest must be what was asked for. */
async function checkBandwidths(folder) {
  const manifest = await readFile(join(folder, 'manifest.mpd'), 'utf8');
  const found = [...manifest.matchAll(/bandwidth="(\d+)"/g)].map(([, bandwidth]) => Number(bandwidth));
  const asked = [...RENDITIONS.map(({ videoBps }) => videoBps), SOUND_BPS];
  if (String(found) !== String(asked)) throw new Error(`ffmpeg made ${found} bit/s where ${asked} were asked for`);
}
