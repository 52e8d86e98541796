/** What a statement is made of, for the editor: its words in kinds, its parameters, and what a word begun here may become. */
import type { Schema } from '../api/sql';

export type Kind = 'keyword' | 'text' | 'number' | 'comment' | 'plain';

export interface Piece {
  kind: Kind;
  text: string;
}

export const KEYWORDS = `ALL AND ANTI ANY ARRAY AS ASC ASOF BETWEEN BY CASE CAST COLLATE CROSS CUBE CURRENT DATE DESC DESCRIBE DISTINCT ELSE END EXCEPT EXISTS EXPLAIN
EXTRACT FILL FILTER FIRST FOLLOWING FORMAT FROM FULL GLOBAL GROUP GROUPING HAVING ILIKE IN INNER INTERPOLATE INTERSECT INTERVAL INTO IS JOIN LAST LEFT LIKE LIMIT
NATURAL NOT NULL NULLS OFFSET ON OR ORDER OUTER OVER PARTITION PRECEDING PREWHERE QUALIFY RANGE RIGHT ROLLUP ROW ROWS SELECT SEMI SETS SETTINGS SHOW STEP TABLES
THEN TIES TO TOTALS UNBOUNDED UNION USING WHEN WHERE WINDOW WITH`.split(/\s+/);
const IS_KEYWORD = new Set(KEYWORDS);

/** Comments, quoted texts and names (also those without an end yet), numbers, words, and single other characters. */
const PIECE = /(--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|('(?:[^'\\]|\\[\s\S]|'')*(?:'|$))|(`(?:[^`\\]|\\[\s\S])*(?:`|$)|"(?:[^"\\]|\\[\s\S])*(?:"|$))|(\b\d[\w.]*)|([A-Za-z_]\w*)|([\s\S])/g;

/** The statement cut into pieces; put together they are the statement. */
export function pieces(statement: string): Piece[] {
  const made: Piece[] = [];
  for (const [text, comment, quoted, , number, word] of statement.matchAll(PIECE)) {
    const kind = comment !== undefined ? 'comment' : quoted !== undefined ? 'text' : number !== undefined ? 'number' : word !== undefined && IS_KEYWORD.has(word.toUpperCase()) ? 'keyword' : 'plain';
    const last = made.at(-1);
    if (last?.kind === kind) last.text += text;
    else made.push({ kind, text });
  }
  return made;
}

export interface Parameter {
  name: string;
  type: string;
}

/** `{name:Type}`, each name once, outside of texts and comments. */
export function parametersOf(statement: string): Parameter[] {
  const code = pieces(statement).map(({ kind, text }) => (kind === 'text' || kind === 'comment' ? ' ' : text)).join('');
  const found = [...code.matchAll(/\{\s*([A-Za-z_]\w*)\s*:\s*([^{}]+?)\s*\}/g)].map(([, name = '', type = '']): [string, Parameter] => [name, { name, type }]);
  return [...new Map(found).values()];
}

export interface Suggestion {
  /** What is put in the place of the word. */
  text: string;
  kind: 'table' | 'column' | 'function' | 'keyword';
  /** A column's type, or the table it is of. */
  about: string;
}

const MOST = 8;
const isWordEnd = (statement: string, at: number): boolean => !/\w/.test(statement.charAt(at));

/** The word that ends at the caret. */
export function wordBefore(statement: string, caret: number): string {
  return /[A-Za-z_]\w*$/.exec(statement.slice(0, caret))?.[0] ?? '';
}

/** What the word at the caret may become; nothing inside of texts and comments, and nothing in the middle of a word. */
export function suggestions(statement: string, caret: number, schema: Schema | undefined, asked: boolean): Suggestion[] {
  const word = wordBefore(statement, caret);
  if ((word.length < 2 && !asked) || !isWordEnd(statement, caret)) return [];
  const inside = pieces(statement.slice(0, caret)).at(-1)?.kind;
  if (inside === 'text' || inside === 'comment') return [];
  const begun = word.toLowerCase();
  const fits = ({ text }: Suggestion): boolean => text.toLowerCase().startsWith(begun) && text.toLowerCase() !== begun;
  return [...candidates(statement, schema)].filter(fits).slice(0, MOST);
}

/** Those of the tables in the statement first; a column of several tables once. */
function* candidates(statement: string, schema: Schema | undefined): Generator<Suggestion> {
  const tables = schema?.tables ?? [];
  const named = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(statement);
  const used = tables.filter(({ name }) => named(name));
  const seen = new Set<string>();
  for (const table of used.length === 0 ? tables : used) {
    for (const { name, type } of table.columns) {
      if (!seen.has(name)) yield { text: name, kind: 'column', about: type };
      seen.add(name);
    }
  }
  for (const { name } of tables) yield { text: name, kind: 'table', about: 'table' };
  for (const text of KEYWORDS) yield { text, kind: 'keyword', about: '' };
  for (const text of schema?.functions ?? []) yield { text: `${text}(`, kind: 'function', about: 'function' };
}

/** The statement and the caret after a suggestion was taken. */
export function taken(statement: string, caret: number, { text }: Suggestion): { statement: string; caret: number } {
  const begin = caret - wordBefore(statement, caret).length;
  return { statement: statement.slice(0, begin) + text + statement.slice(caret), caret: begin + text.length };
}

/** A place of the API's, in characters, as a place in a JavaScript text. */
export const unitsBefore = (statement: string, characters: number): number => Array.from(statement).slice(0, characters).join('').length;

/** Line and column of a place, from 1. */
export function lineAndColumn(statement: string, at: number): [line: number, column: number] {
  const before = statement.slice(0, at).split('\n');
  return [before.length, (before.at(-1) ?? '').length + 1];
}
