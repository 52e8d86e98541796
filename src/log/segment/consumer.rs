//! Members of a group, and tails, over one cursor that reads on a blocking thread.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::{
    sync::{Mutex, OwnedMutexGuard, watch},
    task::{JoinHandle, spawn_blocking},
    time::{Instant, timeout_at},
};

use super::{Shared, commits::Committed, cursor::Cursor};
use crate::log::{Assignment, ConsumerEvent, LogConsumer, LogError, LogTail, MAX_INTENT_BYTES, StoredRecord};

/// The only partition there is.
const PARTITION: u32 = 0;

type ReadJob = JoinHandle<(Cursor, Result<Vec<StoredRecord>, LogError>)>;

/// A cursor for async callers. A call that is dropped half-way loses nothing: the read goes on, and the next call
/// takes its result.
struct Reader {
    shared: Arc<Shared>,
    end: watch::Receiver<u64>,
    next: u64,
    cursor: Option<Cursor>,
    job: Option<ReadJob>,
}

impl Reader {
    fn new(shared: Arc<Shared>, next: u64) -> Self {
        let end = shared.end.subscribe();
        Self { shared, end, next, cursor: None, job: None }
    }

    /// The next records, or none after `deadline`. An error comes again until the reader is moved.
    async fn next(&mut self, deadline: Instant) -> Result<Option<Vec<StoredRecord>>, LogError> {
        loop {
            if self.job.is_none() {
                while *self.end.borrow_and_update() <= self.next {
                    match timeout_at(deadline, self.end.changed()).await {
                        Ok(Ok(())) => {}
                        Ok(Err(_)) => return Err(LogError::Unavailable("it is closed".into())),
                        Err(_) => return Ok(None),
                    }
                }
            }
            let records = self.read().await?;
            if !records.is_empty() {
                return Ok(Some(records));
            }
        }
    }

    async fn read(&mut self) -> Result<Vec<StoredRecord>, LogError> {
        let job = self.job.get_or_insert_with(|| {
            let mut cursor =
                self.cursor.take().unwrap_or_else(|| Cursor::new(Arc::clone(&self.shared), self.next));
            spawn_blocking(move || {
                let records = cursor.read();
                (cursor, records)
            })
        });
        let outcome = job.await;
        self.job = None;
        // If the read panicked, a new cursor starts where this one did.
        let (cursor, records) = outcome.map_err(|error| LogError::Unavailable(error.to_string()))?;
        self.next = cursor.next();
        self.cursor = Some(cursor);
        records
    }

    async fn seek(&mut self, offset: u64) {
        if self.job.is_some() {
            // Its records are from the old place; an error there is of no interest any more either.
            let _ = self.read().await;
        }
        self.next = offset;
        if let Some(cursor) = &mut self.cursor {
            cursor.seek(offset);
        }
    }
}

/// A member of a group.
pub(super) struct SegmentConsumer {
    shared: Arc<Shared>,
    group: String,
    /// Held by the member that works.
    turn: Arc<Mutex<()>>,
    member: Option<Member>,
    paused: bool,
}

/// What the working member has.
struct Member {
    /// Commits hold it too: a successor must not begin before the last of them is written.
    turn: Arc<OwnedMutexGuard<()>>,
    reader: Reader,
    delivered: u64,
}

impl SegmentConsumer {
    pub fn new(shared: Arc<Shared>, group: &str, turn: Arc<Mutex<()>>) -> Self {
        Self { shared, group: group.to_owned(), turn, member: None, paused: false }
    }

    fn member(&mut self, partition: u32) -> Result<&mut Member, LogError> {
        match &mut self.member {
            Some(member) if partition == PARTITION => Ok(member),
            _ => Err(LogError::Fenced { partition, reason: "another consumer of the group has it".into() }),
        }
    }

    async fn join(&mut self, deadline: Instant) -> ConsumerEvent {
        let Ok(turn) = timeout_at(deadline, Arc::clone(&self.turn).lock_owned()).await else {
            return ConsumerEvent::Idle;
        };
        let Committed { offset, delivered, intent } = self.shared.committed(&self.group);
        let reader = Reader::new(Arc::clone(&self.shared), offset);
        self.member = Some(Member { turn: Arc::new(turn), reader, delivered });
        ConsumerEvent::Assigned(vec![Assignment { partition: PARTITION, offset, intent }])
    }
}

#[async_trait]
impl LogConsumer for SegmentConsumer {
    async fn next(&mut self, max_wait: Duration) -> Result<ConsumerEvent, LogError> {
        let deadline = Instant::now() + max_wait;
        let Some(member) = &mut self.member else {
            return Ok(self.join(deadline).await);
        };
        if self.paused {
            tokio::time::sleep_until(deadline).await;
            return Ok(ConsumerEvent::Idle);
        }
        let Some(records) = member.reader.next(deadline).await? else {
            return Ok(ConsumerEvent::Idle);
        };
        member.delivered = member.delivered.max(member.reader.next);
        Ok(ConsumerEvent::Records { partition: PARTITION, records })
    }

    async fn commit(&mut self, partition: u32, offset: u64, intent: Option<&str>) -> Result<(), LogError> {
        let shared = Arc::clone(&self.shared);
        let group = self.group.clone();
        let member = self.member(partition)?;
        let end = *shared.end.borrow();
        if offset > end {
            return Err(LogError::Fatal(format!("{offset} cannot be committed: the log ends at {end}")));
        }
        if intent.is_some_and(|intent| intent.len() > MAX_INTENT_BYTES) {
            return Err(LogError::Fatal(format!("an intent is longer than {MAX_INTENT_BYTES} bytes")));
        }
        let state = Committed { offset, delivered: member.delivered, intent: intent.map(str::to_owned) };
        let turn = Arc::clone(&member.turn);
        let stored = spawn_blocking(move || {
            let stored = shared.commit(&group, state);
            drop(turn);
            stored
        });
        match stored.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(LogError::Unavailable(format!("committing failed: {error}"))),
            Err(error) => Err(LogError::Unavailable(error.to_string())),
        }
    }

    async fn seek(&mut self, partition: u32, offset: u64) -> Result<(), LogError> {
        self.member(partition)?.reader.seek(offset).await;
        Ok(())
    }

    fn pause(&mut self, partitions: &[u32]) -> Result<(), LogError> {
        self.paused |= partitions.contains(&PARTITION);
        Ok(())
    }

    fn resume(&mut self, partitions: &[u32]) -> Result<(), LogError> {
        self.paused &= !partitions.contains(&PARTITION);
        Ok(())
    }

    /// Nobody takes its turn away.
    async fn hold(&mut self, _partition: u32) -> LogError {
        std::future::pending().await
    }
}

/// A reader outside of any group.
pub(super) struct SegmentTail {
    reader: Reader,
}

impl SegmentTail {
    pub fn new(shared: Arc<Shared>, start: u64) -> Self {
        Self { reader: Reader::new(shared, start) }
    }
}

#[async_trait]
impl LogTail for SegmentTail {
    async fn next(&mut self, max_wait: Duration) -> Result<Option<(u32, Vec<StoredRecord>)>, LogError> {
        let read = self.reader.next(Instant::now() + max_wait).await;
        if let Err(LogError::Corrupt { position, .. }) = &read {
            // Told once; a tail has nobody to decide about it.
            self.reader.seek(position.offset + 1).await;
        }
        Ok(read?.map(|records| (PARTITION, records)))
    }
}
