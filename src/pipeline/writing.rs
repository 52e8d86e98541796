//! A batch on its way into ClickHouse: tried until it is in, less what cannot go in.
//!
//! What our own code panics over is found and left out ([`panicking`]); what ClickHouse refuses, too ([`isolate`]); and what
//! nobody survives ([`super::trial`]).

use std::time::Duration;

use tokio::time::Instant;

use super::{
    Processor,
    batch::{Batch, DECODER_VERSION, Intent},
    excluded::{Excluded, MOST},
    isolate,
    memory::Memory,
    panicking,
    trial::Deadly,
    write::{WriteError, make, recall, write},
};
use crate::{
    log::{LogConsumer, LogError},
    panics::caught,
    planted::{self, Bug},
};

/// Wait between tries to write, doubled up to the longest.
const FIRST_RETRY: Duration = Duration::from_millis(250);
const LONGEST_RETRY: Duration = Duration::from_secs(15);

/// See the module.
#[derive(Debug)]
pub struct Writing {
    pub batch: Batch,
    /// What has to be written behind it before anything else.
    pub rest: Option<Intent>,
    /// Not before then.
    pub retry_at: Instant,
    /// Why something is left out, for a reader.
    reason: String,
    declared: bool,
    /// Somebody has begun it and did not finish, or has ended over something else lately.
    is_suspect: bool,
    backoff: Duration,
}

impl Writing {
    /// A batch to be written at once.
    pub fn new(batch: Batch) -> Self {
        let reason = match batch.excluded.is_empty() {
            true => String::new(),
            false => "left out before a restart".to_owned(),
        };
        if batch.is_retry {
            let records = batch.unread.len();
            tracing::info!(records, "a batch was begun and not finished; another process tries it first");
        }
        let (declared, is_suspect, retry_at) = (batch.is_retry, batch.is_retry, Instant::now());
        Self { batch, rest: None, retry_at, reason, declared, is_suspect, backoff: FIRST_RETRY }
    }

    /// Says what is about to be tried, if that is not known yet. Has to be done before each try.
    ///
    /// # Errors
    /// When the log takes no commit.
    pub async fn declare(&mut self, to: &Processor, consumer: &mut dyn LogConsumer) -> Result<(), LogError> {
        let Batch { partition, first, last, ref excluded, .. } = self.batch;
        if !self.declared {
            let intent = Intent { last, decoder: DECODER_VERSION, excluded: excluded.clone() };
            consumer.commit(partition, first, Some(&intent.to_text())).await?;
            self.declared = true;
            self.is_suspect |= to.caution.is_on_or_in_doubt();
        }
        if planted::is(Bug::CommitBeforeInsert) {
            consumer.commit(partition, last + 1, None).await?;
        }
        Ok(())
    }

    /// One try.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub async fn attempt(&mut self, to: &Processor, memory: &mut Memory) -> Result<(), WriteError> {
        if self.is_suspect && !self.batch.unread.is_empty() {
            let found = to.trials.of_batch(&self.batch.unread).await.map_err(WriteError::Later)?;
            if let Some(deadly) = found {
                to.caution.renew();
                return Err(WriteError::Deadly(deadly));
            }
        }
        self.is_suspect = false;
        assert!(!planted::is(Bug::TaskPanics), "planted");
        self.batch.read();
        let records = self.batch.records();
        recall(&to.store, &records, memory).await?;
        let Batch { partition, ref excluded, .. } = self.batch;
        let made = caught(|| make(partition, &records, excluded, memory));
        write(to, &self.batch, &records, made.map_err(WriteError::Panicked)?, &self.reason, memory).await
    }

    /// Prepares the next try: the same later, or at once without what cannot go in. Whether the batch is shorter than it was.
    pub async fn again(&mut self, to: &Processor, error: WriteError, memory: &Memory) -> bool {
        self.batch.is_retry = true;
        match error {
            WriteError::Refused(refusal) => match isolate::refused(&to.store, &self.batch, memory).await {
                Ok(excluded) => self.leave_out(excluded, refusal),
                Err(error) => self.later(&format!("{error}; {refusal}")),
            },
            WriteError::Panicked(words) => {
                let (excluded, reason) = (panicking::found(&self.batch, memory), format!("a panic: {words}"));
                let records = self.batch.records();
                let middle = records.get(records.len() / 2).map(|(offset, _)| *offset);
                match middle.filter(|offset| *offset > self.batch.first) {
                    // It is only together that they cannot go in.
                    Some(middle) if excluded == self.batch.excluded => self.cut(middle),
                    None if excluded == self.batch.excluded => self.later(&reason),
                    _ => self.leave_out(excluded, reason),
                }
            }
            WriteError::Deadly(deadly) => self.set_apart(deadly),
            WriteError::Later(error) => self.later(&error),
        }
    }

    fn later(&mut self, error: &str) -> bool {
        let partition = self.batch.partition;
        tracing::warn!(partition, error, retry_in = ?self.backoff, "batch not written yet");
        self.retry_at = Instant::now() + self.backoff;
        self.backoff = (self.backoff * 2).min(LONGEST_RETRY);
        false
    }

    /// Goes on without what nobody survives, and up to where that is known.
    fn set_apart(&mut self, Deadly { offsets, until, end }: Deadly) -> bool {
        let is_shorter = until.is_some_and(|offset| self.cut(offset));
        let mut excluded = self.batch.excluded.clone();
        let reason = format!("the process that handles it ends: {end}");
        for offset in offsets {
            self.batch.set_apart(offset, &reason);
            excluded.record(offset);
        }
        self.leave_out(excluded, reason) || is_shorter
    }

    /// Goes on without some places: so many that an intent has room for them.
    fn leave_out(&mut self, excluded: Excluded, reason: String) -> bool {
        let (partition, events) = (self.batch.partition, excluded.len());
        tracing::error!(partition, events, reason, "left out of a batch and quarantined");
        let too_many = excluded.beyond(MOST);
        let mut known = std::mem::replace(&mut self.batch.excluded, excluded);
        match self.reason.is_empty() {
            true => self.reason = reason,
            false if self.reason.contains(&reason) => {}
            false => self.reason = format!("{}; {reason}", self.reason),
        }
        self.declared = false;
        let Some(offset) = too_many else { return false };
        self.batch.excluded.split_off(offset);
        // What was only found now is found again, with its reason.
        self.batch.excluded.join(known.split_off(offset));
        self.cut(offset)
    }

    /// Leaves everything from `offset` on to the next batch.
    fn cut(&mut self, offset: u64) -> bool {
        let (last, excluded) = (self.batch.last, self.batch.cut(offset));
        let mut rest = Intent { last, decoder: DECODER_VERSION, excluded };
        if let Some(behind) = self.rest.take() {
            rest.last = behind.last;
            rest.excluded.join(behind.excluded);
        }
        self.rest = Some(rest);
        self.declared = false;
        true
    }
}
