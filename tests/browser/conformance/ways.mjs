/**
 * The ways in: how a publisher would put each on a page, and what each of them cannot tell. `cannot` names a figure of
 * the truth and why; it is the source of the table in docs/players.md.
 */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ENGINES, filesFor } from '../engines.mjs';

const npm = (path) => fileURLToPath(new URL(`../node_modules/${path}`, import.meta.url));
const SPECIFICATION = '@eyevinn/player-analytics-specification/package.json';

const PLAYHEAD = '<script src="/playhead.js"></script>';
const ENGINE = '<script src="/engine.js"></script>';
const ADAPTER = '<script src="/adapter.js"></script>';
const MUX = '<script src="/mux.js"></script>';
const MUX_FILES = { '/mux.js': npm('mux-embed/dist/mux.js') };
const SDK_FILES = filesFor(ENGINES['hls.js']);
const EPAS_FILES = {
  '/epas.js': npm('@eyevinn/player-analytics-client-sdk-web/dist/module.js'),
  '/filter.js': npm('@eyevinn/media-event-filter/build/mef.min.js'),
};
const IMPORTS = { '@eyevinn/media-event-filter': '/filter.js', [SPECIFICATION]: '/specification.js' };

const NO_HEIGHT = 'has no word for the size of the picture';
/** Of CMCD, in whichever player. */
const CMCD_CANNOT = { ranges: 'CMCD does not say where in the video playback is', rendition_height: `CMCD ${NO_HEIGHT}` };
const UNREPORTED = 'a `load()` that fails is not reported';
const NO_STATES = 'names no states: playing, waiting, seeking are one to it';
const ONE_RENDITION = 'a file has one rendition, and the element does not know its bitrate';
const playhead = (way, { url, key }) =>
  `window.handle = playhead.monitor(video, { key: '${key}', endpoint: '${url}', data: { video_id: '${way}' } });`;

/** With our SDK and an adapter. */
function adapted(name) {
  const engine = ENGINES[name];
  return {
    title: `our SDK with ${engine.title}`,
    media: engine.manifest,
    files: filesFor(engine),
    scripts: ENGINE + PLAYHEAD + ADAPTER,
    setUp: (way, collector, src) =>
      `${engine.setUp(src)} ${playhead(way, collector)} playhead.${engine.adapter}(handle, engine); load();`,
    cannot: {},
  };
}

/** The engine's own CMCD, and no script of anybody's beside it. */
function cmcd(name, options, cannot) {
  const engine = ENGINES[name];
  return {
    title: `CMCD of ${engine.title}`,
    media: engine.manifest,
    files: { '/engine.js': engine.script },
    scripts: ENGINE,
    setUp: (way, { url, key }, src) => `${engine.setUp(src, options(way, `${url}/in/${key}/cmcd`))} load();`,
    cannot,
  };
}

const DASH_KEYS = ['ab', 'bg', 'bl', 'br', 'bs', 'bsa', 'bsd', 'bsda', 'cdn', 'cen', 'cid', 'd', 'dfa', 'dl', 'e', 'ec', 'h', 'lab', 'lb',
  'ltc', 'msd', 'mtp', 'nr', 'ot', 'pb', 'pr', 'pt', 'rc', 'rtp', 'sf', 'sid', 'sn', 'st', 'sta', 'su', 'tab', 'tb', 'tbl', 'tpb', 'ts',
  'ttfb', 'ttfbb', 'ttlb', 'url', 'v'];

/** By their names in `video_id`. */
export const WAYS = {
  'sdk-mp4': {
    title: 'our SDK, `<video>`', media: 'video.mp4', files: SDK_FILES, scripts: PLAYHEAD,
    setUp: (way, collector, src) => `video.src = '${src}'; ${playhead(way, collector)}`,
    cannot: { rendition_bitrate: ONE_RENDITION },
  },
  'sdk-audio': {
    title: 'our SDK, `<audio>`', element: 'audio', media: 'sound.m4a', files: SDK_FILES, scripts: PLAYHEAD,
    setUp: (way, collector, src) => `video.src = '${src}'; ${playhead(way, collector)}`,
    cannot: { rendition_bitrate: ONE_RENDITION, rendition_height: 'no picture' },
  },
  'sdk-hlsjs': adapted('hls.js'),
  'sdk-dashjs': adapted('dash.js'),
  'sdk-shaka': adapted('shaka'),
  'sdk-videojs': adapted('video.js'),
  'mux-mp4': {
    title: 'mux-embed, `<video>`', media: 'video.mp4', files: MUX_FILES, scripts: MUX,
    setUp: (way, { url, key }, src) => `video.src = '${src}'; mux.monitor(video, {
      beaconCollectionDomain: '${new URL(url).host.replace('127.0.0.1', 'localhost')}', data: { env_key: '${key}', video_id: '${way}' } });`,
    cannot: { rendition_bitrate: ONE_RENDITION },
  },
  'mux-hlsjs': {
    title: 'mux-embed with hls.js', media: ENGINES['hls.js'].manifest,
    files: { ...MUX_FILES, '/engine.js': ENGINES['hls.js'].script }, scripts: MUX + ENGINE,
    setUp: (way, { url, key }, src) => `${ENGINES['hls.js'].setUp(src)} mux.monitor(video, { hlsjs: engine, Hls,
      beaconCollectionDomain: '${new URL(url).host.replace('127.0.0.1', 'localhost')}', data: { env_key: '${key}', video_id: '${way}' } }); load();`,
    cannot: {},
  },
  'cmcd-hlsjs': cmcd('hls.js', (way, url) => `{ cmcd: { version: 2, contentId: '${way}', includeKeys: [],
    eventTargets: [{ url: '${url}', events: ['ps', 'e', 't', 'bc', 'pr'], interval: 10 }] } }`, CMCD_CANNOT),
  'cmcd-dashjs': cmcd('dash.js', (way, url) => `{ cmcd: { enabled: true, version: 2, sid: crypto.randomUUID(), cid: '${way}', includeInRequests: [],
    eventTargets: [{ enabled: true, url: '${url}', events: ['ps', 'e', 't', 'rr'], interval: 10, includeInRequests: ['segment', 'mpd'],
      enabledKeys: ${JSON.stringify(DASH_KEYS)} }] } }`, CMCD_CANNOT),
  'cmcd-shaka': cmcd('shaka', (way, url) => `{ cmcd: { enabled: true, version: 2, sessionId: crypto.randomUUID(), contentId: '${way}', includeKeys: ['cen'],
    eventTargets: [{ enabled: true, url: '${url}', events: ['ps', 'e', 't', 'bc', 'rr', 'b'], interval: 10 }] } }`,
    {
      ...CMCD_CANNOT, video_startup_ms: 'counts from loading, not from the press on play', rebuffer_ms: NO_STATES, rebuffer_count: NO_STATES,
      seek_count: NO_STATES, playing_ms: NO_STATES, rendition_bitrate: 'keeps naming the first rendition when the page chooses another',
      playback_failure: UNREPORTED, view_started: UNREPORTED,
    }),
  epas: {
    title: "EPAS, Eyevinn's SDK", media: 'video.mp4', files: EPAS_FILES,
    pages: { '/specification.js': `export default ${readFileSync(npm(SPECIFICATION), 'utf8')}` },
    scripts: `<script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>`,
    setUp: (way, { url, key }, src) => `
      const { PlayerAnalyticsConnector } = await import('/epas.js');
      const epas = new PlayerAnalyticsConnector('${url}/in/${key}/epas');
      await epas.init({ sessionId: crypto.randomUUID() });
      epas.reportMetadata({ live: false, contentId: '${way}' });
      video.src = '${src}';
      // Its clock of the start runs from here.
      window.press = () => epas.load(video);
      window.leave = () => { epas.reportStop(); epas.destroy(); };`,
    cannot: {
      rendition_bitrate: ONE_RENDITION, rendition_height: `EPAS ${NO_HEIGHT} unless the page reports it`,
      playback_failure: 'an error is what the page reports (`reportError`)',
    },
  },
};

/** A viewer who presses play before there is anything to play: the failure is this viewer's. */
const IMPATIENT = 'video.autoplay = true; void video.play().catch(() => undefined);';

/** The page of a way: it is ready to be pressed when its title says so. `lost`: its media is not there. */
export function pageOf(way, videoId, collector, lost) {
  const { element = 'video', scripts, setUp, media } = WAYS[way];
  return `<!doctype html><title>preparing</title><meta charset="utf-8"><${element} preload="auto" width="320"></${element}>${scripts}
<script type="module">
  globalThis.video = document.querySelector('${element}');
  ${lost ? IMPATIENT : ''}
  ${setUp(videoId, collector, `/media/${lost ? 'none-' : ''}${media}`)}
  document.title = 'ready';
</script>`;
}
