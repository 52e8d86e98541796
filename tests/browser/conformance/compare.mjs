/** Figures beside the truth: what each way in says, how far off that is, and whether it may be. */

import { tolerance } from './truth.mjs';
import { WAYS } from './ways.mjs';

/**
 * One line per figure: `verdict` is `ok`, `cannot` (as declared) or `OFF`. No machine keeps to the script to the millisecond, so
 * what the page saw `instead` is as true: by the element's events it may still have been as written.
 */
export function compare({ way, view, instead }, truth) {
  return Object.entries(truth).map(([figure, written]) => {
    const value = view?.[figure];
    const expected = instead[figure] ?? written;
    const right = isRight(figure, value, written) || isRight(figure, value, expected);
    const declared = figure in WAYS[way].cannot;
    return { way, figure, written, expected, value, verdict: right ? 'ok' : declared ? 'cannot' : 'OFF' };
  });
}

function isRight(figure, value, expected) {
  if (Array.isArray(expected)) {
    return Array.isArray(value) && value.length === expected.length && expected.every((part, n) => isRight(figure, value[n], part));
  }
  if (typeof expected !== 'number') return value === expected;
  return typeof value === 'number' && Math.abs(value - expected) <= tolerance(figure, expected);
}

/** The figures of all ways as a table for people: a row per way, the truth on top. */
export function tableOf(lines) {
  const figures = [...new Set(lines.map(({ figure }) => figure))];
  const ways = [...new Set(lines.map(({ way }) => way))];
  const mark = { ok: '', cannot: ' (declared)', OFF: ' OFF' };
  const cell = (way, figure) => {
    const line = lines.find((one) => one.way === way && one.figure === figure);
    if (!line) return '';
    const seen = line.expected === line.written ? '' : ` (page ${shortly(line.expected)})`;
    return `${shortly(line.value)}${seen}${mark[line.verdict]}`;
  };
  const truth = figures.map((figure) => shortly(lines.find((line) => line.figure === figure).written));
  const rows = [['way', ...figures], ['truth', ...truth], ...ways.map((way) => [way, ...figures.map((figure) => cell(way, figure))])];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row.map((text, column) => text.padEnd(widths[column])).join('  ').trimEnd());
}

function shortly(value) {
  if (value === undefined || value === null) return '-';
  if (Array.isArray(value)) return value.map((range) => range.map(Math.round).join('-')).join(' ') || 'none';
  return String(typeof value === 'number' ? Math.round(value) : value);
}
