//! A log with records in it, and the processor that brings them into rows.

use std::{path::Path, sync::Arc, time::Duration};

use playhead::{
    event::Record,
    log::{
        self, EventLog, LogSettings, NewRecord, Position, quarantine::Quarantine, segment::SegmentSettings,
    },
    pipeline::{self, Processor, caution::Caution, progress::Progress, trial::Trials},
    store::Store,
    web::api::Progress as _,
};

/// Records appended to the log at once.
const APPENDED: usize = 2_000;
/// Longest wait for the processor.
const PATIENCE: Duration = Duration::from_secs(480);

/// A log in `data` that holds these records, and how many events they are.
pub async fn filled(
    data: &Path,
    records: impl Iterator<Item = Record<'static>>,
) -> (Arc<dyn EventLog>, usize) {
    let log = open(data, "log").await;
    let (mut events, mut records) = (0, records.peekable());
    while records.peek().is_some() {
        let some: Vec<Record<'static>> = records.by_ref().take(APPENDED).collect();
        events += some.iter().map(|record| record.events.len()).sum::<usize>();
        let some = some.iter().map(|record| NewRecord { key: record.key(), payload: record.to_bytes() });
        log.append(some.collect()).await.expect("room");
    }
    (log, events)
}

/// Lets a processor bring all that the log holds into the store.
pub async fn processed(data: &Path, store: &Store, log: Arc<dyn EventLog>) {
    let ends = log.end().await.expect("the log's end").into_iter();
    let last: Vec<_> = ends.map(|(partition, end)| Position { partition, offset: end - 1 }).collect();
    let progress = Progress::default();
    let processor = Processor {
        log,
        store: store.clone(),
        quarantine: Quarantine::new(open(data, "quarantine").await),
        progress: progress.clone(),
        topic: "bench".into(),
        trials: Trials { store: store.clone(), program: Some(env!("CARGO_BIN_EXE_playhead").into()) },
        caution: Caution::default(),
    };
    let running = tokio::spawn(processor.run());
    assert!(progress.wait(&last, PATIENCE).await, "not in ClickHouse within {PATIENCE:?}");
    running.abort();
}

async fn open(data: &Path, name: &str) -> Arc<dyn EventLog> {
    let mut settings = SegmentSettings::new(data.join(name), &[pipeline::GROUP]);
    settings.min_free_bytes = 0;
    log::open(&LogSettings::Embedded(settings)).await.expect("a log")
}
