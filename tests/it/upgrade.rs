//! A database that an earlier version filled, brought to this binary's schema: every view is still there and says the
//! same.

use std::collections::BTreeMap;

use clickhouse::Row;
use playhead::{
    event::{Record, View},
    store::{
        Store, migrate,
        query::{
            QueryError,
            timeframe::{Step, Timeframe},
        },
        rows::{EventRow, ViewRow, event_block, view_block},
        writer::Table,
    },
};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use serde::Deserialize;
use tempfile::TempDir;

use crate::{
    support::{
        capture::{mux_captures, records},
        store::migrated,
    },
    timeline::{any_events, record},
};

/// The first version with the tables and views that analysts read.
const FIRST: usize = 4;
/// The first version that shows what follows from a timeline.
const RECKONED: usize = 6;
/// Views of clients that do not count.
const UNCOUNTED: usize = 40;
const TABLES: [Table; 2] = [Table::EventRows, Table::ViewStates];

#[derive(Row, Deserialize)]
struct Name {
    name: String,
}

/// A view or an event as JSON, so that columns added later can be left out of a comparison.
#[derive(Row, Deserialize)]
struct Line {
    line: String,
}

async fn run(store: &Store, sql: &str) {
    store
        .client
        .query(&sql.replace('?', "??"))
        .execute()
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn columns(store: &Store, table: &str) -> Vec<String> {
    let select =
        "SELECT name FROM system.columns WHERE database = 'playhead' AND table = ? ORDER BY position";
    let names: Vec<Name> = store.client.query(select).bind(table).fetch_all().await.unwrap();
    names.into_iter().map(|column| column.name).collect()
}

/// What is read of `table` in these columns, in a fixed order.
async fn lines(store: &Store, table: &str, columns: &[String]) -> Vec<String> {
    let select =
        format!("SELECT toJSONString(tuple({})) AS line FROM {table} ORDER BY line", columns.join(", "));
    let lines: Vec<Line> = store.client.query(&select).fetch_all().await.unwrap();
    lines.into_iter().map(|row| row.line).collect()
}

/// The captures of mux-embed and views of clients that do not count, as the processor would have written them.
async fn fill(store: &Store) {
    // Long ago, so that no view leaves or is over while this runs.
    let received_ms = chrono::Utc::now().timestamp_millis() - 2 * 3_600_000;
    let captures = mux_captures();
    let beacons = captures.iter().flat_map(|(_, beacons)| beacons);
    let records: Vec<Record<'static>> =
        beacons.flat_map(|beacon| records(beacon, received_ms, "e")).collect();
    let mut views = BTreeMap::<&str, View>::new();
    let mut events = Vec::new();
    for record in &records {
        views.entry(&record.view_id).or_default().learn(record);
        events.extend(record.events.iter().map(|event| EventRow {
            environment: "e",
            view_start_ms: received_ms,
            view_id: &record.view_id,
            received_ms,
            anchor_ms: received_ms,
            log_partition: 0,
            log_offset: 0,
            event,
        }));
    }
    // Of a stall mux-embed counts a second as playing too: such views say less since 0017.
    views.retain(|_, view| view.totals().playing_ms == view.counters.playing_ms);
    // And views whose totals follow from their timeline.
    let mut runner = TestRunner::deterministic();
    let uncounted: Vec<(String, View)> = (0..UNCOUNTED)
        .map(|number| {
            let events = any_events().new_tree(&mut runner).unwrap().current();
            let view_id = format!("uncounted-{number}");
            let view = View::of(&record(&view_id, received_ms, events));
            (view_id, view)
        })
        .collect();
    views.extend(uncounted.iter().map(|(view_id, view)| (view_id.as_str(), view.clone())));
    let view_row = |(view_id, view)| ViewRow::of_all("e", received_ms, view_id, view);
    let views: Vec<ViewRow<'_>> = views.into_iter().map(view_row).collect();
    store.insert(Table::EventRows, &event_block(&events), "events").await.unwrap();
    store.insert(Table::ViewStates, &view_block(&views), "views").await.unwrap();
}

/// A question that comes before its tables is told to come again; one that fails for another reason is not.
#[tokio::test(flavor = "multi_thread")]
async fn questions_wait_for_their_tables() {
    let data = TempDir::new().unwrap();
    let (engine, migrated) = migrated(&data).await;
    let timeframe = Timeframe { from_ms: 0, to_ms: 3_600_000 };
    let ask = async |store: &Store| store.usage("e", timeframe, Step::Hour).await;
    let early = |asked: &Result<Vec<_>, QueryError>| matches!(asked, Err(QueryError::Unavailable(_)));

    // As another process finds it that has just been started: with what an earlier one left, and with nothing.
    let all = migrate::migrations();
    let fresh = || Store::new(&engine.url(), engine.user(), engine.password());
    run(&migrated, "DROP DATABASE playhead SYNC").await;
    let asked = ask(&fresh()).await;
    assert!(early(&asked), "{asked:?}");
    migrate::apply(&fresh(), &all[..all.len() - 1]).await.unwrap();
    let store = fresh();
    let asked = ask(&store).await;
    assert!(early(&asked), "{asked:?}");
    // Whoever applies the rest.
    migrate::migrate(&fresh()).await.unwrap();
    let asked = ask(&store).await;
    assert!(asked.is_ok(), "{asked:?}");
    run(&store, "DROP TABLE view_states SYNC").await;
    let asked = ask(&store).await;
    assert!(matches!(asked, Err(QueryError::Failed(_))), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filled_database_of_every_earlier_version_says_the_same_afterwards() {
    let data = TempDir::new().unwrap();
    let (_engine, store) = migrated(&data).await;
    fill(&store).await;
    run(&store, "CREATE DATABASE kept").await;
    for table in TABLES.map(Table::name) {
        run(
            &store,
            &format!(
                "CREATE TABLE kept.{table} ENGINE = MergeTree ORDER BY tuple() AS SELECT * FROM {table}"
            ),
        )
        .await;
    }

    let all = migrate::migrations();
    for version in FIRST..all.len() {
        run(&store, "DROP DATABASE playhead SYNC").await;
        migrate::apply(&store, &all[..version]).await.unwrap();
        for table in TABLES.map(Table::name) {
            let known = columns(&store, table).await.join(", ");
            let rows = if version < RECKONED { "WHERE view_id NOT LIKE 'uncounted-%'" } else { "" };
            run(&store, &format!("INSERT INTO {table} ({known}) SELECT {known} FROM kept.{table} {rows}"))
                .await;
        }
        let mut before = Vec::new();
        for view in ["views", "events"] {
            let known = columns(&store, view).await;
            let lines = lines(&store, view, &known).await;
            assert!(lines.len() > 5, "{} rows of {view}", lines.len());
            before.push((view, known, lines));
        }

        let applied = migrate::migrate(&store).await.unwrap();
        assert_eq!(applied.len(), all.len() - version);
        for (view, known, lines_before) in before {
            assert_eq!(lines(&store, view, &known).await, lines_before, "{view}, from version {version}");
        }
        assert_eq!(migrate::migrate(&store).await.unwrap(), Vec::<String>::new());
    }
}
