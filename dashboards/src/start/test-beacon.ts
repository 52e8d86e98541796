/** A view made by this page, as the least a player would send: to see a beacon arrive before there is a player. */
import { request } from '../api/client';

export const TEST_VIDEO = 'playhead-test-beacon';
const STARTUP_MS = 420;
const PLAYED_MS = 3_000;

/** Resolves with the view's id when the beacon is durable. */
export async function sendTestBeacon(key: string): Promise<string> {
  const id = crypto.randomUUID();
  const startup = { startup_ms: STARTUP_MS };
  const body = {
    v: 1,
    views: [{
      id,
      t_sent_ms: STARTUP_MS + PLAYED_MS,
      set: { video_id: TEST_VIDEO, video_title: 'Test beacon', video_duration_ms: 60_000, stream_type: 'on-demand', player_name: 'dashboard', sdk: 'playhead-dashboard' },
      events: [
        { seq: 1, t_ms: 0, type: 'play', playhead_ms: 0 },
        { seq: 2, t_ms: STARTUP_MS, type: 'playing', playhead_ms: 0, c: { ...startup, watch_ms: STARTUP_MS, playing_ms: 0 } },
        { seq: 3, t_ms: STARTUP_MS + PLAYED_MS, type: 'viewend', playhead_ms: PLAYED_MS, seg: [0, 0, PLAYED_MS], c: { ...startup, watch_ms: STARTUP_MS + PLAYED_MS, playing_ms: PLAYED_MS } },
      ],
    }],
  };
  await request(`/in/${encodeURIComponent(key)}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  return id;
}
