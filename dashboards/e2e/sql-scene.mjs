/** A SQL service of few words: the statement says what becomes of it. */
const COLUMNS = ['view_id String', 'view_start DateTime64(3, \'UTC\')', 'country String', 'rebuffer_count UInt32', 'watch_ms UInt32'];
const column = (text) => ({ name: text.slice(0, text.indexOf(' ')), type: text.slice(text.indexOf(' ') + 1) });
const SCHEMA = {
  database: 'playhead',
  tables: [
    { name: 'views', columns: COLUMNS.map((text) => ({ ...column(text), comment: `About ${column(text).name}` })) },
    { name: 'events', columns: [{ name: 'event', type: 'LowCardinality(String)', comment: 'What happened' }] },
  ],
  functions: ['count', 'countIf', 'toStartOfHour', 'uniqExact'],
  limits: { seconds: 60, memory_bytes: 1_073_741_824, read_rows: 1_000_000_000, result_rows: 10_000_000, result_bytes: 2_147_483_648, threads: 2, at_once: 4, rows_on_screen: 10_000 },
  port: 8123,
};
const HOSTILE = '<img src=x onerror="window.hacked=1">=1+1';

const hours = () => Array.from({ length: 24 }, (_, hour) => [`2026-11-21 ${String(hour).padStart(2, '0')}:00:00`, String(100 + 7 * hour), hour % 5]);
const ANSWERS = {
  many: { columns: ['number UInt64', 'text String', 'list Array(UInt8)', 'nothing Nullable(String)'], rows: Array.from({ length: 10_000 }, (_, i) => [String(i), i === 3 ? HOSTILE : `row ${i}`, [i % 7, 1], null]), truncated: true },
  bars: { columns: ['country String', 'views UInt64'], rows: [['DE', '420'], ['FR', '210'], [HOSTILE, '7']] },
  none: { columns: ['view_id String'], rows: [] },
  hours: { columns: ['hour DateTime', 'views UInt64', 'rebuffered UInt64'], rows: hours() },
};
const FAILURES = {
  wrong: [400, 'sql_failed', 47, 'UNKNOWN_IDENTIFIER', 'Unknown expression identifier `vido_id`. (UNKNOWN_IDENTIFIER)'],
  denied: [403, 'sql_refused', 497, 'ACCESS_DENIED', 'The table function file is not available on this port. (ACCESS_DENIED)'],
  large: [400, 'sql_result_too_large', 396, 'TOO_MANY_ROWS_OR_BYTES', 'Limit for result exceeded. (TOO_MANY_ROWS_OR_BYTES)'],
};

const json = (response, status, body) => {
  response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' });
  response.end(JSON.stringify(body));
};

async function bodyOf(request) {
  let body = '';
  for await (const chunk of request) body += chunk;
  return JSON.parse(body === '' ? 'null' : body);
}

/** Answers a request about SQL; `control` remembers what was asked and kept. */
export async function sql(request, url, response, control) {
  control.saved ??= [{ id: 's1', name: 'Bars by country', query: 'SELECT bars', created_by: 'anna@example.org' }];
  if (control.noSql) return json(response, 403, { code: 'forbidden', title: 'Forbidden', detail: 'this needs the scope `sql`' });
  if (url.pathname === '/data/v1/sql/schema') return json(response, 200, SCHEMA);
  if (url.pathname.startsWith('/data/v1/sql/saved')) return saved(request, url, response, control);
  if (request.method === 'DELETE') {
    control.stopped?.();
    return response.writeHead(204).end();
  }
  const { query, parameters, query_id } = await bodyOf(request);
  control.statements = [...(control.statements ?? []), { query, parameters }];
  const failed = Object.entries(FAILURES).find(([word]) => query.includes(word));
  if (failed !== undefined) {
    const [word, [status, code, number, name, detail]] = failed;
    const begin = word === 'wrong' ? query.indexOf('vido_id') : -1;
    const place = begin < 0 ? null : { begin, end: begin + 'vido_id'.length };
    return json(response, status, { code, title: 'Bad', detail, statement: { code: number, name, place } });
  }
  if (query.includes('slow')) {
    await new Promise((resolve) => (control.stopped = resolve));
    return json(response, 409, { code: 'sql_cancelled', title: 'Conflict', detail: 'Query was cancelled', statement: { code: 394, name: 'QUERY_WAS_CANCELLED', place: null } });
  }
  const { columns, rows, truncated = false } = ANSWERS[Object.keys(ANSWERS).find((word) => query.includes(word)) ?? 'hours'];
  return json(response, 200, { query_id, columns: columns.map(column), rows, truncated, cost: { read_rows: 1_234_567, read_bytes: 98_765_432, elapsed_ms: 42 } });
}

async function saved(request, url, response, control) {
  if (request.method === 'GET') return json(response, 200, { data: control.saved, total_row_count: control.saved.length });
  const id = url.pathname.split('/')[5];
  if (request.method === 'DELETE') {
    control.saved = control.saved.filter((kept) => kept.id !== id);
    return response.writeHead(204).end();
  }
  const wish = await bodyOf(request);
  if (control.saved.some((kept) => kept.name === wish.name && kept.id !== id)) return json(response, 409, { code: 'conflict', title: 'Conflict', detail: `a query with the name \`${wish.name}\` is kept already` });
  const made = { ...wish, id: id ?? `s${control.saved.length + 1}`, created_by: 'otto@example.org' };
  control.saved = [...control.saved.filter((kept) => kept.id !== made.id), made];
  return json(response, id === undefined ? 201 : 200, made);
}
