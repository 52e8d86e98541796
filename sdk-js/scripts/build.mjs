/**
 * Builds every entry into `dist`: esbuild puts the modules together and gives short names to members that begin with
 * `_`, TypeScript lowers what is for televisions, terser takes out what esbuild leaves in.
 *
 * What each module weighs is kept in `dist/modules.json`, for `scripts/size.mjs`.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { minify } from 'terser';
import ts from 'typescript';
import { ENTRIES } from './entries.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

/** Getters of the page's own objects may be called once more or once less; nothing else here is out of the ordinary. */
const COMPRESS = { passes: 5, pure_getters: true, unsafe: true, unsafe_arrows: true, unsafe_methods: true, hoist_funs: true };

/** Puts the parts for old browsers in the place of those for new ones. */
const legacy = {
  name: 'legacy',
  setup: ({ onResolve }) => onResolve({ filter: /^\.\/transport$/ }, () => ({ path: `${root}src/legacy/transport.ts` })),
};

/** Puts one export of a module on the page's `playhead`. */
const onPage = (from, name) => ({
  contents: `import { ${name} } from './${from}'; (window.playhead = window.playhead || {}).${name} = ${name};`,
  resolveDir: root,
});

function bundle({ from, format, es5, global }) {
  return build({
    absWorkingDir: root,
    ...(global ? { stdin: onPage(from, global) } : { entryPoints: [from] }),
    bundle: true,
    write: false,
    metafile: true,
    format,
    minify: !es5,
    // Browsers since 2017; lower would cost everybody bytes for the few devices that have a build of their own.
    target: 'es2017',
    // Modules are strict by themselves, and nothing here depends on it; a directive is bytes for nothing.
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
    mangleProps: /^_/,
    charset: 'utf8',
    legalComments: 'none',
    define: { PLAYHEAD_VERSION: JSON.stringify(version) },
    plugins: es5 ? [legacy] : [],
    inject: es5 ? ['src/legacy/assign.ts'] : [],
    logLevel: 'warning',
  });
}

function lower(source) {
  // TypeScript 6 still writes ES5, and says that a later version will not.
  const compilerOptions = { target: ts.ScriptTarget.ES5, module: ts.ModuleKind.None, ignoreDeprecations: '6.0' };
  return ts.transpileModule(source, { compilerOptions }).outputText;
}

const modules = {};
mkdirSync(`${root}dist/adapters`, { recursive: true });
for (const entry of ENTRIES) {
  const { outputFiles, metafile } = await bundle(entry);
  const [{ text }] = outputFiles;
  const { code } = await minify(entry.es5 ? lower(text) : text, {
    module: entry.format === 'esm',
    ecma: entry.es5 ? 5 : 2017,
    compress: entry.es5 ? { ...COMPRESS, unsafe_arrows: false, unsafe_methods: false } : COMPRESS,
  });
  writeFileSync(`${root}dist/${entry.file}`, code);
  const [{ inputs }] = Object.values(metafile.outputs);
  if (!entry.es5) modules[entry.file] = Object.entries(inputs).map(([name, { bytesInOutput }]) => [name, bytesInOutput]);
}
writeFileSync(`${root}dist/modules.json`, JSON.stringify(modules));
