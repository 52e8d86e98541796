/**
 * Holds each built file to its budget in `size-budget.json` (bytes after gzip -9) and to the promised language
 * level. To raise a budget, change the number in the commit that needs it.
 */

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { parse } from 'acorn';

const root = new URL('../', import.meta.url);
const budget = JSON.parse(readFileSync(new URL('size-budget.json', root), 'utf8'));
let failed = false;

for (const [file, limit] of Object.entries(budget)) {
  // A limit that cannot be read would let everything through.
  if (!Number.isInteger(limit) || limit <= 0) throw new Error(`size-budget.json: ${file} needs a positive whole number`);
  const source = readFileSync(new URL(file, root));
  const size = gzipSync(source, { level: 9 }).length;
  const over = size > limit;
  failed ||= over;
  console.log(`${over ? 'OVER ' : 'ok   '} ${file}  ${size} of ${limit} bytes gzip  (${source.length} raw)`);
  parse(source.toString(), { ecmaVersion: 2017, sourceType: file.endsWith('.mjs') ? 'module' : 'script' });
}

process.exitCode = failed ? 1 : 0;
