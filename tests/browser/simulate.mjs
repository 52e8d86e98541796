/** `playhead simulate` against a server of ours: viewers of days that are over, or of this moment. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { BINARY, INGEST_KEY } from './server.mjs';

/** `done` when it has ended well; `stop` ends it early. */
export function simulate(server, options) {
  const always = ['simulate', '--target', server.url, '--ingest-key', INGEST_KEY, '--ledger', `${server.dataDir}/ledger`];
  const child = spawn(BINARY, [...always, ...options], { stdio: 'ignore' });
  const done = once(child, 'exit').then(([code, signal]) => {
    if (code !== 0) throw new Error(`playhead simulate ended with ${code ?? signal}`);
  });
  // Whoever waits for it is told; nobody else has to be.
  done.catch(() => undefined);
  return { done, stop: () => child.kill() };
}
