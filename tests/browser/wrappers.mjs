/**
 * Pages of publishers who have mux-embed in their player already, in the ways it comes; all that is ours in them is the
 * collector's name and the key. Each has one button, and `leave()` takes the player off the page.
 */

import { fileURLToPath } from 'node:url';
import { INGEST_KEY } from './server.mjs';

const local = (path) => fileURLToPath(new URL(path, import.meta.url));

/** What the pages load, as published on npm. */
export const SCRIPTS = {
  '/mux.js': local('node_modules/mux-embed/dist/mux.js'),
  '/mux-4.js': local('node_modules/mux-embed-4/dist/mux.js'),
  '/hls.js': local('node_modules/hls.js/dist/hls.min.js'),
  '/video.js': local('node_modules/video.js/dist/video.min.js'),
  '/videojs-mux.js': local('node_modules/videojs-mux/dist/videojs-mux.js'),
  '/mux-player.js': local('node_modules/@mux/mux-player/dist/mux-player.js'),
  '/video.mp4': local('../../dashboards/public/demo/playhead-demo.mp4'),
};

const html = (scripts, body, script) => `<!doctype html><title>A publisher's page</title>
<button id="play">Play</button>${body}
${scripts.map((src) => `<script src="${src}"></script>`).join('\n')}
<script>
  const press = (act) => { document.querySelector('#play').onclick = act; };
  ${script}
</script>`;

const data = (videoId, more = {}) =>
  JSON.stringify({ env_key: INGEST_KEY, video_id: videoId, video_title: `Title of ${videoId}`, player_name: 'publisher', ...more });

/** One video, watched with nothing but a `<video>` element; `script` is the mux-embed to do it with. */
export const plain = (collector, videoId, script = '/mux.js') => html(
  [script],
  '<video src="/video.mp4" preload="auto" width="640"></video>',
  `const video = document.querySelector('video');
   press(() => video.play());
   mux.monitor(video, { beaconCollectionDomain: '${collector}', data: ${data(videoId)} });
   window.leave = () => video.mux.destroy();`,
);

/** Two videos that play at once. */
export const pair = (collector, [one, other]) => html(
  ['/mux.js'],
  '<video id="one" src="/video.mp4" preload="auto" width="320"></video><video id="other" src="/video.mp4" preload="auto" width="320"></video>',
  `const [one, other] = document.querySelectorAll('video');
   press(() => Promise.all([one.play(), other.play()]));
   mux.monitor(one, { beaconCollectionDomain: '${collector}', data: ${data(one)} });
   mux.monitor(other, { beaconCollectionDomain: '${collector}', data: ${data(other)} });`,
);

/** hls.js with mux-embed's own support for it. */
export const hlsjs = (collector, videoId, source = '/hls/master.m3u8?token=not-for-the-log') => html(
  ['/hls.js', '/mux.js'],
  '<video width="640"></video>',
  `const video = document.querySelector('video');
   press(() => video.play());
   const hls = new Hls();
   mux.monitor(video, { beaconCollectionDomain: '${collector}', hlsjs: hls, Hls, data: ${data(videoId, {
     experiment_name: 'blue button', sub_property_id: 'sub-7', custom_1: 'gold',
   })} });
   hls.loadSource('${source}');
   hls.attachMedia(video);
   window.leave = () => { video.mux.destroy(); hls.destroy(); };`,
);

/** Video.js with its plugin. */
export const videojs = (collector, videoId) => html(
  ['/video.js', '/videojs-mux.js'],
  '<video id="player" width="640" height="360" preload="auto"></video>',
  `const player = videojs('player', {
     plugins: { mux: { beaconCollectionDomain: '${collector}', data: ${data(videoId)} } },
   });
   player.src({ src: '/hls/master.m3u8', type: 'application/x-mpegURL' });
   press(() => player.play());
   window.leave = () => player.dispose();`,
);

/** Mux's own element, told by attributes. */
export const muxPlayer = (collector, videoId) => html(
  ['/mux-player.js'],
  `<mux-player src="/hls/master.m3u8" preload="auto" style="width: 640px" env-key="${INGEST_KEY}"
     beacon-collection-domain="${collector}" metadata-video-id="${videoId}"
     metadata-video-title="Title of ${videoId}" player-init-time="0"></mux-player>`,
  `const player = document.querySelector('mux-player');
   press(() => player.play());
   window.leave = () => player.remove();`,
);
