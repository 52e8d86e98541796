//! What an operator may choose about the embedded log.

use std::{path::PathBuf, sync::Arc, time::Duration};

use super::disk::{Disk, RealDisk};
use crate::log::MAX_RECORD_BYTES;

/// When old segments may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retention {
    /// A segment goes when all these groups have committed past it; until then a full log refuses appends.
    UntilRead(Vec<String>),
    /// A ring: when the log is full the oldest segment gives way, read or not. For the quarantine, which must never
    /// stop what fills it.
    Newest,
}

/// Settings of [`super::SegmentLog`].
#[derive(Debug, Clone)]
pub struct SegmentSettings {
    /// What the files are on.
    pub disk: Arc<dyn Disk>,
    /// Where the segments lie; made if missing.
    pub dir: PathBuf,
    /// What all segments together may take on the disk.
    pub max_bytes: u64,
    /// When a segment is full. A log can shrink only by whole segments, so at least four fit into `max_bytes`.
    pub segment_bytes: u64,
    /// When segments may go.
    pub retention: Retention,
    /// Appends are refused while the disk has less than this left: a database on the same disk cannot even clean up
    /// when it is full.
    pub min_free_bytes: u64,
    /// What may wait in memory for the disk before appends are refused.
    pub max_pending_bytes: usize,
    /// The largest payload of one record.
    pub max_record_bytes: usize,
    /// How long an append waits for the disk before it is refused. What was written may become durable all the same; the
    /// client's repeat does no harm. Longer than with brokers: busy disks pause for a second or two, and an answer then is
    /// better than a repeat.
    pub answer_within: Duration,
    /// How far apart commits begin at least while several callers wait, and two and a half times as far for a crowd: each commit
    /// costs as much processor time as ten beacons. A lone caller never waits.
    pub pace: Duration,
}

impl SegmentSettings {
    /// The defaults, for a log in `dir` that keeps records until `groups` have read them.
    pub fn new(dir: impl Into<PathBuf>, groups: &[&str]) -> Self {
        Self {
            disk: Arc::new(RealDisk),
            dir: dir.into(),
            max_bytes: 8 << 30,
            segment_bytes: 64 << 20,
            retention: Retention::UntilRead(groups.iter().map(|&group| group.to_owned()).collect()),
            min_free_bytes: 512 << 20,
            max_pending_bytes: 64 << 20,
            max_record_bytes: MAX_RECORD_BYTES,
            answer_within: Duration::from_secs(5),
            pace: Duration::from_millis(2),
        }
    }

    /// The size at which a segment is closed.
    pub(super) fn segment_limit(&self) -> u64 {
        self.segment_bytes.min(self.max_bytes / 4)
    }
}
