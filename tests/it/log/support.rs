//! A log on either host, and short ways to say what tests do with it.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use playhead::log::{
    Assignment, ConsumerEvent, EventLog, LogConsumer, LogSettings, LogTail, NewRecord, Position,
    StoredRecord, open, segment::SegmentSettings,
};
use tempfile::TempDir;

use crate::support::kafka;

/// How long a test waits for what must come. Joining a group after a member has died takes a session.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Fixture {
    pub log: Arc<dyn EventLog>,
    pub settings: LogSettings,
    dir: Option<TempDir>,
}

impl Fixture {
    pub async fn embedded() -> Self {
        Self::embedded_with(|_| {}).await
    }

    pub async fn embedded_with(change: impl FnOnce(&mut SegmentSettings)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut settings = SegmentSettings::new(dir.path(), &["process", "live"]);
        // Machines that run tests are busy.
        settings.answer_within = PATIENCE;
        change(&mut settings);
        let settings = LogSettings::Embedded(settings);
        Self { log: open(&settings).await.unwrap(), settings, dir: Some(dir) }
    }

    pub async fn kafka() -> Self {
        // Starting the broker blocks.
        let settings = tokio::task::spawn_blocking(kafka::ephemeral).await.unwrap();
        let settings = LogSettings::Kafka(settings);
        Self { log: open(&settings).await.unwrap(), settings, dir: None }
    }

    /// Closes the log and opens it again. Consumers of the old one must be gone.
    pub async fn reopen(self) -> Self {
        self.log.close().await;
        let Self { log, settings, dir } = self;
        drop(log);
        Self { log: open(&settings).await.unwrap(), settings, dir }
    }
}

pub fn record(key: &str, payload: impl Into<Bytes>) -> NewRecord {
    NewRecord { key: Bytes::copy_from_slice(key.as_bytes()), payload: payload.into() }
}

pub fn text(record: &StoredRecord) -> String {
    String::from_utf8(record.payload.to_vec()).unwrap()
}

/// Everything a consumer was given, by position, and what it was assigned.
#[derive(Default, Debug)]
pub struct Seen {
    pub assigned: BTreeMap<u32, Assignment>,
    pub records: BTreeMap<Position, String>,
}

impl Seen {
    /// Takes one event in; records of a partition must follow each other without a gap.
    pub fn take(&mut self, event: ConsumerEvent) {
        match event {
            ConsumerEvent::Assigned(assignments) => {
                self.assigned
                    .extend(assignments.into_iter().map(|assignment| (assignment.partition, assignment)));
            }
            ConsumerEvent::Revoked(partitions) => {
                for partition in partitions {
                    self.assigned.remove(&partition);
                }
            }
            ConsumerEvent::Records { partition, records } => {
                assert!(!records.is_empty());
                let offsets: Vec<u64> = records.iter().map(|record| record.offset).collect();
                assert!(offsets.windows(2).all(|pair| pair[0] + 1 == pair[1]), "gap in {offsets:?}");
                for record in records {
                    self.records.insert(Position { partition, offset: record.offset }, text(&record));
                }
            }
            ConsumerEvent::Idle => {}
        }
    }

    /// Reads until `done`.
    pub async fn read_until(&mut self, consumer: &mut dyn LogConsumer, done: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !done(self) {
            assert!(
                began.elapsed() < PATIENCE,
                "still waiting with {} records, {:?}",
                self.records.len(),
                self.assigned
            );
            let event = consumer.next(Duration::from_millis(200)).await.unwrap();
            self.take(event);
        }
    }
}

/// A new consumer of `group` that has read `count` records.
pub async fn read(log: &dyn EventLog, group: &str, count: usize) -> (Box<dyn LogConsumer>, Seen) {
    let mut consumer = log.consumer(group).await.unwrap();
    let mut seen = Seen::default();
    seen.read_until(&mut *consumer, |seen| seen.records.len() >= count && !seen.assigned.is_empty()).await;
    (consumer, seen)
}

/// The next `count` records of a tail.
pub async fn tail_of(tail: &mut dyn LogTail, count: usize) -> BTreeMap<Position, String> {
    let mut seen = BTreeMap::new();
    let began = Instant::now();
    while seen.len() < count {
        assert!(began.elapsed() < PATIENCE, "the tail has shown {} of {count}", seen.len());
        if let Some((partition, records)) = tail.next(Duration::from_millis(200)).await.unwrap() {
            seen.extend(
                records.iter().map(|record| (Position { partition, offset: record.offset }, text(record))),
            );
        }
    }
    seen
}

/// Nothing more comes for a while.
pub async fn assert_quiet(consumer: &mut dyn LogConsumer) {
    let event = consumer.next(Duration::from_millis(300)).await.unwrap();
    assert!(matches!(event, ConsumerEvent::Idle), "{event:?}");
}
