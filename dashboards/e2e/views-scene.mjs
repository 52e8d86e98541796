/** A past evening for the pages of views: a list that can be filtered and paged as the API's, and views in full. */

const COUNT = 120;
const STEP_MS = 90_000;
export const HOSTILE = '<img src=x onerror="window.hacked=1">\u202e & "friends"';
const VIDEOS = [['derby-2026', 'City derby, second half'], ['news-2000', 'News at eight'], ['__proto__', HOSTILE], ['film-0419', null]];
const COUNTRIES = ['DE', 'FR', 'GB', null];
const BROWSERS = ['Chrome', 'Safari', 'Firefox'];
const SYSTEMS = ['Windows', 'iOS', 'Android', 'macOS'];

/** What becomes of a view, by its number. */
const KINDS = ['watched', 'failed', 'left', 'running', 'stalled'];

const iso = (ms) => new Date(ms).toISOString();

function summary(number, scene) {
  const kind = KINDS[number % KINDS.length];
  const startMs = scene.startS * 1_000 - 20_000 - number * STEP_MS;
  const [videoId, title] = VIDEOS[number % VIDEOS.length];
  const failed = kind === 'failed';
  const started = kind !== 'left';
  return {
    id: `past-${number}`, view_start: iso(startMs), view_end: iso(startMs + 15_000), view_ended: kind !== 'running' || scene.over,
    video_id: videoId, video_title: title, viewer_id: number === 7 ? HOSTILE : `viewer-${number % 10}`,
    country_code: COUNTRIES[number % COUNTRIES.length], viewer_application_name: BROWSERS[number % BROWSERS.length],
    viewer_os_family: SYSTEMS[number % SYSTEMS.length], player_error_code: failed ? '404' : null, player_software: 'hls.js', player_software_version: '1.7.4', cdn: number % 3 === 0 ? 'edge-b' : 'edge-a',
    player_error_message: failed ? HOSTILE : null, playback_failure: failed, exit_before_video_start: !started,
    rebuffer_count: kind === 'stalled' ? 3 : 0, rebuffer_duration: kind === 'stalled' ? 8_000 : 0, video_startup_time: started ? 420 + number * 10 : null,
  };
}

const MEMBERS = {
  video_id: 'video_id', viewer_id: 'viewer_id', country: 'country_code', browser: 'viewer_application_name',
  operating_system: 'viewer_os_family', error_code: 'player_error_code',
};

/** As the API reads `filters[]`: values of one dimension are alternatives, everything else holds together. */
function fits(view, filters) {
  const pairs = filters.filter((text) => !/^!?[+^?]|[<>]=/.test(text)).map((text) => [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1)]);
  return pairs.every(([name]) => {
    const negated = name.startsWith('!');
    const values = pairs.filter(([other]) => other === name).map(([, value]) => value);
    return values.includes(view[MEMBERS[name.replace('!', '')]] ?? '') !== negated;
  });
}

export function listOfViews(params, scene) {
  const timeframe = params.getAll('timeframe[]');
  const untilS = timeframe.length === 2 ? Number(timeframe[1]) : Math.floor(Date.now() / 1_000) + 1;
  const all = Array.from({ length: scene.empty ? 0 : COUNT }, (_, number) => summary(number, scene));
  const found = all.filter((view) => fits(view, params.getAll('filters[]')) && Date.parse(view.view_start) < untilS * 1_000);
  const limit = Number(params.get('limit') ?? 10);
  const from = (Number(params.get('page') ?? 1) - 1) * limit;
  return { data: found.slice(from, from + limit), timeframe: [untilS - 86_400, untilS], total_row_count: found.length };
}

const WATCHERS = 30;
const FILM_MS = 420_000;

/** Who watched a film of seven minutes: the first saw all of it, the next less and less, every third one part twice; one is a stranger. */
export function watchers(params, scene) {
  const row = (_, number) => {
    const seenMs = Math.round(FILM_MS * (1 - number / WATCHERS));
    const again = number % 3 === 0 ? [{ from_ms: 0, to_ms: 30_000, times: 2, part: 'played' }, { from_ms: 30_000, to_ms: seenMs, times: 1, part: 'played' }] : [{ from_ms: 0, to_ms: seenMs, times: 1, part: 'played' }];
    const rest = seenMs < FILM_MS ? [{ from_ms: seenMs, to_ms: FILM_MS, times: 0, part: 'not_reached' }] : [];
    const endS = scene.startS - 600 * number;
    return {
      viewer_id: number === 2 ? HOSTILE : number === 5 ? null : `viewer-${number}`, view_ids: [`past-${number}`], views: number === 1 ? 3 : 1, video_id: 'derby-2026', percent_viewed: seenMs / FILM_MS, seen_ms: seenMs,
      duration_ms: FILM_MS, running: number === 4, view_start: iso((endS - 500) * 1_000), view_end: iso(endS * 1_000), ranges: [...again, ...rest],
    };
  };
  const rows = Array.from({ length: scene.empty ? 0 : WATCHERS }, row);
  const by = params.get('order_by');
  if (by === 'views') rows.sort((a, b) => b.views - a.views);
  return { data: rows.slice(0, Number(params.get('limit') ?? 10)), timeframe: params.getAll('timeframe[]').map(Number), total_row_count: rows.length };
}

/** The course of each kind: name, ms after the first event, playhead, and what it said. */
const SET_UP = ['viewinit', 0, 0, { video_title: HOSTILE, rendition_height: '360', rendition_bitrate: '900000', 'custom.plan': 'gold' }];
const BEGIN = [SET_UP, ['play', 60, 0], ['playing', 2_160, 0], ['heartbeat', 10_060, 7_900]];
const COURSES = {
  watched: [
    ...BEGIN, ['renditionchange', 12_000, 9_840, { rendition_height: '720', rendition_bitrate: '2800000' }], ['custom', 20_000, 17_840, { name: HOSTILE }],
    ['seeking', 30_000, 27_840], ['seeked', 30_700, 120_000], ['playing', 30_900, 120_000], ['pause', 60_000, 149_100], ['play', 80_000, 149_100],
    ['playing', 80_000, 149_100], ['rebufferstart', 100_000, 169_100], ['rebufferend', 104_000, 169_100], ['ended', 160_000, 225_100], ['viewend', 165_000, 225_100],
  ],
  failed: [...BEGIN, ['error', 60_000, 57_840, { error_code: '410', error_message: 'a try', error_severity: 'warning' }],
    ['error', 194_160, 192_000, { error_code: '404', error_message: HOSTILE, error_severity: 'fatal' }], ['viewend', 200_000, 192_000]],
  left: [SET_UP, ['play', 60, 0], ['viewend', 3_060, 0]],
  running: BEGIN,
  stalled: [
    ...BEGIN, ['rebufferstart', 20_000, 17_840], ['rebufferend', 22_000, 17_840], ['rebufferstart', 30_000, 25_840], ['rebufferend', 33_000, 25_840],
    ['rebufferstart', 40_000, 32_840], ['rebufferend', 43_000, 32_840], ['viewend', 68_826, 58_666],
  ],
};
const FIGURES = {
  watched: { video_startup_ms: 2_100, playing_ms: 131_840, watch_ms: 138_840, rebuffer_ms: 4_000, rebuffer_count: 1, seek_ms: 900, seek_count: 1, playhead_ms: 225_100, played_to_end: true },
  failed: { video_startup_ms: 2_100, playing_ms: 192_000, watch_ms: 194_100, rebuffer_ms: 0, rebuffer_count: 0, playhead_ms: 192_000, error_code: '404', error_message: HOSTILE, error_count: 2 },
  left: { video_startup_ms: null, playing_ms: 0, watch_ms: 3_000, rebuffer_ms: 0, rebuffer_count: 0, playhead_ms: 0, view_started: false },
  running: { video_startup_ms: 2_100, playing_ms: 7_900, watch_ms: 10_000, rebuffer_ms: 0, rebuffer_count: 0, playhead_ms: 7_900 },
  stalled: { video_startup_ms: 2_100, playing_ms: 58_666, watch_ms: 68_766, rebuffer_ms: 8_000, rebuffer_count: 3, playhead_ms: 58_666 },
};

/** Undefined when there is no such view. */
export function viewInFull(id, scene) {
  const number = Number(/^past-(\d+)$/.exec(id)?.[1] ?? Number.NaN);
  if (scene.empty || !(number < COUNT)) return undefined;
  const kind = KINDS[number % KINDS.length];
  const line = summary(number, scene);
  const startMs = Date.parse(line.view_start);
  return {
    ...line, view_id: id, view_started: true, played_to_end: false, playback_business_exception: false, video_duration_ms: 2_700_000,
    country: line.country_code, browser: line.viewer_application_name, operating_system: line.viewer_os_family, device: 'desktop', cdn: 'edge-a', asn: null,
    player_name: 'web', player_software: 'hls.js', player_software_version: '1.7.4', session_id: `session-${number}`, viewer_id: line.viewer_id,
    error_code: null, error_message: null, error_count: 0, updated_at: line.view_end, environment_id: 'env1', custom: { plan: 'gold', [HOSTILE]: HOSTILE },
    ranges: kind === 'left' ? [] : [[0, 27_840], [10_000, 60_000]], ...FIGURES[kind],
    events: COURSES[kind].map(([name, atMs, playheadMs, details = {}], i) => ({
      name, viewer_time: startMs + atMs, event_time: startMs + atMs, playback_time: playheadMs, details: { ...details, sequence: i + 1, received_at: startMs + atMs + 40 },
    })),
  };
}
