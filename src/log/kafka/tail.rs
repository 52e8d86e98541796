//! Reading every partition without a group.

use std::{collections::VecDeque, time::Duration};

use async_trait::async_trait;
use rdkafka::{
    ClientContext, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _, ConsumerContext},
    error::KafkaError,
};
use tokio::time::Instant;

use super::{
    Farewells, KafkaSettings,
    poll::{Interrupts, Poller},
    topic::{self, run_blocking, unavailable},
};
use crate::log::{LogError, LogTail, StoredRecord, TailFrom};

/// See the module.
pub(super) struct KafkaTail {
    poller: Poller<Quiet>,
    ready: VecDeque<(u32, Vec<StoredRecord>)>,
}

impl KafkaTail {
    /// Begins at the given offsets, elsewhere at what is the end when this call returns.
    pub async fn new(
        settings: &KafkaSettings,
        from: TailFrom,
        farewells: Farewells,
    ) -> Result<Self, LogError> {
        let consumer: BaseConsumer<Quiet> = settings
            .consumer(&settings.group_id("tail"))
            .create_with_context(Quiet)
            .map_err(|error| LogError::Fatal(error.to_string()))?;
        let topic = settings.topic.clone();
        let consumer = run_blocking(move || {
            begin(&consumer, &topic, &from).map_err(|error| unavailable(&error))?;
            Ok(consumer)
        });
        Ok(Self { poller: Poller::new(consumer.await?, farewells), ready: VecDeque::new() })
    }
}

fn begin(consumer: &BaseConsumer<Quiet>, topic: &str, from: &TailFrom) -> Result<(), KafkaError> {
    let mut list = TopicPartitionList::new();
    for (partition, (low, high)) in topic::watermarks(consumer, topic)? {
        let offset = match from.0.get(&partition) {
            None => high,
            Some(&offset) if offset > high => {
                tracing::warn!(
                    partition,
                    offset,
                    high,
                    "a reader knows more than the topic has; it begins at the oldest record"
                );
                low
            }
            Some(&offset) => offset.max(low),
        };
        list.add_partition_offset(topic, partition as i32, Offset::Offset(offset as i64))?;
    }
    consumer.assign(&list)
}

#[async_trait]
impl LogTail for KafkaTail {
    async fn next(&mut self, max_wait: Duration) -> Result<Option<(u32, Vec<StoredRecord>)>, LogError> {
        let deadline = Instant::now() + max_wait;
        loop {
            if let Some(records) = self.ready.pop_front() {
                return Ok(Some(records));
            }
            let batch = self.poller.poll(deadline.saturating_duration_since(Instant::now())).await;
            self.ready.extend(batch.records);
            match batch.error {
                Some(error) if self.ready.is_empty() => return Err(unavailable(&error)),
                Some(error) => tracing::warn!(%error, "a Kafka reader is in trouble"),
                None => {}
            }
            if self.ready.is_empty() && Instant::now() >= deadline {
                return Ok(None);
            }
        }
    }
}

/// A context without a group: nothing but messages comes in.
struct Quiet;

impl ClientContext for Quiet {
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "a Kafka reader is in trouble");
    }
}

impl ConsumerContext for Quiet {}

impl Interrupts for Quiet {
    fn interrupted(&self) -> bool {
        false
    }
}
