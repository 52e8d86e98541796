//! The embedded log: one partition in a directory of segment files, for one machine.
//!
//! ```text
//! append ──▶ queue (bounded in bytes) ──▶ writer thread: write, fdatasync ──▶ durable end ──▶ readers, callers
//!                                          00000000000000000000.seg          (watch)
//!                                          00000000000000041207.seg  ◀── cursor of each reader
//!                                          commits.log               ◀── what each group has done
//! ```
//! - Many callers share one sync: while it runs, the next group gathers ([`writer`]).
//! - Readers are woken by the durable end and never see a record before it is durable ([`cursor`], [`consumer`]).
//! - After a crash only the newest segment is scanned, and only its torn end is cut ([`recovery`]).
//! - A segment is unlinked when every registered group has committed past it ([`Retention`]).
//!
//! A group has one working consumer in a process; others of the same group stand by and take over when it is dropped,
//! as further members of a Kafka group would that finds one partition only.

mod commits;
mod consumer;
mod cursor;
pub mod disk;
mod files;
mod format;
mod queue;
mod recovery;
mod settings;
mod walk;
mod writer;

use std::{
    collections::{BTreeMap, HashMap},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use tokio::{
    sync::{oneshot, watch},
    task::spawn_blocking,
    time::timeout,
};

pub use self::settings::{Retention, SegmentSettings};
use self::{
    commits::{Commits, Committed},
    consumer::{SegmentConsumer, SegmentTail},
    cursor::Extent,
    queue::{Pending, Queue},
    recovery::Segment,
    writer::Writer,
};
use super::{AppendError, EventLog, LogConsumer, LogError, LogTail, NewRecord, Position, TailFrom};
use crate::planted::{self, Bug};

/// How long an answer about the disk's free space is believed.
const FREE_SPACE_AGE: Duration = Duration::from_millis(500);

/// When the log's share of the disk is used up to this, its room begins to shrink.
const LAST_PART: f64 = 0.1;

/// The embedded log; see the module.
pub struct SegmentLog {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// What the writer, the readers and the handle have in common.
struct Shared {
    settings: SegmentSettings,
    queue: Queue,
    /// Ascending; the last one is written to.
    segments: RwLock<Vec<Segment>>,
    /// The offset behind the last durable record.
    end: watch::Sender<u64>,
    commits: Mutex<Commits>,
    /// One per group: whoever holds it is the group's consumer.
    turns: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    free_space: Mutex<Option<(Instant, u64)>>,
    /// Keeps other processes out for as long as anybody here may write.
    _lock: Box<dyn Send + Sync>,
}

impl SegmentLog {
    /// Opens or makes the log in `settings.dir`. Blocks while the newest segment is scanned (64 MB: well below 1 s).
    pub fn open(settings: SegmentSettings) -> io::Result<Self> {
        let SegmentSettings { disk, dir, .. } = &settings;
        disk.make_dir(dir)?;
        let lock = files::lock(&**disk, dir)?;
        let commits = Commits::open(disk, dir)?;
        let recovered = recovery::recover(&**disk, dir, commits.floor())?;
        let shared = Arc::new(Shared {
            queue: Queue::new(settings.answer_within),
            segments: RwLock::new(recovered.segments),
            end: watch::Sender::new(recovered.active.next),
            commits: Mutex::new(commits),
            turns: Mutex::default(),
            free_space: Mutex::default(),
            _lock: lock,
            settings,
        });
        shared.reclaim();
        let writer = Writer::new(Arc::clone(&shared), recovered.active);
        let writer = thread::Builder::new().name("log-writer".into()).spawn(move || writer.run())?;
        Ok(Self { shared, writer: Mutex::new(Some(writer)) })
    }

    /// What all segments take on the disk.
    pub fn bytes(&self) -> u64 {
        self.shared.bytes()
    }
}

impl Drop for SegmentLog {
    fn drop(&mut self) {
        self.shared.queue.close();
    }
}

#[async_trait]
impl EventLog for SegmentLog {
    async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Position>, AppendError> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let limit = self.shared.settings.max_record_bytes;
        if let Some(bytes) = records.iter().map(|record| record.payload.len()).find(|&bytes| bytes > limit) {
            return Err(AppendError::TooLarge { bytes, limit });
        }
        let bytes = writer::size_of(records.iter().map(|record| record.payload.as_ref()));
        let count = records.len() as u64;
        let (reply, answer) = oneshot::channel();
        self.shared
            .queue
            .push(Pending { records, bytes, reply }, |waiting| self.shared.admit(waiting, bytes))?;
        if planted::is(Bug::AnswerBeforeSync) {
            let next = *self.shared.end.borrow();
            return Ok((next..next + count).map(|offset| Position { partition: 0, offset }).collect());
        }
        let within = self.shared.settings.answer_within;
        match timeout(within, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(AppendError::Unavailable("its writer has ended".into())),
            Err(_) => Err(AppendError::Unavailable(format!("the disk has not synced within {within:?}"))),
        }
    }

    async fn consumer(&self, group: &str) -> Result<Box<dyn LogConsumer>, LogError> {
        let turn = Arc::clone(locked(&self.shared.turns).entry(group.to_owned()).or_default());
        Ok(Box::new(SegmentConsumer::new(Arc::clone(&self.shared), group, turn)))
    }

    async fn tail(&self, from: TailFrom) -> Result<Box<dyn LogTail>, LogError> {
        let end = *self.shared.end.borrow();
        let oldest = self.shared.oldest();
        let start = match from.0.get(&0) {
            None => end,
            Some(&offset) if offset > end => {
                tracing::warn!(
                    offset,
                    end,
                    "a reader knows more than the log has; it begins at the oldest record"
                );
                oldest
            }
            Some(&offset) => offset.max(oldest),
        };
        Ok(Box::new(SegmentTail::new(Arc::clone(&self.shared), start)))
    }

    async fn end(&self) -> Result<BTreeMap<u32, u64>, LogError> {
        Ok(BTreeMap::from([(0, *self.shared.end.borrow())]))
    }

    async fn committed(&self, group: &str) -> Result<BTreeMap<u32, u64>, LogError> {
        Ok(BTreeMap::from([(0, self.shared.committed(group).offset)]))
    }

    fn ready(&self) -> Result<(), String> {
        let waiting = self.shared.queue.status().map_err(|error| error.to_string())?;
        self.shared.admit(waiting, 1).map_err(|error| error.to_string())
    }

    fn room(&self) -> f64 {
        // What refuses for another reason says so itself.
        self.shared.queue.status().map_or(1.0, |waiting| self.shared.room(waiting))
    }

    async fn close(&self) {
        self.shared.queue.close();
        let writer = locked(&self.writer).take();
        if let Some(writer) = writer
            && !matches!(spawn_blocking(move || writer.join()).await, Ok(Ok(())))
        {
            tracing::error!("the log's writer ended in a panic");
        }
    }
}

impl Shared {
    /// Whether there is room for `bytes` more, with `waiting` bytes already taken in.
    fn admit(&self, waiting: usize, bytes: usize) -> Result<(), AppendError> {
        if waiting + bytes > self.settings.max_pending_bytes {
            return Err(AppendError::Full(format!("{waiting} bytes wait for the disk")));
        }
        let need = (waiting + bytes) as u64;
        if matches!(self.settings.retention, Retention::UntilRead(_)) {
            let used = self.bytes();
            if used + need > self.settings.max_bytes {
                return Err(AppendError::Full(format!(
                    "it holds {used} of {} bytes",
                    self.settings.max_bytes
                )));
            }
        }
        let free = self.free_bytes();
        if free.saturating_sub(need) < self.settings.min_free_bytes {
            return Err(AppendError::Full(format!(
                "the disk of {} has {free} bytes left",
                self.settings.dir.display()
            )));
        }
        Ok(())
    }

    /// The share that is free of what [`Self::admit`] goes by, the scarcest first. Of the log's own share and of the disk only
    /// the last part counts: that ClickHouse has been away for an hour is no reason to refuse anything.
    fn room(&self, waiting: usize) -> f64 {
        let Self { settings, .. } = self;
        let memory = 1.0 - waiting as f64 / settings.max_pending_bytes as f64;
        let spare = self.free_bytes().saturating_sub(settings.min_free_bytes) as f64;
        let disk = spare / settings.min_free_bytes.max(1) as f64;
        let share = match settings.retention {
            Retention::UntilRead(_) => (1.0 - self.bytes() as f64 / settings.max_bytes as f64) / LAST_PART,
            Retention::Newest => 1.0,
        };
        memory.min(disk).min(share).clamp(0.0, 1.0)
    }

    /// Free bytes on the disk, asked for now and then. An unanswered question is left to the write itself.
    fn free_bytes(&self) -> u64 {
        let mut known = locked(&self.free_space);
        match *known {
            Some((asked, free)) if asked.elapsed() < FREE_SPACE_AGE => free,
            _ => {
                let free = self.settings.disk.free_bytes(&self.settings.dir).unwrap_or(u64::MAX);
                *known = Some((Instant::now(), free));
                free
            }
        }
    }

    fn bytes(&self) -> u64 {
        self.read_segments().iter().map(|segment| segment.bytes).sum()
    }

    fn oldest(&self) -> u64 {
        self.read_segments().first().map_or(0, |segment| segment.base)
    }

    fn has_segment(&self, base: u64) -> bool {
        self.read_segments().iter().any(|segment| segment.base == base)
    }

    /// The segment that has, or should have, the record `offset`; none if it is not durable yet.
    fn extent_of(&self, offset: u64) -> Option<Extent> {
        let segments = self.read_segments();
        let end = *self.end.borrow();
        if offset >= end {
            return None;
        }
        let at = segments.partition_point(|segment| segment.base <= offset).saturating_sub(1);
        let segment = segments.get(at)?;
        Some(Extent {
            base: segment.base,
            bytes: segment.bytes,
            end: segments.get(at + 1).map_or(end, |following| following.base),
        })
    }

    /// The active segment has grown to `bytes`, and everything below `end` is durable.
    fn publish(&self, bytes: u64, end: u64) {
        let mut segments = self.write_segments();
        if let Some(active) = segments.last_mut() {
            active.bytes = bytes;
        }
        // Under the lock, so that nobody sees the one without the other.
        self.end.send_replace(end);
    }

    /// Writing goes on in `fresh`.
    fn begin_segment(&self, fresh: Segment) {
        let mut segments = self.write_segments();
        // After a failed write an empty segment is begun anew.
        segments.retain(|segment| segment.base < fresh.base);
        segments.push(fresh);
        drop(segments);
        self.reclaim();
    }

    fn committed(&self, group: &str) -> Committed {
        let oldest = self.oldest();
        let mut state = locked(&self.commits).get(group).cloned().unwrap_or_default();
        // A group that is not registered may come too late for what it has not read.
        state.offset = state.offset.max(oldest);
        state
    }

    /// Durably stores what `group` has done and unlinks what nobody needs any more. Blocks.
    fn commit(&self, group: &str, state: Committed) -> io::Result<()> {
        locked(&self.commits).store(group, state)?;
        self.reclaim();
        Ok(())
    }

    /// Unlinks the segments that may go. The newest always stays.
    fn reclaim(&self) {
        let mut gone = Vec::new();
        {
            let read = self.read_by_all();
            let mut segments = self.write_segments();
            let mut bytes: u64 = segments.iter().map(|segment| segment.bytes).sum();
            while let [first, second, ..] = segments[..] {
                let may_go = match read {
                    Some(read) => second.base <= read,
                    None => bytes > self.settings.max_bytes - self.settings.segment_limit(),
                };
                if !may_go {
                    break;
                }
                bytes -= first.bytes;
                gone.push(segments.remove(0));
            }
        }
        for segment in gone {
            let path = files::segment_path(&self.settings.dir, segment.base);
            let disk = &*self.settings.disk;
            if let Err(error) = disk.remove(&path).and_then(|()| files::sync_parent(disk, &path)) {
                // It is found again and removed at the next start.
                tracing::warn!(file = %path.display(), %error, "a segment that is not needed any more cannot be removed");
            }
        }
    }

    /// Below which offset every registered group has read; none where that does not matter.
    fn read_by_all(&self) -> Option<u64> {
        let Retention::UntilRead(groups) = &self.settings.retention else {
            return None;
        };
        let commits = locked(&self.commits);
        // Without a registered group nothing has been read by anybody.
        Some(groups.iter().map(|group| commits.get(group).map_or(0, |state| state.offset)).min().unwrap_or(0))
    }

    fn read_segments(&self) -> RwLockReadGuard<'_, Vec<Segment>> {
        self.segments.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_segments(&self) -> RwLockWriteGuard<'_, Vec<Segment>> {
        self.segments.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Locks what cannot be left half changed.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
