/** What goes wrong in the scripted evening: errors, incidents, groups of viewers that fare badly now; and the notes people write. */
import { HOSTILE } from './views-scene.mjs';

/** By CDN, the part of its views that has an error; the first two end the view, the third is a rule, the last is a warning. */
export const ERRORS = {
  'edge-a': { 404: 0.003, 'media/decode 3': 0.001, 'geo-block': 0.01, 'buffer-gap': 0.02 },
  'edge-b': { 404: 0.06, 'media/decode 3': 0.03, 'geo-block': 0.01, 'buffer-gap': 0.02 },
};
export const FATAL = new Set(['404', 'media/decode 3']);
export const RULE = 'geo-block';
const MESSAGES = { 404: 'https://edge-b.example/v/117/seg-9.ts answered 404', 'media/decode 3': HOSTILE, 'geo-block': 'not available in this country', 'buffer-gap': null };

/** As `/data/v1/errors`; one of them had not been seen in the time before. */
export function errors(groups, all, early, nowMs) {
  return groups.filter(([code]) => code !== '' && !(early && code === RULE)).map(([code, views], i) => ({
    id: i + 1, code: Number.isInteger(Number(code)) ? Number(code) : null, player_error_code: code, message: MESSAGES[code], description: null, notes: null,
    count: views, percentage: all === 0 ? 0 : views / all, last_seen: new Date(nowMs - 90_000 * (i + 1)).toISOString(),
  })).sort((a, b) => b.count - a.count);
}

const HOUR_S = 3_600;

export function firstNotes(startS) {
  const note = (id, backH, text, by) => ({ id, date: new Date((startS - backH * HOUR_S) * 1_000).toISOString(), note: text, sub_property_id: null, created_by: by, created_at: new Date(startS * 1_000).toISOString() });
  return [note('n2', 5, HOSTILE, 'session'), note('n1', 18, 'Player 2.4 released', 'token deploys')];
}

/** The scene's own list is changed: what is written stays as long as the server. */
export function annotations(method, input = {}, url, scene) {
  const id = url.pathname.split('/')[4];
  const known = scene.notes.find((note) => note.id === id);
  const change = (note) => Object.assign(note, { note: input.note ?? note.note, date: input.date === undefined ? note.date : new Date(input.date * 1_000).toISOString() });
  switch (method) {
    case 'POST':
      scene.notes.push(change({ id: `n${scene.notes.length + 1}`, sub_property_id: null, created_by: 'session', created_at: new Date().toISOString() }));
      return [201, { data: scene.notes.at(-1) }];
    case 'PATCH':
      return known === undefined ? [404, { title: 'Not Found', detail: 'there is no such annotation' }] : [200, { data: change(known) }];
    case 'DELETE':
      scene.notes = scene.notes.filter((note) => note !== known);
      return [204];
    default: {
      const [from, to] = url.searchParams.getAll('timeframe[]').map(Number);
      const data = scene.notes.filter(({ date }) => Date.parse(date) >= from * 1_000 && Date.parse(date) < to * 1_000).sort((a, b) => (a.date < b.date ? 1 : -1));
      return [200, { data, timeframe: [from, to], total_row_count: data.length }];
    }
  }
}

/** Who is signed in, and what every incident that was found has. */
const WHO = 'anna@example.org';
const FOUND = {
  opened_by: null, acknowledged_by: null, acknowledged_at: null, error_description: '', sample_size: 812, sample_size_unit: 'views', affected_views_per_hour: 90, affected_views_per_hour_on_open: 40, notification_rules: [], notifications: [], measured_value_on_close: null,
};

export function firstIncidents(startS) {
  const at = (backH) => new Date((startS - backH * HOUR_S) * 1_000).toISOString();
  return [
    { ...FOUND, id: 'i1', incident_key: 'k1', status: 'open', severity: 'alert', description: 'Playback failures of edge-b', impact: 'One view in eleven fails.', measurement: 'playback_failure_percentage',
      measured_value: 0.09, threshold: 0.02, affected_views: 271, breakdowns: [{ id: 'cdn:edge-b', name: 'cdn', value: 'edge-b' }], started_at: at(3), resolved_at: null },
    { ...FOUND, id: 'i2', incident_key: 'k2', status: 'closed', severity: 'warning', description: HOSTILE, impact: '', measurement: 'video_startup_time', measured_value: 2_900, measured_value_on_close: 800,
      threshold: 2_000, affected_views: 1_204, breakdowns: [{ id: 'country:BR', name: 'country', value: 'BR' }], started_at: at(30), resolved_at: at(28) },
  ];
}

/** Like the notes: what is opened and done stays as long as the server. */
export function incidents(method, input, url, scene) {
  const [, , , , id, more] = url.pathname.split('/');
  const frame = [0, scene.startS];
  const now = new Date();
  const enter = (found, action, note = '') => (found.log = [...(found.log ?? []), { at_ms: now.getTime(), action, actor: WHO, note }]);
  if (method === 'POST' && id === undefined) {
    const { started_at: startedS, breakdowns, note, ...said } = input;
    const made = {
      ...FOUND, ...said, id: `i${scene.incidents.length + 1}`, incident_key: 'by hand', status: 'open', impact: '', measured_value: null, threshold: 0, sample_size: 0, sample_size_unit: '', affected_views: 0, affected_views_per_hour: 0,
      breakdowns: breakdowns.map(({ name, value }) => ({ id: `${name}:${value}`, name, value })), started_at: new Date(startedS * 1_000).toISOString(), resolved_at: null, opened_by: WHO,
    };
    enter(made, 'open', note);
    scene.incidents.unshift(made);
    return [201, { data: made, timeframe: frame }];
  }
  const all = scene.empty ? [] : scene.incidents;
  if (id === undefined) {
    const status = url.searchParams.get('status');
    const severity = url.searchParams.get('severity');
    const data = all.filter((incident) => (status ?? incident.status) === incident.status && (severity ?? incident.severity) === incident.severity);
    return [200, { data, timeframe: frame, total_row_count: data.length }];
  }
  const found = all.find((incident) => incident.id === id);
  if (found === undefined) return [404, { title: 'Not Found', detail: 'there is no such incident' }];
  if (more === 'log' && method === 'POST') {
    if (input.action === 'acknowledge' && found.acknowledged_by !== null) return [409, { title: 'Conflict', detail: `${found.acknowledged_by} has acknowledged it already` }];
    enter(found, input.action, input.note);
    if (input.action === 'acknowledge') Object.assign(found, { acknowledged_by: WHO, acknowledged_at: now.toISOString() });
    if (input.action === 'resolve') Object.assign(found, { status: 'closed', resolved_at: now.toISOString() });
    return [201, { data: found, timeframe: frame }];
  }
  if (more === 'log') return [200, { data: found.log ?? [], total_row_count: (found.log ?? []).length }];
  const others = all.filter((incident) => incident !== found);
  return more === 'related' ? [200, { data: others, timeframe: frame, total_row_count: others.length }] : [200, { data: found, timeframe: frame }];
}

/** `edge-b` rebuffers and fails, as the live topic tells it; some of its texts are a stranger's. */
export function problems() {
  const row = (dimension, value, kind, viewers, part, elsewhere) => [`${dimension}=${value}:${kind}`, { dimension, value, kind, viewers, affected: Math.round(viewers * part), ratio: part, elsewhere_ratio: elsewhere }];
  const rows = [row('cdn', 'edge-b', 'rebuffering', 312, 0.11, 0.004), row('cdn', 'edge-b', 'failures', 325, 0.04, 0.002), row('video_title', HOSTILE, 'rebuffering', 61, 0.1, 0.02),
    row('country', 'BR', 'rebuffering', 170, 0.03, 0.009), row('asn_organization', 'Example Broadband', 'failures', 40, 0.1, 0.01)];
  return { rows: Object.fromEntries(rows) };
}
