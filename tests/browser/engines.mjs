/**
 * The players as a publisher embeds them: for each, its script, and the lines that play `src` in the page's element.
 * They leave on the page: `engine`, and `choose(n)`, which takes rendition `n` for what is loaded from now on.
 */

import { fileURLToPath } from 'node:url';

const npm = (path) => fileURLToPath(new URL(`node_modules/${path}`, import.meta.url));
const sdk = (path) => fileURLToPath(new URL(`../../sdk-js/dist/${path}`, import.meta.url));

/**
 * `adapter`: the name under which `playhead` has it; `hasty`: options to give up sooner. Renditions are numbered by
 * height, 0 the smallest, which playback begins with.
 */
export const ENGINES = {
  'hls.js': {
    title: 'hls.js', script: npm('hls.js/dist/hls.js'), version: '1.7.4', adapter: 'hlsjs', manifest: 'master.m3u8',
    hasty: '{ fragLoadPolicy: { default: { maxTimeToFirstByteMs: 9000, maxLoadTimeMs: 9000, timeoutRetry: null, errorRetry: { maxNumRetry: 1, retryDelayMs: 100, maxRetryDelayMs: 100 } } } }',
    setUp: (src, options = '{}') => `
      window.engine = new Hls({ startLevel: 0, enableWorker: false, ...${options} });
      engine.on(Hls.Events.MANIFEST_PARSED, () => { engine.loadLevel = 0; });
      window.choose = (n) => { engine.loadLevel = n; };
      window.load = () => { engine.loadSource('${src}'); engine.attachMedia(video); };`,
  },
  'dash.js': {
    title: 'dash.js', script: npm('dashjs/dist/modern/umd/dash.all.min.js'), version: '5.2.1', adapter: 'dashjs', manifest: 'manifest.mpd',
    setUp: (src, options = '{}') => `
      window.engine = dashjs.MediaPlayer().create();
      engine.initialize(video, null, false);
      engine.updateSettings({ streaming: { abr: { autoSwitchBitrate: { video: false }, initialBitrate: { video: 1 } }, ...${options} } });
      window.choose = (n) => engine.setRepresentationForTypeByIndex('video', n);
      window.load = () => engine.attachSource('${src}');`,
  },
  shaka: {
    title: 'Shaka', script: npm('shaka-player/dist/shaka-player.compiled.js'), version: '5.2.12', adapter: 'shaka', manifest: 'manifest.mpd',
    setUp: (src, options = '{}') => `
      window.engine = new shaka.Player();
      engine.configure({ abr: { enabled: false, defaultBandwidthEstimate: 1, useNetworkInformation: false }, ...${options} });
      const byHeight = () => engine.getVariantTracks().sort((a, b) => a.height - b.height);
      window.choose = (n) => engine.selectVariantTrack(byHeight()[n]);
      window.load = () => engine.attach(video).then(() => engine.load('${src}')).catch(() => undefined);`,
  },
  'video.js': {
    title: 'Video.js', script: npm('video.js/dist/video.js'), version: '8.24.1', adapter: 'videojs', manifest: 'master.m3u8',
    setUp: (src, options = '{}') => `
      window.engine = videojs(video, { html5: { vhs: { overrideNative: true, enableLowInitialPlaylist: true } }, ...${options} });
      window.choose = (n) => {
        const byHeight = engine.tech(true).vhs.representations().sort((a, b) => a.height - b.height);
        byHeight.forEach((one, m) => one.enabled(m === n));
      };
      engine.on('loadedmetadata', () => choose(0));
      window.load = () => engine.src({ src: '${src}', type: 'application/x-mpegURL' });`,
  },
};

/** Paths on a stage for everything an engine and the SDK with its adapter need. */
export const filesFor = ({ script, adapter }) => ({
  '/engine.js': script, '/playhead.js': sdk('playhead.js'), '/adapter.js': sdk(`adapters/${adapter}.js`),
});
