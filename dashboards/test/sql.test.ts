import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { Answer, Schema } from '../src/api/sql';
import { bare, cells, drawingOf, isNumber, isTime, portCall, secondsOf } from '../src/sql/shape';
import { lineAndColumn, parametersOf, pieces, suggestions, taken, unitsBefore } from '../src/sql/words';

const schema: Schema = {
  database: 'playhead',
  tables: [
    { name: 'views', columns: [{ name: 'view_id', type: 'String', comment: '' }, { name: 'country', type: 'String', comment: '' }] },
    { name: 'events', columns: [{ name: 'view_id', type: 'String', comment: '' }, { name: 'event', type: 'String', comment: '' }] },
  ],
  functions: ['count', 'countIf'],
  limits: { seconds: 1, memory_bytes: 1, read_rows: 1, result_rows: 1, threads: 1, at_once: 1, rows_on_screen: 1 },
  port: 8123,
};
const answer = (columns: [string, string][], rows: Answer['rows']): Answer => ({
  query_id: 'q', columns: columns.map(([name, type]) => ({ name, type })), rows, truncated: false, cost: { read_rows: 0, read_bytes: 0, elapsed_ms: 0 },
});

describe('the words of a statement', () => {
  it('are all there, whatever it is', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', "'", '"', '`', '-', '/', '*', '\\', '\n', ' ', '1', 'ä', 'SELECT ') }), (text) => {
      expect(pieces(text).map((piece) => piece.text).join('')).toBe(text);
    }));
  });
  it('have kinds', () => {
    expect(pieces("select 'it''s' -- x\nFROM `from` /* y").filter(({ kind }) => kind !== 'plain').map(({ kind, text }) => [kind, text])).toEqual([
      ['keyword', 'select'], ['text', "'it''s'"], ['comment', '-- x'], ['keyword', 'FROM'], ['comment', '/* y'],
    ]);
  });
  it('name parameters outside of texts and comments, each once', () => {
    const found = parametersOf("SELECT {a: UInt8}, '{b:String}', {a:UInt8} /* {c:String} */, {ids:Array(String)}");
    expect(found).toEqual([{ name: 'a', type: 'UInt8' }, { name: 'ids', type: 'Array(String)' }]);
  });
  it('may become what the tables in the statement have, then others', () => {
    const at = (text: string): string[] => suggestions(text, text.length, schema, false).map((found) => found.text);
    expect(at('SELECT coun')).toEqual(['country', 'count(', 'countIf(']);
    expect(at('SELECT vie')).toEqual(['view_id', 'views']);
    expect(at('FROM events SELECT coun')).toEqual(['count(', 'countIf(']);
    expect(at("SELECT 'coun")).toEqual([]);
    expect(at('SELECT c')).toEqual([]);
    expect(suggestions('SELECT country', 10, schema, true)).toEqual([]);
    expect(taken('SELECT co FROM x', 9, { text: 'count(', kind: 'function', about: '' })).toEqual({ statement: 'SELECT count( FROM x', caret: 13 });
  });
  it('have places in characters and in lines', () => {
    expect(unitsBefore('a😀b', 2)).toBe(3);
    expect(lineAndColumn('ab\ncd', 4)).toEqual([2, 2]);
  });
});

describe('the shape of an answer', () => {
  it('goes by the types inside of types', () => {
    expect(bare('LowCardinality(Nullable(String))')).toBe('String');
    expect(isNumber('Nullable(Decimal(9, 2))') && isNumber('UInt64') && !isNumber('Array(UInt8)')).toBe(true);
    expect(isTime("Nullable(DateTime64(3, 'UTC'))") && isTime('Date') && !isTime('String')).toBe(true);
    expect(secondsOf('1970-01-02')).toBe(86_400);
    expect(secondsOf('1970-01-01 00:00:01.500')).toBe(1.5);
    expect(secondsOf('1970-01-01 00:00:01.500000')).toBe(1.5);
    expect(secondsOf('x')).toBe(null);
  });
  it('is lines where times have numbers, in the order of time', () => {
    const times = answer([['n', 'UInt64'], ['at', 'DateTime'], ['of', 'String']], [['2', '1970-01-01 00:01:00', 'x'], [null, '1970-01-01 00:00:00', 'y']]);
    expect(drawingOf(times)).toEqual({ kind: 'lines', time: [0, 60], lines: [{ name: 'n', values: [null, 2] }] });
  });
  it('is bars where names have a number, also when a time has several', () => {
    const named = answer([['country', 'String'], ['views', 'UInt64']], [['DE', '2'], ['FR', '1']]);
    expect(drawingOf(named)).toEqual({ kind: 'bars', of: 'views', bars: [{ name: 'DE', value: 2 }, { name: 'FR', value: 1 }] });
    const grouped = answer([['day', 'Date'], ['n', 'UInt8']], [['2026-01-01', 1], ['2026-01-01', 2]]);
    expect(drawingOf(grouped)?.kind).toBe('bars');
    for (const none of [answer([['a', 'String']], [['x'], ['y']]), answer([['a', 'String'], ['n', 'Int8']], [['x', 1]]), answer([['a', 'Array(String)'], ['n', 'Int8']], [[[], 1], [[], 2]])]) {
      expect(drawingOf(none)).toBe(undefined);
    }
  });
  it('leaves as a file whose numbers are whole', () => {
    const mixed = answer([['big', 'UInt64'], ['small', 'Int64'], ['list', 'Array(UInt8)'], ['none', 'Nullable(String)']], [['18446744073709551615', '-5', [1, 2], null]]);
    expect(cells(mixed)).toEqual([['big', 'small', 'list', 'none'], ['18446744073709551615', -5, '[1,2]', null]]);
  });
});

describe('the call of the SQL port', () => {
  it('cannot be left by what is in it', () => {
    globalThis.location = { protocol: 'http:' } as Location;
    const call = portCall('SELECT 1\nSQL\n$(x)', { v: "it's" }, 'host', 8123);
    expect(call).toBe(`curl -u "$PLAYHEAD_TOKEN" 'http://host:8123/?default_format=CSVWithNames&param_v=it%27s' --data-binary @- <<'SQL_'\nSELECT 1\nSQL\n$(x)\nSQL_`);
  });
});
