//! One partition's way through the steps of a batch: filling, declared, inserted, committed.

use std::{collections::VecDeque, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    Processor,
    batch::{Batch, DECODER_VERSION, Intent},
    excluded::Excluded,
    memory::Memory,
    room::Room,
    writing::Writing,
};
use crate::{
    log::{Assignment, LogConsumer, LogError, StoredRecord},
    telemetry::{Metric, count},
};

/// A batch is written when it is full or this old. Old matters for freshness of SQL; live does not wait for it.
const MAX_AGE: Duration = Duration::from_millis(1000);
/// An INSERT costs the engine 25 ms whatever is in it, and each part is merged again later. So one with this many events in
/// its first second waits a second more for company.
const BUSY_EVENTS: usize = 5_000;
const BUSY_AGE: Duration = Duration::from_millis(2000);
/// How long the log may hear nothing while one batch is tried: far less than after which it takes us for dead, and more than
/// nearly every batch needs.
const UNATTENDED: Duration = Duration::from_secs(5);

/// What [`Partition::advance`] achieved.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    Waiting,
    /// Everything below `next` is in ClickHouse and committed.
    Written {
        next: u64,
    },
}

/// Something read from the log.
#[derive(Debug)]
enum Read {
    Record(StoredRecord),
    /// A place that cannot be read, and why.
    Corrupt(u64, String),
}

impl Read {
    fn offset(&self) -> u64 {
        match self {
            Self::Record(record) => record.offset,
            Self::Corrupt(offset, _) => *offset,
        }
    }
}

/// The state of one assigned partition.
#[derive(Debug)]
pub struct Partition {
    pub number: u32,
    /// What it may hold.
    pub room: Room,
    memory: Memory,
    filling: Batch,
    filling_since: Option<Instant>,
    /// The batch that has to be rebuilt exactly, from the last owner's intent.
    intended: Option<Intent>,
    writing: Option<Writing>,
    /// What arrived while a batch was being written or beyond an intended one.
    waiting: VecDeque<Read>,
}

impl Partition {
    /// Takes over a partition where its last owner left it.
    ///
    /// # Errors
    /// When the intent is another decoder's: the node that wrote it has to finish first.
    pub fn new(assignment: &Assignment) -> Result<Self, LogError> {
        let intended = match assignment.intent.as_deref().filter(|text| !text.is_empty()) {
            None => None,
            Some(text) => match Intent::parse(text) {
                Some(intent) if intent.decoder == DECODER_VERSION => Some(intent),
                _ => {
                    return Err(LogError::Fatal(format!(
                        "partition {} has an unfinished batch `{text}` of another version; let that version drain first",
                        assignment.partition
                    )));
                }
            },
        };
        let mut partition = Self {
            number: assignment.partition,
            room: Room::of_each(1),
            memory: Memory::default(),
            filling: Batch::new(assignment.partition, assignment.offset),
            filling_since: None,
            intended: None,
            writing: None,
            waiting: VecDeque::new(),
        };
        partition.intend(intended, assignment.offset);
        Ok(partition)
    }

    /// Everything below this offset is in ClickHouse.
    pub fn done(&self) -> u64 {
        self.writing.as_ref().map_or(self.filling.first, |writing| writing.batch.first)
    }

    /// Whether a batch is on its way into ClickHouse.
    pub fn is_writing(&self) -> bool {
        self.writing.is_some()
    }

    /// How many views are remembered; first as many of them are forgotten as there is no room for, and counted.
    pub fn remembered(&mut self) -> usize {
        let forgotten = self.memory.forget_beyond(self.room.memory_bytes);
        count(Metric::ViewsForgotten, forgotten as u64);
        self.memory.views()
    }

    /// When something has to be done without a new record.
    pub fn due(&self) -> Option<Instant> {
        match &self.writing {
            Some(writing) => Some(writing.retry_at),
            None => self.filling_since.map(|since| since + self.ripe_age()),
        }
    }

    /// Takes the next record.
    pub fn push(&mut self, record: StoredRecord) {
        self.take(Read::Record(record));
    }

    /// Takes a place that cannot be read.
    pub fn push_corrupt(&mut self, offset: u64, reason: String) {
        self.take(Read::Corrupt(offset, reason));
    }

    fn take(&mut self, read: Read) {
        if self.writing.is_some() || self.is_full() {
            self.waiting.push_back(read);
            return;
        }
        if read.offset() < self.filling.next() {
            return;
        }
        self.filling_since.get_or_insert_with(Instant::now);
        match read {
            Read::Record(record) => self.filling.push(record),
            Read::Corrupt(offset, reason) => self.filling.push_corrupt(offset, reason),
        }
    }

    fn is_full(&self) -> bool {
        match &self.intended {
            Some(intent) => !self.filling.is_empty() && self.filling.last >= intent.last,
            None => self.filling.events >= self.room.events || self.filling.bytes >= self.room.record_bytes,
        }
    }

    fn is_ripe(&self) -> bool {
        let is_old = || self.filling_since.is_some_and(|since| since.elapsed() >= self.ripe_age());
        !self.filling.is_empty() && (self.is_full() || self.intended.is_none() && is_old())
    }

    fn ripe_age(&self) -> Duration {
        if self.filling.events < BUSY_EVENTS { MAX_AGE } else { BUSY_AGE }
    }

    /// Does the next step that is due.
    ///
    /// # Errors
    /// When the log cannot be committed to; nothing was inserted that is not covered by a committed intent.
    pub async fn advance(
        &mut self,
        to: &Processor,
        consumer: &mut dyn LogConsumer,
    ) -> Result<Step, LogError> {
        if self.writing.is_none() && self.is_ripe() {
            self.writing = Some(self.begin());
        }
        let Some(writing) = &mut self.writing else { return Ok(Step::Waiting) };
        if writing.retry_at > Instant::now() {
            return Ok(Step::Waiting);
        }
        writing.declare(to, consumer).await?;
        match attended(consumer, self.number, writing.attempt(to, &mut self.memory)).await? {
            Ok(()) => {}
            Err(error) => {
                let again = writing.again(to, error, &self.memory);
                if attended(consumer, self.number, again).await? {
                    let next = writing.batch.next();
                    // Of a partition that is paused the place may not be remembered.
                    consumer.resume(&[self.number])?;
                    consumer.seek(self.number, next).await?;
                    consumer.pause(&[self.number])?;
                    self.filling = Batch::new(self.number, next);
                    self.waiting.clear();
                }
                return Ok(Step::Waiting);
            }
        }
        let next = writing.batch.last + 1;
        consumer.commit(self.number, next, None).await?;
        let rest = self.writing.take().and_then(|writing| writing.rest);
        self.intend(rest, next);
        let waiting = std::mem::take(&mut self.waiting);
        waiting.into_iter().for_each(|read| self.take(read));
        Ok(Step::Written { next })
    }

    /// Sets out to write a batch that was declared before, from `first` on.
    fn intend(&mut self, intent: Option<Intent>, first: u64) {
        self.intended = intent.filter(|intent| intent.last >= first);
    }

    /// Takes what has gathered as the batch to write.
    fn begin(&mut self) -> Writing {
        let next = Batch::new(self.number, self.filling.next());
        let mut batch = std::mem::replace(&mut self.filling, next);
        self.filling_since = None;
        let intended = self.intended.take();
        batch.is_retry = intended.is_some();
        batch.excluded = intended.map_or_else(Excluded::default, |intent| intent.excluded);
        Writing::new(batch)
    }
}

/// Does `work` for a partition. While it takes long the log goes on hearing from us; if it gives the partition to somebody else
/// meanwhile, the work is dropped.
async fn attended<T>(
    consumer: &mut dyn LogConsumer,
    partition: u32,
    work: impl Future<Output = T>,
) -> Result<T, LogError> {
    let lost = async {
        sleep(UNATTENDED).await;
        consumer.hold(partition).await
    };
    tokio::select! {
        done = work => Ok(done),
        error = lost => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn record(offset: u64) -> StoredRecord {
        StoredRecord { offset, payload: bytes::Bytes::from_static(b"no record") }
    }

    #[test]
    fn what_cannot_be_read_waits_its_turn_behind_what_can() {
        let intent = Some("v1:1".to_owned());
        let assignment = Assignment { partition: 0, offset: 0, intent };
        let mut partition = Partition::new(&assignment).expect("it is of this version");
        (0..4).for_each(|offset| partition.push(record(offset)));
        partition.push_corrupt(4, "torn".into());
        assert_eq!((partition.filling.last, partition.waiting.len()), (1, 3));
        partition.writing = Some(partition.begin());
        partition.push(record(5));
        partition.writing = None;
        let waiting = std::mem::take(&mut partition.waiting);
        waiting.into_iter().for_each(|read| partition.take(read));
        partition.filling.read();
        let offsets: BTreeSet<u64> =
            partition.filling.poison.iter().map(|entry| entry.position.offset).collect();
        assert_eq!(offsets, BTreeSet::from([2, 3, 4, 5]), "no record here is one, and none is lost");
    }
}
