/**
 * Plays a scripted scene to the built pages: serves dist/ with the product's security headers, answers the few
 * questions they ask, and speaks the live protocol. For looking at pages (`npm run replay`) and for page tests.
 */
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { WebSocketServer } from 'ws';
import { history } from './history-scene.mjs';
import { Managed } from './manage-scene.mjs';
import { Scene } from './scene.mjs';
import { sql } from './sql-scene.mjs';
import { listOfViews, viewInFull, watchers } from './views-scene.mjs';
import { annotations, incidents } from './wrong-scene.mjs';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.mp4': 'video/mp4' };
const CSP = "default-src 'self'; style-src 'self'; script-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self' ws: wss:";
export const INGEST_KEY = 'pk_replay_4f2c';
export const VIEW_ID = '0198c0de-0000-7000-8000-000000000001';
/** Stands where the SDK would: says which view it is, and remembers how it was called. */
const SDK = `window.playhead={monitor:(video,options)=>{window.monitored=options;return{viewId:'${VIEW_ID}'}}};`;

/**
 * Knobs a test may turn while pages are open, and those of a bench: `pages`, another folder than dist/; `speed`, how much faster than
 * ours the evening's clock runs; `deltaEveryMs`, by that clock.
 */
export function startReplay({ port = 0, pages = dist, empty = false, justBegun = false, speed = 1, deltaEveryMs = 500, signedIn = true, failing = false, silent = false, refuse = false, hanging = false, limited = false, comparisonFails = false, role = 'owner' } = {}) {
  const startMs = Date.now();
  const scene = new Scene({ empty, justBegun, now: () => Math.floor(startMs + (Date.now() - startMs) * speed) });
  const control = { pages, speed, deltaEveryMs, failing, silent, refuse, hanging, limited, comparisonFails, signedIn, managed: new Managed({ ingestKey: INGEST_KEY, empty, role }), accepting: true, connections: 0, subscribes: [], tokens: [], asked: [], questions: [] };
  const server = createServer(async (request, response) => {
    try {
      await answer(request, response, control, scene);
    } catch (error) {
      // A page that goes in the middle of its question waits for no answer.
      if (error.code !== 'ECONNRESET') throw error;
    }
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    if (!control.accepting || request.url !== '/live') return socket.destroy();
    sockets.handleUpgrade(request, socket, head, (client) => serveLive(client, control, scene));
  });
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => resolve({
      url: `http://127.0.0.1:${server.address().port}`,
      control,
      scene,
      /** Drops every connection and refuses new ones until `mend`. */
      cut() {
        control.accepting = false;
        for (const client of sockets.clients) client.terminate();
      },
      mend() {
        control.accepting = true;
      },
      async close() {
        for (const client of sockets.clients) client.terminate();
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
      },
    }));
  });
}

function json(response, status, body) {
  response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' });
  response.end(JSON.stringify(body));
}

function answer(request, response, control, scene) {
  const url = new URL(request.url, 'http://replay');
  response.setHeader('content-security-policy', CSP);
  if (url.pathname === '/session') return session(request, response, control);
  if (url.pathname === '/session/invitation') return invitation(request, response, control);
  if (url.pathname === '/demo/config') return json(response, 200, { ingest_key: INGEST_KEY, intake_path: `/in/${INGEST_KEY}`, live_token: 'demo', video_id: 'playhead-demo' });
  if (url.pathname === `/in/${INGEST_KEY}`) return intake(request, response, scene);
  if (url.pathname === '/sdk/playhead.js') return response.writeHead(200, { 'content-type': 'text/javascript' }).end(SDK);
  if (/^\/data\/v1\/sql(\/|$)/.test(url.pathname) && control.failing !== true && !control.hanging) return sql(request, url, response, control);
  if (url.pathname.startsWith('/data/v1/')) return data(request, url, response, control, scene);
  const file = `${control.pages}${url.pathname}`;
  if (extname(file) !== '' && existsSync(file)) {
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
    return createReadStream(file).pipe(response);
  }
  if (url.pathname === '/demo') return page(response, control, 'demo.html');
  if (extname(file) !== '') return json(response, 404, { title: 'Not found' });
  return page(response, control, 'index.html');
}

function page(response, control, name) {
  response.writeHead(200, { 'content-type': TYPES['.html'] });
  response.end(readFileSync(`${control.pages}/${name}`));
}

async function session(request, response, control) {
  if (request.method === 'GET') {
    if (!control.signedIn) return json(response, 401, { title: 'Not signed in' });
    return json(response, 200, control.managed.session());
  }
  if (request.method === 'DELETE') {
    control.signedIn = false;
    return response.writeHead(204).end();
  }
  const credentials = await bodyOf(request);
  if (request.method === 'PUT') return respond(response, control.managed.turn(credentials));
  if (credentials.code !== 'good' && credentials.password !== 'right') return json(response, 401, { title: 'Unauthorized' });
  control.signedIn = true;
  return response.writeHead(204).end();
}

/** One invitation is good, with any password. */
async function invitation(request, response, control) {
  if ((await bodyOf(request)).code !== 'good') return json(response, 404, { title: 'Not found' });
  control.signedIn = true;
  return response.writeHead(204).end();
}

/** A beacon is durable, and soon among the newest views. */
async function intake(request, response, scene) {
  scene.arrive((await bodyOf(request)).views[0]);
  return json(response, 202, { accepted: 1 });
}

async function bodyOf(request) {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body === '' ? undefined : JSON.parse(body);
}

const NOT_NOW = [503, { title: 'Service unavailable', detail: 'The store does not answer.', status: 503 }];
const fails = (url, { failing }) => failing instanceof RegExp && failing.test(url.pathname + url.search);

/** `[status, body]`, the body left out where there is none. */
function respond(response, [status, body]) {
  if (body === undefined) return response.writeHead(status).end();
  return json(response, status, body);
}

async function data(request, url, response, control, scene) {
  control.asked.push(url.pathname + url.search);
  if (control.limited) {
    response.setHeader('retry-after', '7');
    return json(response, 429, { title: 'Too Many Requests', detail: 'too many requests; try again in 7 s' });
  }
  if (control.failing === true) {
    response.setHeader('x-request-id', 'req-77');
    return json(response, 503, { title: 'Service unavailable', detail: 'The store does not answer.' });
  }
  if (control.hanging) return undefined;
  if (fails(url, control)) return respond(response, NOT_NOW);
  const body = await bodyOf(request);
  const managed = control.managed.answer(request.method, url.pathname, body);
  if (managed !== undefined) {
    response.setHeader('x-request-id', 'req-78');
    return respond(response, managed);
  }
  if (url.pathname.endsWith('/heatmap')) {
    const { viewers, plays } = scene.heatmapColumns();
    const full = { total_views: 318, value: plays, viewers, bucket_ms: 1_000, moments: scene.moments() };
    return json(response, 200, { data: scene.empty ? { total_views: 0, value: [], viewers: [], bucket_ms: 1_000, moments: [] } : full });
  }
  if (url.pathname.endsWith('/viewers')) return json(response, 200, watchers(url.searchParams, scene));
  const [, , , kind] = url.pathname.split('/');
  if (url.pathname === '/data/v1/query') return json(response, 200, together(body, control, scene));
  if (kind === 'annotations') {
    return respond(response, annotations(request.method, body, url, scene));
  }
  if (kind === 'incidents') return respond(response, incidents(request.method, body, url, scene));
  if (url.pathname === '/data/v1/video-views') return json(response, 200, listOfViews(url.searchParams, scene));
  if (url.pathname.startsWith('/data/v1/video-views/')) {
    const view = viewInFull(decodeURIComponent(url.pathname.split('/').at(-1)), scene);
    return view === undefined ? json(response, 404, { title: 'Not Found', detail: 'there is no such view' }) : json(response, 200, { data: view });
  }
  return json(response, ...answerOf(url, control, scene));
}

/** As `[status, body]`; `failing` may be of some questions alone. */
function answerOf(url, control, scene) {
  const early = Number(url.searchParams.getAll('timeframe[]')[1]) < Date.now() / 1_000 - 1_800;
  if (control.comparisonFails && early) return [503, { title: 'Service unavailable', detail: 'The earlier time is not to be had.', status: 503 }];
  if (fails(url, control)) return NOT_NOW;
  return history(url, scene) ?? [404, { title: 'Not Found', status: 404 }];
}

/** Many questions in one, each answered as its own address would. */
function together({ selection = {}, questions }, control, scene) {
  const outcome = ({ metric, kind, selection: own, ...parameters }) => {
    const { timeframe = [], filters = [] } = own ?? selection;
    const pairs = [...timeframe.map((second) => ['timeframe[]', second]), ...filters.map((filter) => ['filters[]', filter]), ...Object.entries(parameters).map(([name, value]) => [name, String(value)])];
    const [status, answer] = answerOf(new URL(`/data/v1/metrics/${metric}/${kind}?${new URLSearchParams(pairs)}`, 'http://replay'), control, scene);
    return status === 200 ? { answer } : { problem: answer };
  };
  control.questions.push(...Object.values(questions));
  return { data: Object.fromEntries(Object.entries(questions).map(([name, question]) => [name, outcome(question)])), meta: { queries: 1 } };
}

const HEARTBEAT_EVERY_MS = 5_000;

function serveLive(client, control, scene) {
  control.connections += 1;
  const subscriptions = new Map();
  const send = (frame) => client.readyState === 1 && client.send(JSON.stringify(frame));
  send({ type: 'hello', server_ms: scene.now(), protocol: 'playhead.v1' });
  client.on('message', (text) => {
    const frame = JSON.parse(String(text));
    if (frame.type === 'auth') control.tokens.push(frame.token);
    if (frame.type === 'unsubscribe') subscriptions.delete(frame.id);
    if (frame.type !== 'subscribe') return;
    control.subscribes.push(frame);
    if (control.refuse === true || (Array.isArray(control.refuse) && control.refuse.includes(frame.topic))) return send({ type: 'error', id: frame.id, code: 'unavailable', message: 'This topic is not served here.' });
    if (control.silent) return;
    const seq = (frame.since ?? 0) + 1;
    const subscription = { ...frame, query: frame.query ?? {}, seq, seen: {} };
    subscriptions.set(frame.id, subscription);
    send({ type: 'snapshot', id: frame.id, seq, state: scene.state(frame.topic, subscription.query, subscription.seen) });
  });
  const deltas = setInterval(() => {
    for (const subscription of subscriptions.values()) {
      const changes = scene.changes(subscription.topic, subscription.query, subscription.seen);
      if (changes !== undefined) send({ type: 'delta', id: subscription.id, seq: (subscription.seq += 1), changes });
    }
  }, control.deltaEveryMs / control.speed);
  const heartbeat = () => send({ type: 'heartbeat', server_ms: scene.now(), data_age_ms: 40 });
  heartbeat();
  const beats = setInterval(heartbeat, HEARTBEAT_EVERY_MS / control.speed);
  client.on('close', () => {
    clearInterval(deltas);
    clearInterval(beats);
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const replay = await startReplay({ port: Number(process.env.PORT ?? 4173), empty: process.argv.includes('--empty') });
  console.log(`${replay.url}  live, demo at ${replay.url}/demo`);
}
