"""SQLAlchemy with clickhouse-connect's dialect against the SQL port, as Superset uses it: connects, inspects, reads types."""

import datetime
import os
from urllib.parse import urlsplit

from sqlalchemy import MetaData, Table, create_engine, func, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

address = urlsplit(os.environ["SQL_URL"])
who = f"{os.environ['SQL_USER']}:{os.environ['SQL_PASSWORD']}"
engine = create_engine(f"clickhousedb://{who}@{address.hostname}:{address.port}/playhead")

about = inspect(engine)
assert "playhead" in about.get_schema_names(), about.get_schema_names()
assert set(about.get_table_names(schema="playhead")) >= {"views", "events"}, about.get_table_names(schema="playhead")
assert about.has_table("views", schema="playhead") and not about.has_table("view_states", schema="playhead")
columns = {column["name"]: str(column["type"]) for column in about.get_columns("views", schema="playhead")}
assert "environment" not in columns and "DateTime64" in columns["view_start"], columns
assert about.get_pk_constraint("views", schema="playhead")["constrained_columns"] == []
assert about.get_foreign_keys("views", schema="playhead") == [] and about.get_indexes("views", schema="playhead") == []

views = Table("views", MetaData(), schema="playhead", autoload_with=engine)
with engine.connect() as connection:
    grouped = select(views.c.country, func.count().label("n")).where(views.c.video_id == "v1").group_by(views.c.country)
    assert sum(row.n for row in connection.execute(grouped)) > 0
    row = connection.execute(
        select(views.c.view_start, views.c.video_startup_ms, views.c.played_ranges, views.c.custom, views.c.page_load_ms)
        .where(views.c.video_id == "v1")
        .limit(1)
    ).one()
    assert isinstance(row.view_start, datetime.datetime) and isinstance(row.video_startup_ms, int), row
    assert list(row.played_ranges) == [(0, 20000)] and row.custom["plan"] and row.page_load_ms is None, row
    big, low = connection.execute(text("SELECT toUInt64(18446744073709551615), CAST('x', 'LowCardinality(String)')")).one()
    assert (big, low) == (18446744073709551615, "x")

    # The dialect holds an answer whole before it gives rows away; clickhouse-connect by itself streams (../sql-python).
    rows = connection.execution_options(stream_results=True).execute(
        text("SELECT number, repeat('x', 100) AS text FROM numbers(1000000)")
    )
    seen = sum(len(part) for part in rows.partitions(10_000))
    assert seen == 1_000_000, seen

    for statement, code in [("SELECT nosuch FROM views", 47), ("SELECT * FROM view_states", 60)]:
        try:
            connection.execute(text(statement))
        except SQLAlchemyError as error:
            assert f"ode: {code}." in str(error), error
        else:
            raise AssertionError(f"{statement} was answered")
