/**
 * A small origin for browser tests: serves pages, the built SDK and the demo video, and keeps every beacon that
 * arrives. With `PLAYHEAD_URL` and `PLAYHEAD_INGEST_KEY` set it passes each beacon on to that collector and hands
 * back its answer, so that the same tests prove that the true collector takes what the SDK sends.
 */

import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { GOODBYE } from './witness.mjs';

const DIST = new URL('../../dist/', import.meta.url);
const VIDEO = new URL('../../../dashboards/public/demo/playhead-demo.mp4', import.meta.url);
const COLLECTOR = process.env.PLAYHEAD_URL;

export const KEY = process.env.PLAYHEAD_INGEST_KEY ?? 'test-key';

export class Recorder {
  /** Pages by path. */
  pages = new Map();
  /** Content-Security-Policy of all pages. */
  policy = '';
  /** So many posts are answered by somebody else: 200 and a page, as captive portals do. */
  portals = 0;
  /** Everything posted: headers, body and how it was answered. */
  posts = [];
  /** What the true collector would not take. */
  refusals = [];
  /** What pages saw that have gone. */
  goodbyes = [];
  /** Bytes of the video handed out before the line goes silent; lifted by `release()`. */
  holdAfter = Infinity;
  #held = [];

  static async start() {
    const recorder = new Recorder();
    recorder.server = createServer((request, response) => {
      recorder.#serve(request, response).catch((error) => response.writeHead(500).end(String(error)));
    });
    await new Promise((resolve) => recorder.server.listen(0, '127.0.0.1', resolve));
    recorder.origin = `http://127.0.0.1:${recorder.server.address().port}`;
    return recorder;
  }

  async stop() {
    this.release();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Lets the video flow again. */
  release() {
    this.holdAfter = Infinity;
    for (const carryOn of this.#held.splice(0)) carryOn();
  }

  /** Ids of all views, in order of arrival. */
  viewIds() {
    return [...new Set(this.posts.flatMap(({ body }) => body.views.map(({ id }) => id)))];
  }

  /** Events of a view (of the first one by default), each once, by sequence. */
  events(id = this.viewIds()[0]) {
    const bySeq = new Map();
    for (const { body } of this.posts) {
      for (const view of body.views) if (view.id === id) for (const event of view.events) bySeq.set(event.seq, event);
    }
    return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
  }

  /** Types in order, heartbeats left out. */
  types(id) {
    return this.events(id).map(({ type }) => type).filter((type) => type !== 'heartbeat');
  }

  /** Played stretches merged as the collector merges them: smallest start, largest end by number. */
  stretches(id) {
    const merged = [];
    for (const { seg } of this.events(id)) {
      if (!seg) continue;
      const [number, from, to] = seg;
      const known = merged[number] ?? [from, to];
      merged[number] = [Math.min(known[0], from), Math.max(known[1], to)];
    }
    return merged;
  }

  /** Waits until an event of this type has arrived, or so many of them, and returns the last of these. */
  arrival(type, { id, count = 1, within } = {}) {
    const found = () => this.events(id).filter((event) => event.type === type)[count - 1];
    return this.until(found, () => `no ${type} (${count}) among ${this.types(id).join()}`, within);
  }

  /** What the page saw that has just gone. */
  goodbye() {
    return this.until(() => this.goodbyes.at(-1), () => 'no word of the page that has gone');
  }

  /** Asks until there is an answer, and returns it. */
  async until(ask, complaint, within = 15_000) {
    const deadline = Date.now() + within;
    for (;;) {
      const answer = ask();
      if (answer) return answer;
      if (Date.now() > deadline) throw new Error(`${complaint()}, within ${within} ms`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #serve(request, response) {
    const { pathname } = new URL(request.url, 'http://localhost');
    response.setHeader('Access-Control-Allow-Origin', '*');
    if (pathname.startsWith('/in/')) return this.#take(request, response);
    if (pathname === GOODBYE) {
      this.goodbyes.push(JSON.parse(await textOf(request)));
      return response.writeHead(204).end();
    }
    if (pathname.startsWith('/sdk/')) {
      return response.setHeader('Content-Type', 'text/javascript').end(readFileSync(new URL(pathname.slice(5), DIST)));
    }
    if (pathname === '/demo.mp4') return this.#serveVideo(request, response);
    const page = this.pages.get(pathname);
    if (this.policy) response.setHeader('Content-Security-Policy', this.policy);
    if (page) return response.setHeader('Content-Type', 'text/html').end(`<!doctype html><title>test</title>${page}`);
    return response.writeHead(404).end();
  }

  async #take(request, response) {
    const text = await textOf(request);
    if (this.portals > 0) {
      this.portals--;
      return response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>Welcome to our network</title>');
    }
    const post = { method: request.method, path: request.url, headers: request.headers, text, at: Date.now() };
    if (request.method === 'POST') this.posts.push({ ...post, body: JSON.parse(text) });
    if (!COLLECTOR) return response.writeHead(202).end('{"accepted":1,"rejected":[]}');
    const answer = await fetch(COLLECTOR + request.url, {
      method: 'POST',
      body: text,
      headers: { 'Content-Type': 'text/plain', 'User-Agent': request.headers['user-agent'] },
    });
    const verdict = await answer.text();
    const taken = answer.status === 202 && JSON.parse(verdict).rejected.length === 0;
    if (!taken) this.refusals.push(`${answer.status} ${verdict} to ${text}`);
    return response.writeHead(answer.status).end(verdict);
  }

  #serveVideo(request, response) {
    const { size } = statSync(VIDEO);
    const [, first, last] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? [];
    const start = Number(first ?? 0);
    const end = last ? Number(last) : size - 1;
    const headers = { 'Content-Type': 'video/mp4', 'Accept-Ranges': 'bytes', 'Content-Length': end - start + 1 };
    if (first !== undefined) headers['Content-Range'] = `bytes ${start}-${end}/${size}`;
    response.writeHead(first === undefined ? 200 : 206, headers);
    const send = (from) => createReadStream(VIDEO, { start: from, end }).pipe(response);
    if (end < this.holdAfter) return send(start);
    const cut = Math.max(start, this.holdAfter);
    this.#held.push(() => send(cut));
    if (cut === start) return response.flushHeaders();
    return createReadStream(VIDEO, { start, end: cut - 1 }).pipe(response, { end: false });
  }
}

async function textOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
