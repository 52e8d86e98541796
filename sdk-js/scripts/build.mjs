/** Builds `dist/playhead.js` (script tag, puts `window.playhead`) and `dist/playhead.mjs` (module). */

import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { buildAdapters } from './adapters.mjs';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

const common = {
  absWorkingDir: new URL('..', import.meta.url).pathname,
  bundle: true,
  minify: true,
  // Browsers and televisions since 2018; lower would cost bytes for devices that cannot play today's streams.
  target: 'es2017',
  charset: 'utf8',
  legalComments: 'none',
  define: { PLAYHEAD_VERSION: JSON.stringify(version) },
  logLevel: 'warning',
};

await build({
  ...common,
  entryPoints: ['src/script.ts'],
  format: 'iife',
  globalName: 'playhead',
  outfile: 'dist/playhead.js',
});
await build({ ...common, entryPoints: ['src/index.ts'], format: 'esm', outfile: 'dist/playhead.mjs' });
await buildAdapters(common);
