//! 4 · Log to rows. [`Processor::run`] is the whole consumer: read in order, batch, declare the intent, find when each
//! view began, make rows, insert, quarantine what is none, commit.
//!
//! Nothing twice: a batch is inserted only after its bounds were committed as an intent, each insert is one block
//! under a token made of those bounds, and the position moves only when ClickHouse has all of it. A crash between any
//! two steps leads to the same batch, sent again under new tokens; a repeat disappears in the tables' merge.
//!
//! One bad row stops nothing: what ClickHouse refuses for good is found by halving ([`isolate`]), written into the intent
//! ([`excluded`]), and goes to quarantine while the rest goes in. So does what our own code panics over ([`panicking`]), and
//! what ends the process ([`trial`]).

pub mod batch;
pub mod caught_up;
pub mod caution;
pub mod excluded;
mod halving;
mod isolate;
mod lag;
pub mod live;
pub mod memory;
pub mod notes;
mod panicking;
pub mod partition;
pub mod progress;
mod room;
pub mod rows;
pub mod starts;
pub mod timelines;
pub mod trial;
mod write;
mod writing;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::time::Instant;

use self::{
    caution::Caution,
    lag::Lag,
    partition::{Partition, Step},
    progress::Progress,
    room::Room,
    trial::Trials,
};
use crate::{
    log::quarantine::Quarantine,
    log::{ConsumerEvent, EventLog, LogConsumer, LogError},
    store::Store,
    telemetry::{Metric, gauge},
};

/// The consumer group of the processors.
pub const GROUP: &str = "process";

/// Longest wait for news of the log while nothing else is due.
const IDLE_WAIT: Duration = Duration::from_millis(500);
/// Wait after the log could not be read.
const LOG_RETRY: Duration = Duration::from_secs(1);

/// Writes what the log holds into ClickHouse.
pub struct Processor {
    pub log: Arc<dyn EventLog>,
    pub store: Store,
    pub quarantine: Quarantine,
    pub progress: Progress,
    /// Name of the log, part of every insert token.
    pub topic: String,
    pub trials: Trials,
    pub caution: Caution,
}

impl Processor {
    /// Runs until the task is dropped; only a failure that needs an operator ends it.
    ///
    /// # Errors
    /// [`LogError::Fatal`].
    pub async fn run(self) -> Result<(), LogError> {
        let lag = Lag::default();
        tokio::select! {
            ended = self.consume_on(&lag) => ended,
            never = lag.tell(&*self.log) => match never {},
        }
    }

    /// Begins anew whenever the log could not be read.
    async fn consume_on(&self, lag: &Lag) -> Result<(), LogError> {
        loop {
            match self.consume(lag).await {
                Ok(()) => {}
                Err(LogError::Fatal(reason)) => return Err(LogError::Fatal(reason)),
                Err(error) => tracing::warn!(%error, "the log cannot be read; trying again"),
            }
            tokio::time::sleep(LOG_RETRY).await;
        }
    }

    async fn consume(&self, lag: &Lag) -> Result<(), LogError> {
        let mut consumer = self.log.consumer(GROUP).await?;
        let mut partitions: BTreeMap<u32, Partition> = BTreeMap::new();
        loop {
            let due = partitions.values().filter_map(Partition::due).min();
            let wait =
                due.map_or(IDLE_WAIT, |due| due.saturating_duration_since(Instant::now()).min(IDLE_WAIT));
            self.hear(&mut *consumer, &mut partitions, wait).await?;
            let (room, mut remembered) = (Room::of_each(partitions.len()), 0);
            for partition in partitions.values_mut() {
                partition.room = room;
                self.advance(&mut *consumer, partition).await?;
                remembered += partition.remembered();
            }
            gauge(Metric::ViewsRemembered, remembered as f64);
            lag.set(partitions.values().map(|partition| (partition.number, partition.done())).collect());
        }
    }

    /// Takes in what the log has to say.
    async fn hear(
        &self,
        consumer: &mut dyn LogConsumer,
        partitions: &mut BTreeMap<u32, Partition>,
        wait: Duration,
    ) -> Result<(), LogError> {
        match consumer.next(wait).await {
            Ok(ConsumerEvent::Assigned(assignments)) => {
                for assignment in assignments {
                    self.progress.set(assignment.partition, assignment.offset);
                    partitions.insert(assignment.partition, Partition::new(&assignment)?);
                }
            }
            Ok(ConsumerEvent::Revoked(revoked)) => {
                for partition in revoked {
                    partitions.remove(&partition);
                }
            }
            Ok(ConsumerEvent::Records { partition, records }) => {
                if let Some(partition) = partitions.get_mut(&partition) {
                    records.into_iter().for_each(|record| partition.push(record));
                }
            }
            Ok(ConsumerEvent::Idle) => {}
            Err(LogError::Corrupt { position, reason }) => {
                if let Some(partition) = partitions.get_mut(&position.partition) {
                    partition.push_corrupt(position.offset, reason);
                    consumer.seek(position.partition, position.offset + 1).await?;
                }
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Does what is due for one partition; reading of it stops while a batch is on its way into ClickHouse.
    async fn advance(
        &self,
        consumer: &mut dyn LogConsumer,
        partition: &mut Partition,
    ) -> Result<(), LogError> {
        let was_writing = partition.is_writing();
        match partition.advance(self, consumer).await {
            Ok(Step::Waiting) => {}
            Ok(Step::Written { next }) => self.progress.set(partition.number, next),
            Err(LogError::Fenced { partition, reason }) => {
                tracing::warn!(partition, reason, "partition lost; its batch is left to the next owner");
                return Err(LogError::Fenced { partition, reason });
            }
            Err(error) => return Err(error),
        }
        match (was_writing, partition.is_writing()) {
            (false, true) => consumer.pause(&[partition.number]),
            (true, false) => consumer.resume(&[partition.number]),
            _ => Ok(()),
        }
    }
}
