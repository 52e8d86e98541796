/**
 * An evening's traffic in the native format: views of several videos by several players, each somewhere else in its
 * viewing. Everything is derived from the view's number, so that two runs post the same.
 */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { INGEST_KEY } from './server.mjs';

const VIDEOS = [
  { video_id: 'derby-2026', video_title: 'Derby, full match', video_duration_ms: 420_000, stream_type: 'on-demand' },
  { video_id: 'news-2000', video_title: 'Evening news at eight, with the weather', video_duration_ms: 300_000, stream_type: 'on-demand' },
  { video_id: 'lecture-14', video_title: 'Distributed systems, lecture 14: why clocks cannot be trusted and what to do about it', video_duration_ms: 600_000, stream_type: 'on-demand' },
  { video_id: 'c6f1b0a2-untitled-upload', video_duration_ms: 180_000, stream_type: 'on-demand' },
];
const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
];
const PLAYERS = ['hls.js', 'shaka', 'video.js'];
const CDNS = ['fastly', 'cloudfront', 'own edge'];
/** How the viewing stands; most viewers just watch. */
const STANDS = ['playing', 'playing', 'playing', 'paused', 'playing', 'rebuffering', 'playing', 'left', 'failed', 'playing', 'starting', 'ended'];
/** Behind a proxy of ours, as far as the server is told; a client of each of three countries. */
const CLIENTS = ['193.99.144.80', '212.27.48.10', '8.8.8.8'];
export const TRUSTING_US = { PLAYHEAD_TRUSTED_PROXIES: '127.0.0.0/8' };

/** Posts so many views; returns them as `{ id, videoId, stand }`, in the order of posting. */
export async function postViews(server, count) {
  const views = [];
  for (let n = 0; n < count; n++) {
    const view = viewing(n);
    await post(server, n, view);
    views.push({ id: view.id, videoId: view.set.video_id, stand: STANDS[n % STANDS.length] });
  }
  return views;
}

async function post(server, n, view) {
  const answer = await fetch(`${server.url}/in/${INGEST_KEY}`, {
    method: 'POST',
    headers: {
      'Content-Type': 'text/plain',
      'User-Agent': AGENTS[n % AGENTS.length],
      'X-Forwarded-For': CLIENTS[n % CLIENTS.length],
    },
    body: JSON.stringify({ v: 1, sent_ms: Date.now(), views: [view] }),
  });
  const verdict = await answer.json();
  assert.deepEqual([answer.status, verdict.rejected], [202, []], JSON.stringify(verdict));
}

function viewing(n) {
  const stand = STANDS[n % STANDS.length];
  // More of the first video than of the second, and so on.
  const video = VIDEOS[Math.min(n % 7, n % 5, VIDEOS.length - 1)];
  const startup = 180 + ((n * 137) % 1_900);
  const played = 20_000 + ((n * 7_919) % 150_000);
  const rewound = n % 4 === 0 ? 12_000 : 0;
  const events = story(stand, { startup, played, rewound });
  return {
    id: randomUUID(),
    t_sent_ms: events.at(-1).t_ms,
    set: {
      ...video, player_name: PLAYERS[n % PLAYERS.length], player_software: PLAYERS[n % PLAYERS.length],
      cdn: CDNS[n % CDNS.length], viewer_id: `viewer-${n}`,
    },
    events: events.map((event, index) => ({ seq: index + 1, ...event })),
  };
}

/** The events of one viewing: asked for, started, played on, perhaps gone back, and how it stands. */
function story(stand, { startup, played, rewound }) {
  const events = [{ t_ms: 0, type: 'viewinit' }, { t_ms: 100, type: 'play', playhead_ms: 0 }];
  if (stand === 'starting') return events;
  const totals = (playing, waited = 0) => ({
    playing_ms: playing, watch_ms: playing + startup + waited, startup_ms: startup,
    rebuffer_ms: waited, rebuffer_count: waited > 0 ? 1 : 0, seek_count: rewound > 0 && playing > 0 ? 1 : 0,
  });
  const began = 100 + startup;
  events.push({ t_ms: began, type: 'playing', playhead_ms: 0, c: totals(0), seg: [0, 0, 0], set: { rendition_height: 720, rendition_bitrate: 2_500_000 } });
  const at = { t_ms: began + played, playhead_ms: played, c: totals(played), seg: [0, 0, played] };
  events.push({ ...at, type: 'heartbeat' });
  if (rewound > 0) {
    const from = played - rewound;
    events.push({ ...at, type: 'seeking' }, { ...at, type: 'seeked', playhead_ms: from });
    events.push({ t_ms: at.t_ms + rewound, type: 'heartbeat', playhead_ms: played, c: totals(played + rewound), seg: [1, from, played] });
  }
  const last = { ...events.at(-1), t_ms: events.at(-1).t_ms + 5 };
  switch (stand) {
    case 'paused': return [...events, { ...last, type: 'pause' }];
    case 'rebuffering': return [...events, { ...last, type: 'rebufferstart', c: totals(last.c.playing_ms, 900) }];
    case 'left': return [...events, { ...last, type: 'viewend' }];
    case 'ended': return [...events, { ...last, type: 'ended' }];
    case 'failed': return [...events, { ...last, type: 'error', error: { code: 'MEDIA_ERR_NETWORK', message: 'The connection broke', severity: 'fatal' } }];
    default: return events;
  }
}
