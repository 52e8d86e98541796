/**
 * Control data that remembers what is done to it: keys, tokens, people, environments, erasures. Answers and problems as the
 * server gives them, as far as the pages show them; who may do what follows the role in `control.role`.
 */
import { HOSTILE } from './views-scene.mjs';

const DAY_MS = 86_400_000;
const SCOPES = { viewer: ['read', 'sql'], editor: ['read', 'sql', 'write'], admin: ['read', 'sql', 'write', 'admin'], owner: ['read', 'sql', 'write', 'admin'] };

export class Managed {
  constructor({ ingestKey, empty = false, role = 'owner', email = 'anna@example.org' }) {
    const agoMs = (days) => Date.now() - Math.round(days * DAY_MS);
    Object.assign(this, { role, email, number: 0 });
    this.environments = [{ id: 'env1', name: 'production', ingest_key: ingestKey }, { id: 'staging', name: 'staging', ingest_key: 'stagingkey0000000000000000' }];
    this.environment = 'env1';
    this.retention = 90;
    const key = (ingest_key, more) => ({ ingest_key, name: '', origins: [], events_per_s: null, created_ms: agoMs(60), last_used_ms: null, replaced_by: null, retired_ms: null, ...more });
    this.keys = [key(ingestKey, { name: 'website', last_used_ms: agoMs(0.0001) })];
    this.tokens = [];
    this.people = [];
    this.invitations = [];
    this.receipts = [];
    this.refused = [];
    this.system = systemOf(empty);
    if (!empty) {
      this.keys.push(
        key('shop5b8e0d7c41f2a93e6b7d', { name: HOSTILE, origins: ['https://shop.example', 'https://*.shop.example'], events_per_s: 2_000, last_used_ms: agoMs(0.2) }),
        key('old1f7c2b8d94e05a6c3b1e0', { name: 'website, before the move', retired_ms: agoMs(4), created_ms: agoMs(200), last_used_ms: agoMs(9), replaced_by: ingestKey }),
      );
      const token = (id, more) => ({ id, name: '', scopes: ['read'], created_ms: agoMs(30), expires_ms: null, last_used_ms: null, revoked_ms: null, ...more });
      this.tokens = [
        token('t-grafana', { name: 'grafana', scopes: ['read', 'sql'], expires_ms: agoMs(-60), last_used_ms: agoMs(0.01) }),
        token('t-deploys', { name: HOSTILE, scopes: ['write'] }),
        token('t-former', { name: 'nightly export', scopes: ['admin'], revoked_ms: agoMs(2), last_used_ms: agoMs(2.1) }),
      ];
      this.people = [
        { email, role, environments: [], created_ms: agoMs(200), last_sign_in_ms: agoMs(0.1) },
        { email: 'a.very.long.address.that.has.to.break.somewhere@department.of.streaming.example.org', role: 'viewer', environments: ['env1', 'staging'], created_ms: agoMs(3), last_sign_in_ms: null },
      ];
      this.invitations = [{ id: 'i1', email: 'otto@example.org', role: 'editor', environments: ['env1'], created_ms: agoMs(1), expires_ms: agoMs(-2) }];
      const refused = (reason, more) => ({ format: 'native', reason, detail: null, whole_beacons: true, count: 1, is_temporary: false, first_ms: agoMs(1), last_ms: agoMs(0.01), example: { ingest_key: ingestKey, view_id: null, sequence: null, origin: null, user_agent: null }, ...more });
      this.refused = [
        refused('bad_time', { whole_beacons: false, count: 1_204, example: { ingest_key: ingestKey, view_id: 'past-1', sequence: 12, origin: 'https://www.example.org', user_agent: HOSTILE } }),
        refused('foreign_origin', { count: 310, detail: 'this ingest key does not take beacons from pages of this origin', example: { ingest_key: 'shop5b8e0d7c41f2a93e6b7d', view_id: null, sequence: null, origin: 'https://copy.example', user_agent: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/142' } }),
        refused('over_quota', { format: 'mux', count: 12, detail: 'more events than this ingest key may send; try again in 1 s', is_temporary: true }),
      ];
      this.receipts = [{ id: 'r1', environment: 'env1', viewer_sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', requested_ms: agoMs(5), requested_by: email, finished_ms: agoMs(5) + 4_200, views: 14, view_rows: 31, event_rows: 802, pending: [] }];
    }
  }

  session() {
    return { environments: this.environments, environment: this.environment, email: this.email, role: this.role, scopes: SCOPES[this.role] };
  }

  turn({ environment }) {
    if (!this.environments.some(({ id }) => id === environment)) return [404, problem('there is no such environment')];
    this.environment = environment;
    return [204];
  }

  /** The answer to a request under /data/v1 as `[status, body]`; undefined where somebody else answers. */
  answer(method, pathname, body) {
    const [kind, id, what] = pathname.split('/').slice(3).map(decodeURIComponent);
    const needs = { tokens: 'admin', erasures: 'admin', viewers: 'admin', export: 'admin', 'viewer-tokens': 'write' }[kind] ?? (method === 'GET' ? 'read' : 'admin');
    const ownersOnly = kind === 'people' || kind === 'invitations' || (kind === 'environments' && method === 'POST');
    const handler = HANDLERS[kind];
    if (handler === undefined) return undefined;
    if (ownersOnly && this.role !== 'owner') return [403, problem('this needs an owner', 'forbidden')];
    if (!SCOPES[this.role].includes(needs)) return [403, problem(`this needs the scope \`${needs}\``, 'forbidden')];
    return handler(this, method, { id, what, body, key: `${method}${id === undefined ? '' : ' one'}${what === undefined ? '' : ` ${what}`}` });
  }

  make(prefix) {
    this.number += 1;
    return `${prefix}${String(this.number).padStart(4, '0')}`;
  }
}

/** A node that has run for two hours, with a bad quarter of an hour; or one that has just begun, and whose ClickHouse is away. */
function systemOf(empty) {
  const nowMs = Date.now();
  const counter = (name, labels, value) => ({ name: `playhead_${name}_total`, labels, value });
  const course = Array.from({ length: empty ? 1 : 360 }, (_, i) => {
    const wave = 2_400 + 700 * Math.sin(i / 60);
    const bad = i > 200 && i < 290;
    return { at_ms: nowMs - (359 - i) * 10_000, accepted_per_s: wave, rejected_per_s: 0.4, shed_per_s: bad ? 120 : 0, stored_per_s: bad ? 0 : wave, lag_records: bad ? (i - 200) * 8_000 : 40 };
  });
  return {
    version: '0.1.0', started_ms: nowMs - (empty ? 9_000 : 7_440_000), now_ms: nowMs, roles: ['collect', 'process', 'query'], ready: true, draining: false,
    parts: [{ name: 'log', decides: true, problem: null }, { name: 'control', decides: true, problem: null }, { name: 'clickhouse', decides: false, problem: empty ? 'no answer within 2 s' : null }],
    log: { host: 'embedded', bytes: empty ? 0 : 64_512_000, room: 1, partitions: [{ partition: 0, end: empty ? 0 : 1_204_112, processed: empty ? 0 : 1_204_100, lag: empty ? 0 : 12 }] },
    quarantined: empty ? 0 : 3,
    clickhouse: empty ? { host: 'embedded', version: null, tables: [], disk: null } : {
      host: 'embedded', version: '25.8.2.1', disk: { free_bytes: 812_000_000_000, total_bytes: 1_000_000_000_000 },
      tables: [{ table: 'event_rows', rows: 48_120_441, bytes: 1_912_004_112, parts: 31 }, { table: 'view_states', rows: 2_004_118, bytes: 402_118_020, parts: 12 }],
    },
    counters: empty ? [] : [
      counter('events_intake', { format: 'native', fate: 'accepted' }, 18_204_112), counter('events_intake', { format: 'mux', fate: 'accepted' }, 204_004),
      counter('events_intake', { format: 'native', fate: 'rejected', reason: 'bad_time' }, 1_204), counter('events_intake', { format: 'native', fate: 'shed', reason: 'over_quota', importance: 'progress' }, 108_000),
      counter('events_processed', { fate: 'stored' }, 18_390_004), counter('events_processed', { fate: 'duplicate' }, 20_118), counter('events_processed', { fate: 'quarantined' }, 3),
      counter('beacons_refused', { format: 'native', code: 'unknown_key' }, 88), counter('fields_dropped', { reason: 'text_too_long' }, 14),
    ],
    course,
  };
}

const problem = (detail, code = 'invalid_body') => ({ title: 'Refused', detail, code });
const listed = (data) => [200, { data, total_row_count: data.length }];
const missing = [404, problem('there is no such thing that works', 'not_found')];

const BAD_ORIGIN = (origins) => origins.find((origin) => !/^https?:\/\/[^/]+$/.test(origin));

const HANDLERS = {
  'ingest-keys': (scene, _method, { key, id, body }) => {
    const of = scene.keys.find(({ ingest_key: one }) => one === id);
    const bad = body?.origins && BAD_ORIGIN(body.origins);
    if (bad) return [400, problem(`\`${bad}\` is no origin: write https://example.org, http://localhost:3000 or https://*.example.org`)];
    const made = (more) => ({ name: '', origins: [], events_per_s: null, created_ms: Date.now(), last_used_ms: null, replaced_by: null, retired_ms: null, ingest_key: scene.make('key'), ...more });
    if (key === 'GET') return listed(scene.keys);
    if (key === 'POST') return [201, scene.keys[scene.keys.push(made(body)) - 1]];
    if (of === undefined || of.retired_ms !== null) return missing;
    if (key === 'PUT one') return [200, Object.assign(of, body)];
    if (key === 'DELETE one') { of.retired_ms = Date.now(); return [204]; }
    const next = made({ name: of.name, origins: of.origins, events_per_s: of.events_per_s });
    scene.keys.push(next);
    of.replaced_by = next.ingest_key;
    return [201, next];
  },
  tokens: (scene, _method, { key, id, body }) => {
    if (key === 'GET') return listed(scene.tokens);
    if (key === 'POST') {
      const token = { name: body.name, scopes: body.scopes, expires_ms: body.expires_ms ?? null, id: scene.make('token'), created_ms: Date.now(), last_used_ms: null, revoked_ms: null };
      scene.tokens.push(token);
      return [201, { ...token, secret: 'a-secret-that-is-told-this-once' }];
    }
    const of = scene.tokens.find((token) => token.id === id);
    if (of === undefined) return missing;
    of.revoked_ms = Date.now();
    return [204];
  },
  people: (scene, _method, { key, id, body }) => {
    if (key === 'GET') return listed(scene.people);
    const of = scene.people.find(({ email }) => email === id);
    if (of === undefined) return missing;
    if (key === 'DELETE one') { scene.people = scene.people.filter((one) => one !== of); return [204]; }
    if (body.role !== 'owner' && body.environments.length === 0) return [400, problem('name at least one environment; choices: env1, staging')];
    return [200, Object.assign(of, body)];
  },
  invitations: (scene, _method, { key, id, body }) => {
    if (key === 'GET') return listed(scene.invitations);
    if (key === 'DELETE one') { scene.invitations = scene.invitations.filter((one) => one.id !== id); return [204]; }
    if (body.role !== 'owner' && body.environments.length === 0) return [400, problem('name at least one environment; choices: env1, staging')];
    const invitation = { ...body, id: scene.make('i'), created_ms: Date.now(), expires_ms: Date.now() + 3 * DAY_MS };
    scene.invitations.unshift(invitation);
    return [201, { ...invitation, code: 'good', path: '/login#invitation=good' }];
  },
  sessions: (scene, _method, { key }) => (key === 'GET'
    ? listed([
      { id: 's1', email: scene.email, device: 'Mozilla/5.0 (X11; Linux x86_64) Chrome/142', created_ms: Date.now() - 3_600_000, expires_ms: Date.now() + 39_600_000, last_used_ms: Date.now() - 60_000, is_this: true },
      { id: 's2', email: null, device: '', created_ms: Date.now() - 7_200_000, expires_ms: Date.now() + 36_000_000, last_used_ms: null, is_this: false },
    ])
    : [204]),
  environments: (scene, _method, { key, id, body }) => {
    if (key === 'POST') {
      scene.environments.push({ id: body.name, name: body.name, ingest_key: scene.make('key') });
      return [201, { id: body.name, ingest_key: 'keyofit', token: { id: scene.make('token'), secret: 'its-secret' } }];
    }
    const of = scene.environments.find((one) => one.id === id);
    if (of === undefined) return missing;
    if (body?.name === '!') return [400, problem('`!` is no name for an environment: it needs a letter or digit, and at most 60 characters')];
    if (body?.name !== undefined) of.name = body.name;
    scene.retention = body?.retention_days ?? scene.retention;
    return [200, { ...of, created_ms: Date.now() - 200 * DAY_MS, retention_days: scene.retention }];
  },
  viewers: (scene) => {
    const receipt = { id: scene.make('r'), environment: 'env1', viewer_sha256: 'ab'.repeat(32), requested_ms: Date.now(), requested_by: scene.email, finished_ms: null, views: 0, view_rows: 0, event_rows: 0, pending: ['the log is read to where it was'] };
    scene.receipts.unshift(receipt);
    return [202, receipt];
  },
  erasures: (scene, _method, { key, id }) => {
    if (key === 'GET') return listed(scene.receipts);
    // Whoever asks after it finds it done.
    const of = scene.receipts.find((receipt) => receipt.id === id);
    return [200, Object.assign(of, { finished_ms: Date.now(), views: 3, view_rows: 3, event_rows: 120, pending: [] })];
  },
  refusals: (scene) => listed(scene.refused),
  system: (scene) => (scene.role === 'owner' ? [200, { data: scene.system }] : [403, problem('this needs an owner', 'forbidden')]),
  'viewer-tokens': (_scene, method, { body }) => (method === 'DELETE' ? [204] : [201, { data: { token: 'eyJhbGciOiJIUzI1NiJ9.eyJ2IjoiZGVyYnktMjAyNiJ9.c2lnbmVk', expires_at: Math.floor(Date.now() / 1_000) + body.lifetime_s } }]),
};
