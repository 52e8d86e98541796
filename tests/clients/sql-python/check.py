"""ClickHouse's own Python client against the SQL port, as its users would write it."""

import datetime
import os
from urllib.parse import urlsplit

import clickhouse_connect
from clickhouse_connect.driver.exceptions import DatabaseError

address = urlsplit(os.environ["SQL_URL"])
client = clickhouse_connect.get_client(
    host=address.hostname,
    port=address.port,
    username=os.environ["SQL_USER"],
    password=os.environ["SQL_PASSWORD"],
    database="playhead",
)
assert client.server_version.startswith("2"), client.server_version

answer = client.query(
    "SELECT view_start, video_startup_ms, played_ranges, custom, bitrate_ms, page_load_ms "
    "FROM views WHERE video_id = {id:String} LIMIT 1",
    parameters={"id": "v1"},
)
assert [kind.name for kind in answer.column_types] == [
    "DateTime64(3, 'UTC')",
    "Nullable(UInt32)",
    "Array(Tuple(UInt32, UInt32))",
    "Map(String, String)",
    "UInt64",
    "Nullable(UInt32)",
], answer.column_types
start, startup, ranges, custom, bitrate, page_load = answer.first_row
assert isinstance(start, datetime.datetime) and isinstance(startup, int), answer.first_row
assert (list(ranges), bitrate, page_load) == ([(0, 20000)], 0, None), answer.first_row
assert custom["plan"], custom
assert int(answer.summary["read_rows"]) > 0, answer.summary

event = client.query("SELECT event, attributes FROM events LIMIT 1")
assert [kind.name for kind in event.column_types] == ["LowCardinality(String)", "Map(LowCardinality(String), String)"]
assert isinstance(event.first_row[1], dict), event.first_row

seen = 0
with client.query_row_block_stream("SELECT number, now64(3) AS time FROM numbers(1000000)") as blocks:
    for block in blocks:
        seen += len(block)
assert seen == 1_000_000, seen

for statement, code in [("SELECT nosuch FROM views", 47), ("SELECT * FROM view_states", 60)]:
    try:
        client.query(statement)
    except DatabaseError as error:
        assert f"Code: {code}." in str(error), error
    else:
        raise AssertionError(f"{statement} was answered")

assert client.command("EXISTS TABLE views") == 1
assert "views" in client.query("SHOW TABLES").result_columns[0]
client.close()
