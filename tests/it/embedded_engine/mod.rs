//! The embedded engine end to end: the official client against the real library in a real child process.

mod figures;
mod inserts;
mod process;
mod queries;
mod revisions;

use std::time::{Duration, Instant};

use clickhouse::{Client, Row};
use playhead::store::embedded::{EmbeddedClickHouse, Settings};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

const READY: Duration = Duration::from_secs(60);

/// A running engine with data that is thrown away.
struct Engine {
    handle: EmbeddedClickHouse,
    data: TempDir,
}

fn settings(data: &TempDir) -> Settings {
    let mut settings = Settings::new(data.path().join("engine"));
    settings.program = Some(env!("CARGO_BIN_EXE_playhead").into());
    settings.memory_limit = 2 << 30;
    settings
}

async fn start() -> Engine {
    let data = tempfile::tempdir().expect("temp dir");
    let handle = EmbeddedClickHouse::start(settings(&data)).expect("starts");
    handle.ready(READY).await.expect("ready");
    Engine { handle, data }
}

#[derive(Row, Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Event {
    id: u64,
    name: String,
    playhead_ms: u32,
    bitrate: f64,
    note: Option<String>,
}

fn event(id: u64) -> Event {
    Event {
        id,
        name: format!("event-{}", id % 17),
        playhead_ms: (id % 100_000) as u32,
        bitrate: id as f64 / 3.0,
        note: (id.is_multiple_of(5)).then(|| "a note".to_owned()),
    }
}

const EVENTS: &str = "CREATE TABLE events (id UInt64, name LowCardinality(String), playhead_ms UInt32,
    bitrate Float64, note Nullable(String), at DateTime DEFAULT now())
    ENGINE = MergeTree ORDER BY id TTL at + INTERVAL 90 DAY
    SETTINGS non_replicated_deduplication_window = 1000";

async fn execute(client: &Client, sql: &str) {
    client.query(sql).execute().await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn number(client: &Client, sql: &str) -> u64 {
    client.query(sql).fetch_one::<u64>().await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

async fn insert(
    client: &Client,
    ids: impl Iterator<Item = u64>,
    token: &str,
) -> clickhouse::error::Result<()> {
    let mut insert =
        client.insert::<Event>("events").await?.with_setting("insert_deduplication_token", token);
    for id in ids {
        insert.write(&event(id)).await?;
    }
    insert.end().await
}

async fn wait_for(client: &Client, sql: &str, wanted: u64) {
    let started = Instant::now();
    while number(client, sql).await != wanted {
        assert!(started.elapsed() < Duration::from_secs(10), "{sql} is not {wanted}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
