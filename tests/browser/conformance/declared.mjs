/**
 * The table "what each way in can and cannot tell" of docs/players.md, made from what is declared in `ways.mjs`.
 * `node conformance/declared.mjs` writes it there; the test holds the page to it.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { WAYS } from './ways.mjs';

const PAGE = new URL('../../../docs/players.md', import.meta.url);
const [BEGIN, END] = ['<!-- made by tests/browser/conformance/declared.mjs -->', '<!-- end -->'];

const COLUMNS = {
  'startup': ['video_startup_ms'],
  'stalls': ['rebuffer_ms', 'rebuffer_count'],
  'seeks': ['seek_count'],
  'playing time': ['playing_ms'],
  'played ranges': ['ranges'],
  'bitrate': ['rendition_bitrate'],
  'picture size': ['rendition_height'],
  'failed start': ['playback_failure'],
};

export function declared() {
  const reasons = [];
  const cell = (cannot, figures) => {
    const reason = figures.map((figure) => cannot[figure]).find(Boolean);
    if (!reason) return 'yes';
    if (!reasons.includes(reason)) reasons.push(reason);
    return `no ${reasons.indexOf(reason) + 1}`;
  };
  const rows = Object.values(WAYS).map(({ title, cannot }) => [title, ...Object.values(COLUMNS).map((figures) => cell(cannot, figures))]);
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [
    line(['', ...Object.keys(COLUMNS)]), line(['', ...Object.keys(COLUMNS)].map(() => '---')), ...rows.map(line), '',
    ...reasons.map((reason, n) => `${n + 1}. ${reason}`),
  ].join('\n');
}

/** What the page has now. */
export const written = () => parts()[1].trim();

function parts() {
  const text = readFileSync(PAGE, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`docs/players.md has no place for the table between ${BEGIN} and ${END}`);
  return [text.slice(0, begin + BEGIN.length), text.slice(begin + BEGIN.length, end), text.slice(end)];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [before, , after] = parts();
  writeFileSync(PAGE, `${before}\n${declared()}\n${after}`);
}
