/**
 * Holds each built file to its budget in `size-budget.json` (bytes after gzip -9) and to the promised language
 * level, and says what each module weighs. To raise a budget, change the number in the commit that needs it.
 */

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { parse } from 'acorn';
import { ENTRIES } from './entries.mjs';

const read = (file) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
const budget = JSON.parse(read('size-budget.json'));
const modules = JSON.parse(read('dist/modules.json'));
let failed = false;

for (const { file, format, es5 } of ENTRIES) {
  const limit = budget[`dist/${file}`];
  // A limit that cannot be read would let everything through. Televisions get what they need, at any size.
  if (!es5 && !(Number.isInteger(limit) && limit > 0)) {
    throw new Error(`size-budget.json: dist/${file} needs a positive whole number`);
  }
  const source = read(`dist/${file}`);
  parse(source, { ecmaVersion: es5 ? 5 : 2017, sourceType: format === 'esm' ? 'module' : 'script' });
  const size = gzipSync(source, { level: 9 }).length;
  const over = size > limit;
  failed ||= over;
  const allowance = es5 ? 'no limit' : `of ${limit}, ${limit - size} left`;
  console.log(`${over ? 'OVER ' : 'ok   '} dist/${file}  ${size} bytes gzip (${allowance}; ${source.length} raw)`);
}

// The dictionary of gzip is shared, so a module's part in the whole is its share of the minified text.
const [[file, parts]] = Object.entries(modules);
const total = parts.reduce((sum, [, bytes]) => sum + bytes, 0);
const size = gzipSync(read(`dist/${file}`), { level: 9 }).length;
console.log(`\n${file} by module: minified bytes, share of the gzipped`);
for (const [name, bytes] of parts.toSorted(([, a], [, b]) => b - a)) {
  console.log(`${String(bytes).padStart(7)} ${String(Math.round((size * bytes) / total)).padStart(6)}  ${name}`);
}

process.exitCode = failed ? 1 : 0;
