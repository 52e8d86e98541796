//! 3 · The log: the one durable, ordered place between the collector and everything that reads.
//!
//! One trait, two hosts: [`segment`] is an embedded crash-safe log for one machine, [`kafka`] speaks to
//! Apache Kafka. The rest of Playhead cannot tell them apart. A record is opaque bytes here; its meaning is
//! [`crate::event::record`].
//!
//! What both hosts promise:
//! - [`EventLog::append`] resolves with `Ok` only when every record of the call is durable (fsynced, or
//!   acknowledged by all in-sync replicas). An error means "not acknowledged": the client keeps the beacon.
//! - Offsets of a partition rise by one from record to record; records with the same key share a partition
//!   and keep their order.
//! - [`LogConsumer::commit`] stores the next offset to read *and* an intent: the bounds of a batch that has been
//!   decided and may or may not have reached ClickHouse. After a crash the intent comes back with the
//!   assignment, so exactly that batch can be rebuilt (see `docs/architecture.md`, "Nothing twice").

pub mod kafka;
mod open;
pub mod quarantine;
pub mod segment;

use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;

pub use self::open::{LogSettings, open};

/// The longest intent a commit takes: what Kafka stores beside an offset by default.
pub const MAX_INTENT_BYTES: usize = 4096;

/// The largest record by default: an inflated beacon is at most 2 MB, and brokers need room around it.
pub const MAX_RECORD_BYTES: usize = 2 << 20;

/// The place of one record: partition and offset. Written `partition:offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    pub partition: u32,
    pub offset: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.partition, self.offset)
    }
}

impl FromStr for Position {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split_once(':')
            .and_then(|(partition, offset)| {
                Some(Self { partition: partition.parse().ok()?, offset: offset.parse().ok()? })
            })
            .ok_or_else(|| format!("`{text}` is not a position (partition:offset)"))
    }
}

/// A record on its way into the log.
#[derive(Debug, Clone)]
pub struct NewRecord {
    /// Records with equal keys keep their order: environment and view id.
    pub key: Bytes,
    pub payload: Bytes,
}

/// A record as it lies in the log.
#[derive(Debug, Clone)]
pub struct StoredRecord {
    pub offset: u64,
    pub payload: Bytes,
}

/// Why nothing of an append was acknowledged. Each becomes a 503 with `Retry-After`, except `TooLarge`.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The disk share or the producer queue is used up; the caller should come back later.
    #[error("the log is full: {0}")]
    Full(String),
    /// The broker or the disk cannot be reached or failed.
    #[error("the log is unavailable: {0}")]
    Unavailable(String),
    /// One record is larger than the log takes; it never will fit.
    #[error("a record of {bytes} bytes is larger than the log's limit of {limit}")]
    TooLarge { bytes: usize, limit: usize },
}

/// A failure while reading or committing.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The partition belongs to another member now: drop what is buffered of it, insert nothing. If it does stay after
    /// all, it comes again as `Revoked` and `Assigned`.
    #[error("partition {partition} is no longer assigned: {reason}")]
    Fenced { partition: u32, reason: String },
    /// A record cannot be read back (checksum): it has to be quarantined by its position. A consumer hears this again
    /// until it seeks behind the record; a tail goes on by itself.
    #[error("record {position} is corrupt: {reason}")]
    Corrupt { position: Position, reason: String },
    /// May pass: try again.
    #[error("the log cannot be read now: {0}")]
    Unavailable(String),
    /// Will not pass without an operator.
    #[error("the log failed: {0}")]
    Fatal(String),
}

/// A partition handed to a consumer, with what its last owner committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub partition: u32,
    /// The next offset to read; everything below is done.
    pub offset: u64,
    /// The batch that starts at `offset` and may have been inserted already.
    pub intent: Option<String>,
}

/// What a consumer hears next.
#[derive(Debug)]
pub enum ConsumerEvent {
    Assigned(Vec<Assignment>),
    /// Drop what is buffered of these partitions.
    Revoked(Vec<u32>),
    /// In offset order, never empty.
    Records {
        partition: u32,
        records: Vec<StoredRecord>,
    },
    /// Nothing came within the wait.
    Idle,
}

/// Where a tail begins, for partitions it names; others begin at their newest record.
#[derive(Debug, Clone, Default)]
pub struct TailFrom(pub BTreeMap<u32, u64>);

/// Durable, ordered, partitioned records.
#[async_trait]
pub trait EventLog: Send + Sync + 'static {
    /// Appends all records and waits until they are durable. Positions come back in the order given.
    async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Position>, AppendError>;

    /// Joins a group of consumers that share the partitions among them and remember what is done.
    async fn consumer(&self, group: &str) -> Result<Box<dyn LogConsumer>, LogError>;

    /// Reads every partition without a group, for whoever must see everything (live state).
    async fn tail(&self, from: TailFrom) -> Result<Box<dyn LogTail>, LogError>;

    /// Per partition: the offset the next record will get.
    async fn end(&self) -> Result<BTreeMap<u32, u64>, LogError>;

    /// Per partition: the next offset `group` would read.
    async fn committed(&self, group: &str) -> Result<BTreeMap<u32, u64>, LogError>;

    /// Whether an append would probably succeed now; the reason if not. For `/readyz`.
    fn ready(&self) -> Result<(), String>;

    /// The share of its room that is free, from 1 to 0, where an append is refused as [`AppendError::Full`]. Whoever can
    /// choose what to append leaves the least important out in time.
    fn room(&self) -> f64;

    /// Waits until everything accepted is durable and stops background work.
    async fn close(&self);
}

/// One member of a group. It leaves when it is dropped. Calls may be dropped half-way, as in `select!`, without losing
/// records.
#[async_trait]
pub trait LogConsumer: Send {
    /// The next thing to handle, or `Idle` after `max_wait`.
    async fn next(&mut self, max_wait: Duration) -> Result<ConsumerEvent, LogError>;

    /// Durably remembers that everything below `offset` is done, and what is about to be tried.
    async fn commit(&mut self, partition: u32, offset: u64, intent: Option<&str>) -> Result<(), LogError>;

    /// Reads from `offset` on next time, for example to rebuild an intended batch.
    async fn seek(&mut self, partition: u32, offset: u64) -> Result<(), LogError>;

    /// Back-pressure: no records of these partitions are delivered, while calling [`Self::next`] keeps the membership
    /// alive. A partition that is assigned again is not paused.
    fn pause(&mut self, partitions: &[u32]) -> Result<(), LogError>;
    fn resume(&mut self, partitions: &[u32]) -> Result<(), LogError>;

    /// Keeps the membership alive for a caller that is busy with `partition` and cannot call [`Self::next`]. Resolves only when
    /// the partition is not its own any more, with the reason. What comes in meanwhile is for `next`, and little is read.
    async fn hold(&mut self, partition: u32) -> LogError;
}

/// A reader outside of any group.
#[async_trait]
pub trait LogTail: Send {
    /// Records of one partition in order, or `None` after `max_wait`.
    async fn next(&mut self, max_wait: Duration) -> Result<Option<(u32, Vec<StoredRecord>)>, LogError>;
}
