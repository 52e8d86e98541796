/** A scripted evening: states and deltas of every topic, the same each time (own random numbers, fixed seed). */
import { firstIncidents, firstNotes, problems } from './wrong-scene.mjs';

const TITLES = {
  'derby-2026': 'City derby, second half',
  'coast-live': 'Coastguard, live from the pier',
  'keynote-7': 'Keynote: what seven years of streaming taught us',
  'film-0419': 'The long way home',
  '__proto__': '<img src=x onerror="window.hacked=1"> & "friends"',
  'news-2000': 'News at eight',
  'how-to-bread': 'Bread in one hour, a very long title that does not fit into the column it is given and must be cut off somewhere',
  'kids-14': 'Puddles, episode 14',
};
const COUNTRIES = ['DE', 'FR', 'GB', 'US', 'BR', 'JP'];
const BROWSERS = ['Chrome', 'Safari', 'Firefox', 'Edge'];
const SYSTEMS = ['Windows', 'iOS', 'Android', 'macOS'];
const STATES = ['playing', 'playing', 'playing', 'starting', 'paused', 'rebuffering', 'seeking', 'ended', 'failed', 'exited', 'gone'];

function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

/** An object whose keys may be called anything, `__proto__` included. */
const record = (entries) => Object.fromEntries(entries);

export class Scene {
  /** `now`: the evening's clock, ms; a bench lets it run faster than ours. */
  /** `justBegun`: history has nothing before its last step. */
  constructor({ empty = false, justBegun = false, now = Date.now } = {}) {
    this.empty = empty;
    this.justBegun = justBegun;
    this.now = now;
    this.random = randomNumbers(7);
    this.startS = Math.floor(now() / 1_000);
    this.viewNumber = 0;
    this.incidents = firstIncidents(this.startS);
    this.notes = empty ? [] : firstNotes(this.startS);
    /** The view that was followed has come to its end. */
    this.over = false;
    /** Views that came in over the intake and have not been told yet. */
    this.arrived = [];
  }

  arrive({ id, set }) {
    const view = { start_ms: this.now(), last_ms: this.now(), state: 'exited', video_id: set.video_id, title: set.video_title, browser: 'Chrome', operating_system: 'Linux', startup_ms: 420 };
    this.arrived.push([id, view]);
  }

  point(second) {
    const back = this.startS - second;
    const wave = 1_180 + 260 * Math.sin(second / 140) + 40 * Math.sin(second / 11) + 24 * this.random();
    const trouble = back > 260 && back < 330 ? 0.07 * Math.sin(((back - 260) / 70) * Math.PI) : 0;
    const viewers = Math.round(wave - trouble * 900);
    return {
      viewers,
      rebuffering: Math.round(viewers * (0.006 + trouble + 0.003 * this.random())),
      starts: Math.round(3 + 4 * this.random()),
      failures: this.random() < 0.06 + trouble * 4 ? 1 : 0,
      exits: this.random() < 0.12 ? 1 : 0,
    };
  }

  view(startMs) {
    const r = this.random;
    const pick = (list) => list[Math.floor(r() * list.length)];
    const ids = Object.keys(TITLES);
    const id = pick(ids.concat('__proto__'));
    const state = pick(STATES);
    const stalls = r() < 0.25 ? 1 + Math.floor(r() * 3) : 0;
    return {
      start_ms: startMs, video_id: id, title: Object.hasOwn(TITLES, id) ? TITLES[id] : TITLES['news-2000'], viewer_id: `v${Math.floor(r() * 9e6)}`,
      country: pick(COUNTRIES), browser: pick(BROWSERS), operating_system: pick(SYSTEMS), player: 'playhead 0.1', cdn: pick(['edge-a', 'edge-b']),
      state, ...(state === 'starting' ? {} : { playhead_ms: Math.floor(r() * 2_400_000), startup_ms: 240 + Math.floor(r() * 1_900), playing_ms: Math.floor(r() * 90_000) }),
      rebuffer_count: stalls, rebuffer_ms: stalls * 900, ...(state === 'failed' ? { error_code: 'MEDIA_ERR_NETWORK' } : {}), last_ms: startMs + 4_000,
    };
  }

  overview() {
    if (this.empty) {
      return { concurrent_viewers: 0, playing: 0, rebuffering: 0, starting: 0, paused: 0, starts_per_s: 0, failures_per_s: 0, exits_before_start_per_s: 0, ended_per_s: 0, views_open: 0 };
    }
    const now = this.point(Math.floor(this.now() / 1_000));
    return {
      concurrent_viewers: now.viewers, playing: now.viewers - 61, rebuffering: now.rebuffering, starting: 21, paused: 40,
      rebuffering_ratio: now.rebuffering / now.viewers, starts_per_s: 4.6, failures_per_s: 0.1, exits_before_start_per_s: 0.3,
      ended_per_s: 3.9, startup_p50_ms: 640 + Math.round(this.random() * 40), startup_p95_ms: 2_310, views_open: now.viewers + 12,
    };
  }

  timeseries(query) {
    const windowS = query.window_s ?? 900;
    const points = {};
    const scale = query.video_id === undefined ? 1 : 0.31;
    for (let second = Math.floor(this.now() / 1_000) - windowS + 1; second <= this.now() / 1_000 && !this.empty; second++) {
      const back = this.startS - second;
      if (back > 520 && back < 560) continue;
      const point = this.point(second);
      points[second] = scale === 1 ? point : { ...point, viewers: Math.round(point.viewers * scale), rebuffering: Math.round(point.rebuffering * scale) };
    }
    return { step_ms: 1_000, points };
  }

  top() {
    let viewers = 470;
    const rows = Object.entries(TITLES).map(([id, title]) => [id, { title, viewers: (viewers = Math.round(viewers * 0.71)), rebuffering: Math.round(viewers * 0.02), starts: Math.round(viewers * 0.3), failures: viewers > 200 ? 2 : 0 }]);
    rows.push(['__proto__', { title: TITLES['kids-14'] && '<img src=x onerror="window.hacked=1"> & "friends"', viewers: 140, rebuffering: 3, starts: 40, failures: 0 }]);
    return { rows: this.empty ? {} : record(rows) };
  }

  breakdown({ dimension }) {
    const values = { country: COUNTRIES, browser: BROWSERS, operating_system: SYSTEMS, cdn: ['edge-a', 'edge-b'] }[dimension] ?? [];
    const row = (n) => ({ viewers: Math.round(860 / (n + 1)), rebuffering: 4 * n, failures: n });
    return { rows: this.empty ? {} : record(values.map((value, n) => [value, row(n)])) };
  }

  views(query) {
    const limit = query.limit ?? 50;
    const rows = Array.from({ length: this.empty ? 0 : limit }, (_, i) => [`view-${this.viewNumber++}`, this.view(this.now() - i * 2_300)]);
    return { rows: record(rows) };
  }

  heatmapColumns(length = 420) {
    const viewers = Array.from({ length }, (_, s) => Math.round(312 * Math.exp(-s / 620) * (s < 30 ? 1 - s / 300 : 0.9) * (s > 200 && s < 215 ? 0.82 : 1)));
    const plays = viewers.map((n, s) => n + Math.round(n * (0.04 + 0.7 * Math.exp(-((s - 128) ** 2) / 240) + 0.3 * Math.exp(-((s - 310) ** 2) / 90))));
    return { viewers, plays };
  }

  moments() {
    const of = (name, places) => Object.entries(places).map(([second, count]) => ({ name, playhead_ms: second * 1_000, count }));
    return [...of('add_to_cart', { 61: 8, 62: 5, 128: 31, 129: 12, 240: 3 }), ...of('share', { 30: 1, 310: 14 }), ...of('<img src=x onerror="window.hacked=1">', { 400: 2 })];
  }

  heatmap(query) {
    if (this.empty) return { video_id: query.video_id, bucket_ms: 1_000, total_views: 0, plays: {}, viewers: {} };
    const { viewers, plays } = this.heatmapColumns();
    const part = (column) => record(column.map((n, s) => [String(s), Math.round(n / 5)]).filter(([, n]) => n > 0));
    return {
      video_id: query.video_id, title: TITLES['derby-2026'], duration_ms: 420_000, bucket_ms: 1_000, total_views: 63,
      plays: part(plays), viewers: part(viewers), moments: { add_to_cart: { 61: 2, 128: 9, 240: 1 }, share: { 310: 4 } },
    };
  }

  oneView(query) {
    if (this.empty || query.view_id === 'missing') return { view: {}, events: {}, ranges: {} };
    const types = ['viewinit', 'play', 'playing', 'heartbeat', 'seeking', 'seeked', 'playing', 'rebufferstart', 'rebufferend', 'heartbeat', 'heartbeat'];
    return {
      view: {
        start_ms: this.now() - 60_000, video_id: 'playhead-demo', title: 'Playhead demo', state: 'playing', playhead_ms: 41_200, duration_ms: 60_000,
        playing_ms: 52_300, startup_ms: 182, rebuffer_count: 1, rebuffer_ms: 640, seek_count: 2, rendition_height: 720, watch_ms: 58_000,
      },
      events: record(types.map((type, i) => [String(i + 1), { t_ms: i * 4_900, type, playhead_ms: i * 4_300 }])),
      ranges: { 0: [0, 24_000], 1: [8_000, 24_000], 2: [12_000, 18_000], 3: [33_000, 41_200] },
    };
  }

  /** `seen`: what is remembered of one subscription, for its deltas. */
  state(topic, query, seen = {}) {
    switch (topic) {
      case 'overview': return this.overview();
      case 'timeseries':
        seen.second = Math.floor(this.now() / 1_000);
        return this.timeseries(query);
      case 'top': return this.top();
      case 'breakdown': return this.breakdown(query);
      case 'problems': return this.empty ? { rows: {} } : problems();
      case 'views': {
        const state = this.views(query);
        seen.views = Object.keys(state.rows).reverse();
        return state;
      }
      case 'heatmap': return this.heatmap(query);
      case 'view': return this.oneView(query);
      default: return undefined;
    }
  }

  /** What changed in about a second; undefined when nothing did. */
  changes(topic, query, seen) {
    if (topic === 'views' && this.arrived.length > 0) return { rows: this.newRows(this.arrived.splice(0), query, seen) };
    if (this.empty) return undefined;
    switch (topic) {
      case 'overview': return this.overview();
      case 'timeseries': return { points: this.newPoints(query, seen) };
      case 'top': return { rows: { 'news-2000': { viewers: Math.round(100 + 500 * this.random()) } } };
      case 'views': return { rows: this.newRows([[`view-${this.viewNumber++}`, this.view(this.now())]], query, seen) };
      case 'heatmap': return { total_views: 63 + Math.floor(this.random() * 3), plays: { 17: 60 + Math.floor(this.random() * 9) } };
      case 'view': return { view: { playhead_ms: 41_200 + Math.floor(this.random() * 900), ...(this.over ? { state: 'exited' } : {}) } };
      default: return undefined;
    }
  }

  /** Every second since the last time, and as many that have left the window. */
  newPoints(query, seen) {
    const scale = query.video_id === undefined ? 1 : 0.31;
    const until = Math.floor(this.now() / 1_000);
    const points = {};
    for (let second = Math.min(seen.second + 1, until); second <= until; second++) {
      const point = this.point(second);
      points[second] = { ...point, viewers: Math.round(point.viewers * scale), rebuffering: Math.round(point.rebuffering * scale) };
      points[second - (query.window_s ?? 900)] = null;
    }
    seen.second = until;
    return points;
  }

  /** The rows, and those that are too many with them. */
  newRows(entries, query, seen) {
    seen.views.push(...entries.map(([id]) => id));
    const over = seen.views.splice(0, Math.max(0, seen.views.length - (query.limit ?? 50)));
    return record([...entries, ...over.map((id) => [id, null])]);
  }
}
