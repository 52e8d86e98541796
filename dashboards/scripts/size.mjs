/**
 * Weighs the built pages against size-budget.json, gzip: what a page loads before it shows anything (its own script and
 * all that it imports statically), and everything there is, pages that are loaded on demand included.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const root = new URL('../', import.meta.url);
const budget = JSON.parse(readFileSync(new URL('size-budget.json', root), 'utf8'));
const dist = new URL('dist/', root);
const assets = new URL('assets/', dist);

const weights = new Map();
for (const name of readdirSync(assets).sort()) {
  if (!/\.(js|css)$/.test(name)) continue;
  weights.set(name, gzipSync(readFileSync(new URL(name, assets)), { level: 9 }).length);
  console.log(`${String(weights.get(name)).padStart(7)}  ${name}`);
}

const sum = (names) => [...names].reduce((total, name) => total + weights.get(name), 0);

/** The scripts a document names, and those they import before they run; `import("./x")` is left for later. */
function initialScripts(document) {
  const html = readFileSync(new URL(document, dist), 'utf8');
  const found = new Set([...html.matchAll(/(?:src|href)="\/assets\/([^"]+\.js)"/g)].map(([, name]) => name));
  for (const name of found) {
    const source = readFileSync(new URL(name, assets), 'utf8');
    for (const [, imported] of source.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) found.add(imported);
  }
  return found;
}

const of = (ending) => [...weights.keys()].filter((name) => name.endsWith(ending));
const measured = [
  ...['index.html', 'demo.html'].map((document) => [`initial js of ${document}`, sum(initialScripts(document)), budget.initial_js_gzip_bytes]),
  ['all js and css', sum(of('.js')) + sum(of('.css')), budget.whole_gzip_bytes],
];

for (const [what, bytes, limit] of measured) {
  console.log(`${String(bytes).padStart(7)}  ${what}, gzip, of ${limit} allowed${bytes > limit ? ': TOO BIG' : ''}`);
}
process.exitCode = measured.some(([, bytes, limit]) => !(bytes <= limit)) ? 1 : 0;
