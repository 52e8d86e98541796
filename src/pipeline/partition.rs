//! One partition's way through the steps of a batch: filling, declared, inserted, committed.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use super::{
    Processor,
    batch::{Batch, DECODER_VERSION, Intent},
    memory::Memory,
    starts,
};
use crate::{
    log::{Assignment, LogConsumer, LogError, StoredRecord},
    store::{
        rows::{event_block, view_block},
        writer::{InsertError, Table},
    },
    telemetry::{Metric, count_labelled},
};

/// A batch is written when it is this large or this old. Old matters for freshness of SQL; live does not wait for it.
const MAX_EVENTS: usize = 50_000;
const MAX_BYTES: usize = 16 << 20;
const MAX_AGE: Duration = Duration::from_millis(1000);
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
            None => self.filling_since.map(|since| since + MAX_AGE),
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
        match self.intended {
            Some(intent) => !self.filling.is_empty() && self.filling.last >= intent.last,
            None => self.filling.events >= MAX_EVENTS || self.filling.bytes >= MAX_BYTES,
        }
    }

    fn is_ripe(&self) -> bool {
        let is_old = || self.filling_since.is_some_and(|since| since.elapsed() >= MAX_AGE);
        !self.filling.is_empty() && (self.is_full() || self.intended.is_none() && is_old())
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
            let next = Batch::new(self.number, self.filling.next());
            let mut batch = std::mem::replace(&mut self.filling, next);
            self.filling_since = None;
            let declared = self.intended.take().is_some();
            batch.is_retry = declared;
            self.writing = Some(Writing { batch, declared, retry_at: Instant::now(), backoff: FIRST_RETRY });
        }
        let Some(writing) = &mut self.writing else { return Ok(Step::Waiting) };
        if writing.retry_at > Instant::now() {
            return Ok(Step::Waiting);
        }
        if !writing.declared {
            let intent = Intent { last: writing.batch.last, decoder: DECODER_VERSION };
            consumer.commit(self.number, writing.batch.first, Some(&intent.to_text())).await?;
            writing.declared = true;
        }
        if let Err(error) = write(to, &writing.batch, &mut self.memory).await {
            tracing::warn!(partition = self.number, error, retry_in = ?writing.backoff, "batch not written yet");
            writing.batch.is_retry = true;
            writing.retry_at = Instant::now() + writing.backoff;
            writing.backoff = (writing.backoff * 2).min(LONGEST_RETRY);
            return Ok(Step::Waiting);
        }
        let next = writing.batch.last + 1;
        consumer.commit(self.number, next, None).await?;
        self.writing = None;
        let waiting = std::mem::take(&mut self.waiting);
        waiting.into_iter().for_each(|record| self.push(record));
        Ok(Step::Written { next })
    }
}

/// Brings a batch into ClickHouse and its poison into quarantine. Any number of tries have the effect of one.
async fn write(to: &Processor, batch: &Batch, memory: &mut Memory) -> Result<(), String> {
    let strangers = batch.strangers(memory);
    let starts = starts::look_up(&to.store, &strangers).await.map_err(|error| error.to_string())?;
    for (key, received_ms) in strangers {
        let start_ms = starts.get(&key).copied().unwrap_or(received_ms);
        memory.insert(key, start_ms);
    }
    // A failed try must not leave its sequences behind as seen, so the rows are made from a copy of what is remembered.
    let mut tried = memory.of_batch(batch);
    let rows = batch.rows(&mut tried);
    for (day, (events, views)) in &rows.by_day {
        if !events.is_empty() {
            let block = event_block(events).map_err(|error| error.to_string())?;
            insert(to, batch, Table::EventRows, *day, &block).await?;
        }
        let block = view_block(views).map_err(|error| error.to_string())?;
        insert(to, batch, Table::ViewStates, *day, &block).await?;
    }
    if !batch.poison.is_empty() {
        to.quarantine.store(&batch.poison).await.map_err(|error| error.to_string())?;
    }
    memory.adopt(tried, batch.records.last().map_or(0, |(_, record)| record.received_ms));
    let stored = rows.by_day.values().map(|(events, _)| events.len() as u64).sum::<u64>();
    count_labelled(Metric::EventsProcessed, "fate", "stored", stored - rows.late);
    count_labelled(Metric::EventsProcessed, "fate", "late", rows.late);
    count_labelled(Metric::EventsProcessed, "fate", "duplicate", rows.duplicates);
    count_labelled(Metric::EventsProcessed, "fate", "quarantined", batch.poison.len() as u64);
    Ok(())
}

async fn insert(
    to: &Processor,
    batch: &Batch,
    table: Table,
    day: i64,
    block: &clickhouse::native::Block,
) -> Result<(), String> {
    let token = batch.token(&to.topic, table.name(), day);
    to.store.insert(table, block, &token).await.map_err(|error| match error {
        InsertError::Retryable(text) => text,
        InsertError::BadData(text) => {
            format!("rows refused for good, the partition waits for an operator: {text}")
        }
    })
}
