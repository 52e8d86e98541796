/** Weighs the built pages against size-budget.json: every script and every sheet, gzip, both pages together. */
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const root = new URL('../', import.meta.url);
const budget = JSON.parse(readFileSync(new URL('size-budget.json', root), 'utf8'));
const assets = new URL('dist/assets/', root);
const total = { js: 0, css: 0 };

for (const name of readdirSync(assets).sort()) {
  const kind = name.split('.').pop();
  if (!(kind in total)) continue;
  const bytes = gzipSync(readFileSync(new URL(name, assets)), { level: 9 }).length;
  total[kind] += bytes;
  console.log(`${String(bytes).padStart(7)}  ${name}`);
}

let over = false;
for (const kind of Object.keys(total)) {
  const limit = budget[`total_${kind}_gzip_bytes`];
  over ||= total[kind] > limit;
  console.log(`${String(total[kind]).padStart(7)}  all ${kind}, gzip, of ${limit} allowed${total[kind] > limit ? ': TOO BIG' : ''}`);
}
process.exitCode = over ? 1 : 0;
