//! The real engine with our schema in it, for tests that look at rows.

use std::time::Duration;

use playhead::store::{Store, embedded, embedded::EmbeddedClickHouse, migrate};
use tempfile::TempDir;

/// An engine in `data` with every migration applied; it ends with its handle.
pub async fn migrated(data: &TempDir) -> (EmbeddedClickHouse, Store) {
    let mut settings = embedded::Settings::new(data.path().join("clickhouse"));
    settings.program = Some(env!("CARGO_BIN_EXE_playhead").into());
    let engine = EmbeddedClickHouse::start(settings).unwrap();
    engine.ready(Duration::from_secs(60)).await.unwrap();
    let store = Store::new(&engine.url(), engine.user(), engine.password());
    migrate::migrate(&store).await.unwrap();
    (engine, store)
}
