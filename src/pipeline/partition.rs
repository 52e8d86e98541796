//! One partition's way through the steps of a batch: filling, declared, inserted, committed.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use super::{
    Processor,
    batch::{Batch, DECODER_VERSION, Intent},
    excluded::Excluded,
    isolate,
    memory::Memory,
    write::{WriteError, write},
};
use crate::{
    log::{Assignment, LogConsumer, LogError, StoredRecord},
    planted::{self, Bug},
};

/// A batch is written when it is this large or this old. Old matters for freshness of SQL; live does not wait for it.
const MAX_EVENTS: usize = 100_000;
const MAX_BYTES: usize = 24 << 20;
const MAX_AGE: Duration = Duration::from_millis(1000);
/// An INSERT costs the engine 25 ms whatever is in it, and each part is merged again later. So one with this many events in
/// its first second waits a second more for company.
const BUSY_EVENTS: usize = 5_000;
const BUSY_AGE: Duration = Duration::from_millis(2000);
/// Wait between tries to write, doubled up to the longest.
const FIRST_RETRY: Duration = Duration::from_millis(250);
const LONGEST_RETRY: Duration = Duration::from_secs(15);

/// What [`Partition::advance`] achieved.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    Waiting,
    /// Everything below `next` is in ClickHouse and committed.
    Written {
        next: u64,
    },
}

/// A batch on its way into ClickHouse.
#[derive(Debug)]
struct Writing {
    batch: Batch,
    /// What ClickHouse said about the events that are left out.
    refusal: String,
    declared: bool,
    retry_at: Instant,
    backoff: Duration,
}

/// The state of one assigned partition.
#[derive(Debug)]
pub struct Partition {
    pub number: u32,
    memory: Memory,
    filling: Batch,
    filling_since: Option<Instant>,
    /// The batch that has to be rebuilt exactly, from the last owner's intent.
    intended: Option<Intent>,
    writing: Option<Writing>,
    /// Records that arrived while a batch was being written or beyond an intended one.
    waiting: VecDeque<StoredRecord>,
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
        Ok(Self {
            number: assignment.partition,
            memory: Memory::default(),
            filling: Batch::new(assignment.partition, assignment.offset),
            filling_since: None,
            intended: intended.filter(|intent| intent.last >= assignment.offset),
            writing: None,
            waiting: VecDeque::new(),
        })
    }

    /// Everything below this offset is in ClickHouse.
    pub fn done(&self) -> u64 {
        self.writing.as_ref().map_or(self.filling.first, |writing| writing.batch.first)
    }

    /// Whether a batch is on its way into ClickHouse.
    pub fn is_writing(&self) -> bool {
        self.writing.is_some()
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
        if self.writing.is_some() || self.is_full() {
            self.waiting.push_back(record);
        } else if record.offset >= self.filling.next() {
            self.filling_since.get_or_insert_with(Instant::now);
            self.filling.push(record);
        }
    }

    /// Takes a place that cannot be read.
    pub fn push_corrupt(&mut self, offset: u64, reason: String) {
        self.filling_since.get_or_insert_with(Instant::now);
        self.filling.push_poison(offset, reason, None);
    }

    fn is_full(&self) -> bool {
        match &self.intended {
            Some(intent) => !self.filling.is_empty() && self.filling.last >= intent.last,
            None => self.filling.events >= MAX_EVENTS || self.filling.bytes >= MAX_BYTES,
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
        if !writing.declared {
            let intent = writing.intent().to_text();
            consumer.commit(self.number, writing.batch.first, Some(&intent)).await?;
            writing.declared = true;
        }
        assert!(!planted::is(Bug::TaskPanics), "planted");
        if planted::is(Bug::CommitBeforeInsert) {
            consumer.commit(self.number, writing.batch.last + 1, None).await?;
        }
        let outcome = write(to, &writing.batch, &writing.refusal, &mut self.memory).await;
        if let Err(error) = outcome {
            writing.again(to, error, &self.memory).await;
            return Ok(Step::Waiting);
        }
        let next = writing.batch.last + 1;
        consumer.commit(self.number, next, None).await?;
        self.writing = None;
        let waiting = std::mem::take(&mut self.waiting);
        waiting.into_iter().for_each(|record| self.push(record));
        Ok(Step::Written { next })
    }

    /// Takes what has gathered as the batch to write.
    fn begin(&mut self) -> Writing {
        let next = Batch::new(self.number, self.filling.next());
        let mut batch = std::mem::replace(&mut self.filling, next);
        self.filling_since = None;
        let intended = self.intended.take();
        batch.is_retry = intended.is_some();
        let declared = intended.is_some();
        batch.excluded = intended.map_or_else(Excluded::default, |intent| intent.excluded);
        let refusal = "refused by ClickHouse before a restart".to_owned();
        Writing { batch, refusal, declared, retry_at: Instant::now(), backoff: FIRST_RETRY }
    }
}

impl Writing {
    fn intent(&self) -> Intent {
        Intent { last: self.batch.last, decoder: DECODER_VERSION, excluded: self.batch.excluded.clone() }
    }

    /// Prepares the next try: the same later, or at once without what ClickHouse refuses.
    async fn again(&mut self, to: &Processor, error: WriteError, memory: &Memory) {
        self.batch.is_retry = true;
        let partition = self.batch.partition;
        let error = match error {
            WriteError::Later(error) => error,
            WriteError::Refused(refusal) => match isolate::refused(&to.store, &self.batch, memory).await {
                Ok(excluded) => {
                    tracing::error!(
                        partition,
                        events = excluded.len(),
                        refusal,
                        "left out of a batch and quarantined"
                    );
                    (self.batch.excluded, self.refusal, self.declared) = (excluded, refusal, false);
                    return;
                }
                Err(error) => format!("{error}; {refusal}"),
            },
        };
        tracing::warn!(partition, error, retry_in = ?self.backoff, "batch not written yet");
        self.retry_at = Instant::now() + self.backoff;
        self.backoff = (self.backoff * 2).min(LONGEST_RETRY);
    }
}
