/** What an answer is: how its values read, and whether it can be drawn as lines over time or as bars. */
import type { Answer, Column, Value } from '../api/sql';
import type { Cell } from '../ui/export';

/** The type inside of what says nothing about the values themselves. */
export function bare(type: string): string {
  const inner = /^(?:Nullable|LowCardinality)\((.*)\)$/.exec(type)?.[1];
  return inner === undefined ? type : bare(inner);
}

export const isNumber = (type: string): boolean => /^(U?Int\d+|Float\d+|BFloat16|Decimal.*)$/.test(bare(type));
export const isTime = (type: string): boolean => /^Date(32|Time(64)?)?(\(.*\))?$/.test(bare(type));
const isName = (type: string): boolean => /^(String|FixedString.*|Enum.*|UUID|Bool|IPv[46])$/.test(bare(type)) || isTime(type) || isNumber(type);

/** A value as it is shown; `undefined` for NULL, which no text can be mistaken for. */
export function shown(value: Value): string | undefined {
  if (value === null) return undefined;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export function numberOf(value: Value | undefined): number | null {
  if (value === null || value === undefined || value === '') return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** Unix seconds of a time as ClickHouse writes it; what has no zone is read as UTC. */
export function secondsOf(value: Value | undefined): number | null {
  if (typeof value !== 'string') return null;
  const ms = Date.parse(`${value.slice(0, 23).replace(' ', 'T')}${value.length === 10 ? '' : 'Z'}`);
  return Number.isNaN(ms) ? null : ms / 1_000;
}

/** Numbers as numbers where a spreadsheet keeps them whole. */
export function cells({ columns, rows }: Answer): Cell[][] {
  const cell = (value: Value, { type }: Column): Cell => {
    const number = isNumber(type) ? numberOf(value) : null;
    return number !== null && (!Number.isInteger(number) || Number.isSafeInteger(number)) ? number : (shown(value) ?? null);
  };
  return [columns.map(({ name }) => name), ...rows.map((row) => columns.map((column, i) => cell(row[i] ?? null, column)))];
}

export type Drawing =
  | { kind: 'lines'; time: number[]; lines: { name: string; values: (number | null)[] }[] }
  | { kind: 'bars'; of: string; bars: { name: string; value: number | null }[] };

const MOST_LINES = 4;
const MOST_BARS = 50;

/** Lines where the first column of times has numbers beside it; bars where a name has a number; else nothing. */
export function drawingOf({ columns, rows }: Answer): Drawing | undefined {
  const numbers = columns.flatMap(({ type }, i) => (isNumber(type) ? [i] : []));
  const time = columns.findIndex(({ type }) => isTime(type));
  if (time >= 0 && numbers.length > 0 && rows.length > 1) {
    const placed = rows.map((row) => ({ at: secondsOf(row[time]), row })).filter((each): each is { at: number; row: Value[] } => each.at !== null);
    placed.sort((a, b) => a.at - b.at);
    // Two rows of one time are of two groups, which one line cannot hold.
    const once = placed.every(({ at }, i) => at !== placed[i - 1]?.at);
    if (once && placed.length > 1) {
      const lines = numbers.slice(0, MOST_LINES).map((i) => ({ name: columns[i]?.name ?? '', values: placed.map(({ row }) => numberOf(row[i])) }));
      return { kind: 'lines', time: placed.map(({ at }) => at), lines };
    }
  }
  const [first] = columns;
  const value = numbers.find((i) => i > 0);
  if (first === undefined || value === undefined || !isName(first.type) || rows.length < 2) return undefined;
  const bars = rows.slice(0, MOST_BARS).map((row) => ({ name: shown(row[0] ?? null) ?? 'NULL', value: numberOf(row[value]) }));
  return bars.some((bar) => (bar.value ?? 0) < 0) ? undefined : { kind: 'bars', of: columns[value]?.name ?? '', bars };
}

/** Characters a column needs, by its name and its first rows. */
export function widthOf({ columns, rows }: Answer, column: number): number {
  const texts = rows.slice(0, 100).map((row) => (shown(row[column] ?? null) ?? 'NULL').length);
  return Math.min(40, Math.max(6, (columns[column]?.name ?? '').length + 1, ...texts) + 2);
}

/** The statement for the SQL port, as a shell command; the token is the reader's own. */
export function portCall(statement: string, parameters: Record<string, string>, host: string, port: number): string {
  const query = new URLSearchParams({ default_format: 'CSVWithNames' });
  for (const [name, value] of Object.entries(parameters)) query.set(`param_${name}`, value);
  let end = 'SQL';
  while (statement.split('\n').includes(end)) end += '_';
  return `curl -u "$PLAYHEAD_TOKEN" '${location.protocol}//${host}:${port}/?${query.toString().replaceAll("'", '%27')}' --data-binary @- <<'${end}'\n${statement}\n${end}`;
}
