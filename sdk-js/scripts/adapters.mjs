/**
 * Builds each adapter alone: `dist/adapters/NAME.mjs`, a module, and `dist/adapters/NAME.js` for a `<script>` tag after
 * the SDK's, which puts `playhead.NAME` on the page.
 */

import { build } from 'esbuild';

const ADAPTERS = ['hlsjs', 'dashjs', 'shaka', 'videojs'];

const common = {
  absWorkingDir: new URL('..', import.meta.url).pathname,
  bundle: true,
  minify: true,
  // As the SDK itself.
  target: 'es2017',
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
};

for (const name of ADAPTERS) {
  const from = `./src/adapters/${name}`;
  await build({ ...common, entryPoints: [`${from}.ts`], format: 'esm', outfile: `dist/adapters/${name}.mjs` });
  const contents = `import { ${name} } from '${from}'; (window.playhead = window.playhead || {}).${name} = ${name};`;
  await build({ ...common, stdin: { contents, resolveDir: common.absWorkingDir }, format: 'iife', outfile: `dist/adapters/${name}.js` });
}
