/**
 * A publisher's origin that does as it is told: pages, scripts and the tests' media, of which everything from a given
 * second on is held back until it is released, or is not there at all. It takes beacons too, for tests without a collector.
 */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { DURATION_S, SEGMENT_S, media } from './media.mjs';

const TYPES = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css',
  '.mp4': 'video/mp4', '.m4s': 'video/mp4', '.m4a': 'audio/mp4',
  '.m3u8': 'application/vnd.apple.mpegurl', '.mpd': 'application/dash+xml',
};
/** What is left of the media in its live form: the rest is past. */
const LIVE_WINDOW_S = 12;

export class Stage {
  /** From this second on media is held back. */
  #open = Infinity;
  #held = new Set();
  #born = Date.now();
  /** From this second on segments are not there. */
  missingFrom = Infinity;
  /** Sent with every piece of media. */
  headers = {};
  /** Bodies of everything posted to `/in/…`. */
  beacons = [];

  /** `pages`: path to what is there, HTML unless the path says otherwise; `files`: path to file on disk. */
  static async start({ pages = {}, files = {} }) {
    const stage = new Stage();
    Object.assign(stage, { pages, files, folder: await media() });
    stage.server = createServer((request, response) => {
      stage.#serve(request, response).catch((error) => response.writeHead(500).end(String(error)));
    });
    await new Promise((resolve) => stage.server.listen(0, '127.0.0.1', resolve));
    stage.url = `http://localhost:${stage.server.address().port}`;
    return stage;
  }

  /** Media before this second flows, the rest waits. */
  openTo(second) {
    this.#open = second;
    for (const retry of [...this.#held]) retry();
  }

  close() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  /** Events of the views in the beacons, in order of arrival. */
  events() {
    return this.beacons.flatMap(({ views }) => views.flatMap(({ events }) => events));
  }

  /** What holds of the view by now. */
  facts() {
    return Object.assign({}, ...this.beacons.flatMap(({ views }) =>
      views.flatMap(({ set, events }) => [set, ...events.map((event) => event.set)])));
  }

  async #serve(request, response) {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    response.setHeader('Cache-Control', 'no-store');
    if (pathname in this.pages) return this.#send(response, extname(pathname) || '.html', this.pages[pathname]);
    if (pathname in this.files) return this.#send(response, extname(pathname), readFileSync(this.files[pathname]));
    if (pathname.startsWith('/in/')) return this.#take(request, response);
    if (pathname === '/open') return response.writeHead(204).end(this.openTo(Number(searchParams.get('to'))));
    if (pathname.startsWith('/media/')) return this.#sendMedia(pathname.slice('/media/'.length), request, response);
    // Browsers ask every site for its icon.
    return response.writeHead(pathname === '/favicon.ico' ? 204 : 404).end();
  }

  #send(response, type, body) {
    response.setHeader('Content-Type', TYPES[type]).end(body);
  }

  async #take(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    this.beacons.push(JSON.parse(Buffer.concat(chunks).toString()));
    response.writeHead(202, { 'Content-Type': 'application/json' }).end('{"accepted":1,"rejected":[]}');
  }

  async #sendMedia(name, request, response) {
    for (const [header, value] of Object.entries(this.headers)) response.setHeader(header, value);
    const [, number] = /^part-\d+-(\d+)\.m4s$/.exec(name) ?? [];
    const begins = number === undefined ? -1 : (Number(number) - 1) * SEGMENT_S;
    if (begins >= this.missingFrom || name.startsWith('none')) return response.writeHead(404).end();
    const type = extname(name);
    if (name.startsWith('live')) return this.#send(response, type, this.#live(name));
    const body = readFileSync(join(this.folder, name));
    if (type === '.mp4' || type === '.m4a') return this.#stream(name, body, request, response);
    await this.#until(() => begins < this.#open, response);
    return this.#send(response, type, body);
  }

  /** As much of a file as there may be of it now, the rest when it may be. */
  async #stream(name, body, { headers }, response) {
    const seconds = JSON.parse(readFileSync(join(this.folder, `${name}.json`), 'utf8'));
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
    const end = last ? Number(last) + 1 : body.length;
    let from = Number(first ?? 0);
    const allowed = () => (this.#open === 0 ? 0 : Math.min(end, seconds[this.#open] ?? body.length));
    await this.#until(() => allowed() > from, response);
    response.writeHead(first === undefined ? 200 : 206, {
      'Content-Type': TYPES[extname(name)], 'Accept-Ranges': 'bytes', 'Content-Length': end - from,
      ...(first !== undefined && { 'Content-Range': `bytes ${from}-${end - 1}/${body.length}` }),
    });
    while (from < end && !response.destroyed) {
      const to = allowed();
      response.write(body.subarray(from, to));
      from = to;
      if (from < end) await this.#until(() => allowed() > from, response);
    }
    response.end();
  }

  /** Resolves once it is so, or nobody waits for the answer any more. */
  #until(isSo, response) {
    return new Promise((resolve) => {
      const retry = () => {
        if (!isSo() && !response.destroyed) return;
        this.#held.delete(retry);
        resolve();
      };
      this.#held.add(retry);
      response.once('close', retry);
      retry();
    });
  }

  /** The same media as a live stream of which the last seconds have just been made. */
  #live(name) {
    const text = readFileSync(join(this.folder, name.replace(/^live[.-]/, '')), 'utf8');
    if (name.endsWith('.mpd')) {
      const start = new Date(this.#born - DURATION_S * 1_000).toISOString();
      const times = `availabilityStartTime="${start}" timeShiftBufferDepth="PT${LIVE_WINDOW_S}S" minimumUpdatePeriod="PT${SEGMENT_S}S" suggestedPresentationDelay="PT6S"`;
      return text.replace('type="static"', `type="dynamic" ${times}`).replace(/\s*mediaPresentationDuration="[^"]*"/, '');
    }
    return text.replace('#EXT-X-ENDLIST\n', '').replaceAll(/media_/g, 'live-media_').replaceAll(/#EXT-X-PROGRAM-DATE-TIME.*\n/g, '');
  }
}
