/**
 * A history to ask: views by country, CDN, browser and video, with two planted faults that the tests go looking for. `edge-b` fails
 * often, and in BR startup has risen since the timeframe before. Any filter and any grouping agree, as they are sums over the same cells.
 */
import { readFileSync } from 'node:fs';
import { HOSTILE } from './views-scene.mjs';
import { ERRORS, FATAL, RULE, errors } from './wrong-scene.mjs';

export const METRICS = JSON.parse(readFileSync(new URL('./metrics.json', import.meta.url), 'utf8'));
const DIMENSIONS = {
  basic: ['video_id', 'video_title', 'country', 'cdn', 'browser', 'operating_system', 'device'], advanced: ['viewer_id', 'error_code', 'page_url'],
  custom: [{ name: 'custom.plan', type: 'string', total_count: 12, values: 2 }],
};
const PARTS = {
  country: { DE: 0.4, FR: 0.25, BR: 0.2, '': 0.15 },
  cdn: { 'edge-a': 0.7, 'edge-b': 0.3 },
  browser: { Chrome: 0.6, Safari: 0.28, [HOSTILE]: 0.12 },
  video_id: { 'derby-2026': 0.5, 'news-2000': 0.3, ['__proto__']: 0.19, 'film-0419': 0.01 },
};
const names = Object.keys(PARTS);

/** Every combination of values, with the part of all views it has; and of each the parts with an error. */
const CELLS = names.reduce(
  (cells, name) => cells.flatMap((cell) => Object.entries(PARTS[name]).map(([value, part]) => ({ ...cell, [name]: value, part: cell.part * part }))),
  [{ part: 1 }],
).flatMap((cell) => {
  const found = Object.entries(ERRORS[cell.cdn]);
  const none = 1 - found.reduce((sum, [, part]) => sum + part, 0);
  return [['', none], ...found].map(([code, part]) => ({ ...cell, error_code: code, part: cell.part * part }));
}).map((cell) => ({ ...cell, ...sentWith(cell) }));

/** What players send with a view, and leave out: no title for one video, no viewer from one SDK. */
function sentWith({ browser, video_id: videoId, cdn }) {
  const sdk = { Chrome: 'playhead 0.1.0', Safari: 'mux-embed 5.19.0' }[browser] ?? '';
  return {
    sdk, player_software: sdk === '' ? HOSTILE : 'hls.js', video_title: videoId === 'film-0419' ? '' : videoId,
    viewer_id: browser === 'Safari' ? '' : 'somebody', rendition_height: cdn === 'edge-b' && browser === 'Safari' ? '' : '1080',
  };
}
const VIEWS_PER_HOUR = 240;
const STEP_S = { minute: 60, ten_minutes: 600, hour: 3_600, day: 86_400 };

/** What a view of a cell measures; `early` is the timeframe before. */
function valueOf(metric, cell, early) {
  switch (metric) {
    case 'playing_time': return 163_000;
    case 'viewer_experience_score': return cell.cdn === 'edge-b' ? 71 : 88;
    case 'video_startup_time': return cell.country === 'BR' && !early ? 2_900 : 700;
    case 'rebuffer_percentage': return 0.0142;
    case 'playback_failure_percentage': return cell.cdn === 'edge-b' ? 0.09 : 0.004;
    case 'exits_before_video_start': return 0.021;
    case 'page_load_time': return null;
    default: return 1;
  }
}

const TOTALS = new Set(['views', 'unique_viewers', 'playing_time']);

function measure(metric, cells, views, early, measurement) {
  if (measurement === 'count' && metric.startsWith('playback_')) {
    const hit = cells.filter(({ error_code: code }) => (metric === 'playback_failure_percentage' ? FATAL.has(code) : code === RULE));
    return { value: Math.round(views * sumOf(hit)), views: Math.round(views * sumOf(cells)) };
  }
  const all = cells.reduce((sum, { part }) => sum + part, 0);
  const values = cells.map((cell) => [valueOf(metric, cell, early), cell.part]);
  const counted = metric === 'views' ? Math.round(views * all) : Math.round(views * all * 0.95);
  if (TOTALS.has(metric)) {
    const value = metric === 'playing_time' ? counted * 163_000 : metric === 'unique_viewers' ? Math.round(counted * 0.4) : counted;
    return { value, views: counted };
  }
  if (counted === 0 || values.some(([value]) => value === null)) return { value: null, views: 0 };
  return { value: values.reduce((sum, [value, part]) => sum + value * part, 0) / all, views: counted };
}

const sumOf = (cells) => cells.reduce((sum, { part }) => sum + part, 0);

/** Signs before a name ask for texts; what compares numbers is true of everything here. */
function holds(cell, condition) {
  const [, not, sign, name, text] = /^(!?)([+^?])([^:]+):?(.*)$/.exec(condition);
  const value = String(cell[name] ?? '').toLowerCase();
  const so = sign === '?' ? value !== '' : sign === '+' ? value.includes(text.toLowerCase()) : value.startsWith(text.toLowerCase());
  return so !== (not === '!');
}

function fitting(filters) {
  const signed = filters.filter((text) => /^!?[+^?]/.test(text));
  const pairs = filters.filter((text) => !signed.includes(text) && !/[<>]=/.test(text)).map((text) => [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1)]);
  return CELLS.filter((cell) => signed.every((text) => holds(cell, text)) && pairs.every(([name]) => {
    const dimension = name.replace('!', '');
    const values = pairs.filter(([other]) => other === name).map(([, value]) => (value === '__empty__' ? '' : value));
    return values.includes(cell[dimension] ?? '?') !== name.startsWith('!');
  }));
}

const hours = ([from, to]) => (to - from) / 3_600;
/** An evening's rise and fall, so that there is a peak to find: at 20:00 UTC. */
const wave = (atS) => 1 + 0.8 * Math.cos((((atS / 3_600) % 24) - 20) * (Math.PI / 12));

/** The answer to a path of history as `[status, body]`; undefined for a path that is none. */
export function history(url, scene) {
  const { pathname, searchParams: params } = url;
  const [, , , kind, name, what] = pathname.split('/');
  const frame = params.getAll('timeframe[]').map(Number);
  const framed = (data, more = {}) => [200, { data, timeframe: frame, ...more }];
  const cells = scene.empty ? [] : fitting(params.getAll('filters[]'));
  const early = frame[1] < Date.now() / 1_000 - 1_800;
  if (kind === 'dimensions') return name === undefined ? framed(DIMENSIONS) : framed(values(name, cells, frame));
  if (kind === 'errors') {
    const views = VIEWS_PER_HOUR * hours(frame);
    const rows = errors(groups('error_code', cells).map(([code, some]) => [code, Math.round(views * sumOf(some))]), views * sumOf(cells), early, Date.now());
    return framed(rows, { total_row_count: rows.length });
  }
  if (kind === 'usage') return framed(scene.empty ? [] : usage(params.get('group_by') ?? 'day', frame));
  if (kind !== 'metrics') return undefined;
  if (name === undefined) return framed(METRICS);
  if (!METRICS.some(({ id }) => id === name)) return [404, { title: 'Not Found', detail: `there is no metric \`${name}\`` }];
  const of = (some, views) => measure(name, some, views, early, params.get('measurement'));
  if (what === 'insights') return framed(...insights(cells, (some) => of(some, VIEWS_PER_HOUR * hours(frame)), name));
  if (what === 'overall') {
    const { value, views } = of(cells, VIEWS_PER_HOUR * hours(frame));
    return framed({ value, total_views: views, total_watch_time: 0, total_playing_time: 0 });
  }
  if (what === 'timeseries') return framed(series(params.get('group_by') ?? 'hour', frame, (share) => of(cells, share), scene.justBegun));
  return framed(...breakdown(params, cells, (some) => of(some, VIEWS_PER_HOUR * hours(frame)), name));
}

function series(step, [from, to], of, justBegun = false) {
  const stepS = STEP_S[step];
  const points = [];
  for (let at = Math.floor(from / stepS) * stepS; at < to; at += stepS) {
    // The machine was off for a while, or there was nobody before the last step.
    const off = justBegun ? at + stepS < to : stepS === 3_600 && (at / stepS) % 24 === 5;
    const { value, views } = of(off ? 0 : (VIEWS_PER_HOUR * stepS * wave(at)) / 3_600);
    points.push([new Date(at * 1_000).toISOString().replace('.000', ''), value, views]);
  }
  return points;
}

const usage = (step, frame) => series(step, frame, (views) => ({ value: views, views }))
  .map(([date, , views]) => ({ date, environment: 'env1', views: Math.round(views), minutes_watched: views * 2.7, events: Math.round(views * 31), beacons: Math.round(views * 12) }));

function values(dimension, cells, frame) {
  return groups(dimension, cells).map(([value, some]) => ({ value: value === '' ? null : value, total_count: measure('views', some, VIEWS_PER_HOUR * hours(frame), false).value }));
}

const groups = (dimension, cells) =>
  [...new Set(cells.map((cell) => cell[dimension] ?? ''))].map((value) => [value, cells.filter((cell) => (cell[dimension] ?? '') === value)]);

function insights(cells, of, metric) {
  const rows = names.flatMap((dimension) => breakdown(new URLSearchParams({ group_by: dimension, limit: 100 }), cells, of, metric)[0]
    .map(({ field, value, views, negative_impact }) => ({ filter_column: dimension, filter_value: field, metric: value, negative_impact_score: negative_impact, total_views: views, total_watch_time: 0, total_playing_time: 0 })));
  return [rows.sort((a, b) => b.negative_impact_score - a.negative_impact_score), { total_row_count: rows.length }];
}

function breakdown(params, cells, of, metric) {
  const whole = of(cells);
  const sign = METRICS.find(({ id }) => id === metric).direction === 'neither' ? 0 : 1;
  const rows = groups(params.get('group_by'), cells).map(([field, some]) => {
    const { value, views } = of(some);
    return { field: field === '' ? null : field, value, views, negative_impact: sign * ((value ?? 0) - (whole.value ?? 0)) * (views / Math.max(1, whole.views)), total_watch_time: 0, total_playing_time: 0 };
  });
  const order = params.get('order_by') ?? 'negative_impact';
  rows.sort((a, b) => (order === 'field' ? String(a.field).localeCompare(String(b.field)) : b[order] - a[order]));
  const limit = Number(params.get('limit') ?? 10);
  const page = Number(params.get('page') ?? 1);
  return [rows.slice((page - 1) * limit, page * limit), { total_row_count: rows.length }];
}
