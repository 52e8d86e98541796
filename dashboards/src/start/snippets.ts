/** What to put into a page for each player, with this environment's key and address. docs/players.md is the source; a test holds these to it. */

export interface Place {
  /** `https://playhead.example`, without a slash at its end. */
  origin: string;
  key: string;
}

export interface Snippet {
  id: string;
  name: string;
  /** Where it goes. */
  put: string;
  code: (place: Place) => string;
  /** What one has to know before wondering. */
  note?: string;
}

const CMCD_EVENTS = ['ps', 'e', 't', 'bc', 'pr'];
const DASH_KEYS = [
  'ab', 'bg', 'bl', 'br', 'bs', 'bsa', 'bsd', 'bsda', 'cdn', 'cen', 'cid', 'cmsdd', 'cmsds', 'cs', 'd', 'dfa',
  'dl', 'e', 'ec', 'h', 'lab', 'lb', 'ltc', 'msd', 'mtp', 'nr', 'ot', 'pb', 'pr', 'pt', 'rc', 'rtp', 'sf', 'sid',
  'smrt', 'sn', 'st', 'sta', 'su', 'tab', 'tb', 'tbl', 'tpb', 'ts', 'ttfb', 'ttfbb', 'ttlb', 'url', 'v',
];
const list = (words: string[]): string => words.map((word) => `'${word}'`).join(', ');

/** The first is for anything with a `<video>` element, which is nearly everything. */
export const SNIPPETS: [Snippet, ...Snippet[]] = [
  {
    id: 'script', name: 'Any <video>', put: 'Put this into the page that has the video. It follows every <video> and <audio> element.',
    code: ({ origin, key }) => `<script async src="${origin}/sdk/playhead.js" data-key="${key}" data-video-id="42"
        data-video-title="How tides work"></script>`,
    note: 'For renditions and the network of hls.js, dash.js, Shaka or Video.js, use the module with an adapter.',
  },
  {
    id: 'module', name: 'Module with an adapter', put: 'In the code that sets up the player; before the source is loaded.',
    code: ({ origin, key }) => `import { monitor } from 'playhead';
import { hlsjs } from 'playhead/adapters/hlsjs'; // or dashjs, shaka, videojs

const handle = monitor(video, { key: '${key}', endpoint: '${origin}', data: { video_id: '42' } });
const detach = hlsjs(handle, hls); // before the source is loaded`,
  },
  {
    id: 'mux', name: 'mux-embed', put: 'In place of the environment key and the collector of Mux Data.',
    code: ({ origin, key }) => `mux.monitor('#player', {
  beaconCollectionDomain: '${host(origin)}',
  data: { env_key: '${key}', video_id: '42', video_title: 'How tides work' },
});`,
    note: 'mux-embed wants HTTPS at the root of a host; only for localhost it uses plain HTTP.',
  },
  {
    id: 'cmcd-hlsjs', name: 'hls.js alone (CMCD)', put: 'In the options of hls.js; no script of ours.',
    code: ({ origin, key }) => `const hls = new Hls({
  cmcd: {
    version: 2,
    contentId: '42',
    includeKeys: [], // nothing on requests for media; leave it out to send CMCD to the CDN as well
    eventTargets: [{
      url: '${origin}/in/${key}/cmcd',
      events: [${list(CMCD_EVENTS)}],
      interval: 10,
    }],
  },
});`,
    note: 'CMCD has no played ranges: such views have no heatmap.',
  },
  {
    id: 'cmcd-dashjs', name: 'dash.js alone (CMCD)', put: 'Before the source is attached; no script of ours.',
    code: ({ origin, key }) => `player.updateSettings({
  streaming: {
    cmcd: {
      enabled: true,
      version: 2,
      sid: crypto.randomUUID(),
      cid: '42',
      includeInRequests: [], // nothing on requests for media
      eventTargets: [{
        enabled: true,
        url: '${origin}/in/${key}/cmcd',
        events: ['ps', 'e', 't', 'rr'],
        interval: 10,
        includeInRequests: ['segment', 'mpd'],
        enabledKeys: [
${[DASH_KEYS.slice(0, 16), DASH_KEYS.slice(16, 33), DASH_KEYS.slice(33)].map((line) => `          ${list(line)},`).join('\n')}
        ],
      }],
    },
  },
});`,
    note: 'CMCD has no played ranges: such views have no heatmap.',
  },
  {
    id: 'cmcd-shaka', name: 'Shaka alone (CMCD)', put: 'Before load(); no script of ours.',
    code: ({ origin, key }) => `player.configure({
  cmcd: {
    enabled: true,
    version: 2,
    sessionId: crypto.randomUUID(),
    contentId: '42',
    includeKeys: ['cen'], // nothing on requests for media: a key they never have (an empty list would be all keys)
    eventTargets: [{
      enabled: true,
      url: '${origin}/in/${key}/cmcd',
      events: ['ps', 'e', 't', 'bc', 'rr', 'b'],
      interval: 10,
    }],
  },
});`,
    note: 'Shaka names no states: a view counts as playing from its start to its last record.',
  },
  {
    id: 'epas', name: 'EPAS (Eyevinn)', put: 'Where the page sets up the player.',
    code: ({ origin, key }) => `import { PlayerAnalyticsConnector } from '@eyevinn/player-analytics-client-sdk-web';
const epas = new PlayerAnalyticsConnector('${origin}/in/${key}/epas');
await epas.init({ sessionId: crypto.randomUUID(), heartbeatInterval: 10_000 });
epas.reportMetadata({ contentId: '42', contentTitle: 'How tides work', live: false });
playButton.onclick = () => { epas.load(video); video.play(); };
addEventListener('pagehide', () => epas.reportStop());`,
  },
  {
    id: 'native', name: 'Your own program', put: 'In a shell: the least that counts as a view.',
    code: ({ origin, key }) => `curl ${origin}/in/${key} -H 'Content-Type: application/json' \\
  -d '{"views":[{"id":"a-random-uuid","set":{"video_id":"42"},"events":[{"seq":1,"t_ms":0,"type":"play"}]}]}'`,
    note: 'docs/beacons.md has a whole view, event by event.',
  },
];

const host = (origin: string): string => new URL(origin).host;
