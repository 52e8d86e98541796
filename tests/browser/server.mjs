/** The real binary on free ports, with a data directory of its own, from its first line to its exit code. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from './check.mjs';

export const BINARY = process.env.PLAYHEAD_BIN ?? fileURLToPath(new URL('../../target/debug/playhead', import.meta.url));
/** The document of all pages; it names the scripts by their content. */
const PAGES = fileURLToPath(new URL('../../dashboards/dist/index.html', import.meta.url));
/** Where a checkout's engine is found from; see `PLAYHEAD_CHDB_LIB` for another place. */
const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
/** The first start makes the schema in a new database. */
const START_MS = 180_000;
/** Promised: drained and gone this long after SIGTERM. */
const STOP_MS = 30_000;
/** So much of the log is shown when something goes wrong. */
const LOG_LINES = 40;

export const INGEST_KEY = 'browserkey';
export const TOKEN = 'browser:token-of-the-browser-tests';

export class Server {
  #child;
  #log = [];
  /** What `/readyz` said last. */
  #readiness;
  #exited;

  /** Starts one; further settings as `PLAYHEAD_*`. It serves and its engine answers when this resolves. */
  static async start(settings = {}) {
    const server = new Server();
    server.dataDir = await mkdtemp(join(tmpdir(), 'playhead-browser-'));
    try {
      await server.#launch(settings);
    } catch (error) {
      await server.kill();
      throw error;
    }
    return server;
  }

  async #launch(settings) {
    this.#child = spawn(BINARY, ['serve'], {
      cwd: CHECKOUT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...bareEnvironment(), ...bootstrap(this.dataDir), ...settings },
    });
    process.once('exit', this.#killNow);
    this.#exited = new Promise((resolve, reject) => {
      this.#child.once('error', (error) => reject(new Error(`${BINARY} cannot be run; build it: cargo build`, { cause: error })));
      this.#child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    await Promise.race([this.#exited, once(this.#child, 'spawn')]);
    createInterface({ input: this.#child.stderr }).on('line', (line) => this.#log.push(line));
    const lines = [];
    createInterface({ input: this.#child.stdout }).on('line', (line) => lines.push(line));
    const said = (pattern, what) => this.#unlessGone(() => lines.map((line) => pattern.exec(line)?.[1]).find(Boolean), what);
    this.url = await said(/^Playhead is running on (http:\S+)/, 'the address on stdout');
    this.loginLink = await said(/^\s*dashboard\s+(http:\S+)/, 'the login link on stdout');
    await this.#unlessGone(() => this.#isReady(), '/readyz says ready, with ClickHouse');
    await this.#hasThePages();
  }

  /** Pages are embedded when the binary is built: tests of older ones would be told of faults that are mended. */
  async #hasThePages() {
    if (process.env.PLAYHEAD_BIN !== undefined) return;
    const [built, served] = await Promise.all([readFile(PAGES, 'utf8'), fetch(`${this.url}/login`).then((answer) => answer.text())]);
    assert.equal(served, built, 'the binary has other pages than dashboards/dist: build it again (`cargo build`)');
  }

  async #isReady() {
    const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
    this.#readiness = await answer?.text();
    return answer?.status === 200 && JSON.parse(this.#readiness).clickhouse === 'ok';
  }

  /** Waits for something of a process that may end instead. */
  async #unlessGone(ask, what) {
    try {
      return await eventually(() => {
        const { exitCode, signalCode } = this.#child;
        if (exitCode !== null || signalCode !== null) throw new Error(`it ended with ${exitCode ?? signalCode}`);
        return ask();
      }, what, START_MS);
    } catch (error) {
      throw new Error(`${BINARY}: ${error.message}\n/readyz: ${this.#readiness}\n${this.log()}`, { cause: error });
    }
  }

  /** The end of what it logged. */
  log() {
    return this.#log.slice(-LOG_LINES).join('\n');
  }

  /** An answer of the API, as the token sees it; a body is posted. */
  async api(path, parameters = {}, body = undefined) {
    const query = new URLSearchParams(Object.entries(parameters)).toString();
    const authorization = `Basic ${Buffer.from(TOKEN).toString('base64')}`;
    const posted = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const answer = await fetch(`${this.url}/data/v1/${path}?${query}`, { headers: { authorization, 'Content-Type': 'application/json' }, ...posted });
    const text = await answer.text();
    assert.ok(answer.ok, `${path}?${query}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }

  /** SIGTERM, and what an operator may count on: it ends by itself, in time, with 0. */
  async stop() {
    const asked = Date.now();
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    const ended = await this.#exited;
    clearTimeout(late);
    await this.#forget();
    assert.deepEqual(ended, { code: 0, signal: null }, `after SIGTERM and ${Date.now() - asked} ms\n${this.log()}`);
    return Date.now() - asked;
  }

  /** After a failure: gone, whatever state it was in. */
  async kill() {
    this.#killNow();
    await this.#exited?.catch(() => undefined);
    await this.#forget();
  }

  async #forget() {
    process.removeListener('exit', this.#killNow);
    await rm(this.dataDir, { recursive: true, force: true });
  }

  #killNow = () => {
    this.#child?.kill('SIGKILL');
  };
}

/** Runs with a server: stopped in good order after success, killed and quoted after a failure. */
export async function withServer(settings, run) {
  const server = await Server.start(settings);
  try {
    await run(server);
  } catch (error) {
    await server.kill();
    error.message += `\nThe server's log ends with:\n${server.log()}`;
    throw error;
  }
  return server.stop();
}

/** The settings of whoever runs the tests are not the tests'. */
function bareEnvironment() {
  const kept = ([name]) => !name.startsWith('PLAYHEAD_') || name === 'PLAYHEAD_CHDB_LIB';
  return Object.fromEntries(Object.entries(process.env).filter(kept));
}

const bootstrap = (dataDir) => ({
  PLAYHEAD_HTTP_ADDR: '127.0.0.1:0',
  PLAYHEAD_ADMIN_ADDR: '127.0.0.1:0',
  PLAYHEAD_SQL_ADDR: '127.0.0.1:0',
  PLAYHEAD_DATA_DIR: dataDir,
  PLAYHEAD_BOOTSTRAP_ENVIRONMENT: 'browser-tests',
  PLAYHEAD_BOOTSTRAP_INGEST_KEY: INGEST_KEY,
  PLAYHEAD_BOOTSTRAP_TOKEN: TOKEN,
});
