// ClickHouse's own JavaScript client against the SQL port, as its users would write it.

import assert from 'node:assert/strict';
import { createClient } from '@clickhouse/client';

const client = createClient({
  url: process.env.SQL_URL,
  username: process.env.SQL_USER,
  password: process.env.SQL_PASSWORD,
  database: 'playhead',
  compression: { response: true },
  log: { level: 0 },
});
const rows = async (query, query_params = {}) =>
  (await client.query({ query, query_params, format: 'JSONEachRow' })).json();

assert.deepEqual([(await client.ping()).success, (await client.ping({ select: true })).success], [true, true]);

const types = Object.fromEntries(
  (await (await client.query({ query: 'SELECT * FROM views LIMIT 1' })).json()).meta.map(({ name, type }) => [name, type]),
);
assert.equal(types.view_start, "DateTime64(3, 'UTC')");
assert.equal(types.video_startup_ms, 'Nullable(UInt32)');
assert.equal(types.played_ranges, 'Array(Tuple(UInt32, UInt32))');
assert.equal(types.custom, 'Map(String, String)');
assert.equal(types.bitrate_ms, 'UInt64');

const [view] = await rows('SELECT custom, played_ranges, video_startup_ms FROM views WHERE video_id = {id:String} LIMIT 1', { id: 'v1' });
assert.deepEqual(view.played_ranges, [[0, 20000]]);
assert.equal(typeof view.custom.plan, 'string');
assert.deepEqual(await rows('SELECT {text:String} AS text, {list:Array(UInt8)} AS list', { text: "it's\n", list: [1, 2] }), [
  { text: "it's\n", list: [1, 2] },
]);

let seen = 0;
const million = await client.query({ query: 'SELECT number, toString(number) AS text FROM numbers(1000000)', format: 'JSONEachRow' });
for await (const piece of million.stream()) seen += piece.length;
assert.equal(seen, 1_000_000);

await assert.rejects(rows('SELECT nosuch FROM views'), { code: '47', type: 'UNKNOWN_IDENTIFIER' });
await assert.rejects(rows("SELECT * FROM merge('playhead', '.*')"), { code: '497', type: 'ACCESS_DENIED' });
await assert.rejects(client.insert({ table: 'views', values: [{ view_id: 'x' }], format: 'JSONEachRow' }), { code: '497' });

const giveUp = new AbortController();
const slow = 'SELECT count() FROM numbers(300000) AS a, numbers(300000) AS b WHERE cityHash64(a.number, b.number) = 1';
const abandoned = assert.rejects(client.query({ query: slow, query_id: 'abandoned', abort_signal: giveUp.signal }), /aborted/);
const running = async () => (await rows("SELECT query_id FROM system.processes WHERE query_id = 'abandoned'")).length;
while ((await running()) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
giveUp.abort();
await abandoned;
while ((await running()) === 1) await new Promise((resolve) => setTimeout(resolve, 20));

await client.close();
