//! Taking messages off librdkafka without blocking an async thread and without losing any.
//!
//! librdkafka hands each message out once. So a poll runs on a blocking thread and belongs to the [`Poller`], not to
//! the call that waits for it: if that call is dropped, the next one takes the result.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use rdkafka::{
    Message,
    consumer::{BaseConsumer, Consumer as _, ConsumerContext},
    error::KafkaError,
};
use tokio::task::{JoinHandle, spawn_blocking};

use super::Farewells;
use crate::log::StoredRecord;

/// One batch holds this much at most (one message at least).
const MAX_BYTES: usize = 1 << 20;
const MAX_RECORDS: usize = 4096;
/// How soon a waiting poll notices that it shall end.
const SLICE: Duration = Duration::from_millis(50);

/// A context that can say that something other than messages has come in.
pub(super) trait Interrupts: ConsumerContext + 'static {
    fn interrupted(&self) -> bool;
}

/// What one poll brought.
#[derive(Default)]
pub(super) struct Batch {
    pub records: BTreeMap<u32, Vec<StoredRecord>>,
    /// What came after the records.
    pub error: Option<KafkaError>,
}

/// See the module.
pub(super) struct Poller<C: Interrupts> {
    consumer: Arc<BaseConsumer<C>>,
    job: Option<JoinHandle<Batch>>,
    hurry: Arc<AtomicBool>,
    farewells: Farewells,
}

impl<C: Interrupts> Poller<C> {
    pub fn new(consumer: BaseConsumer<C>, farewells: Farewells) -> Self {
        Self { consumer: Arc::new(consumer), job: None, hurry: Arc::default(), farewells }
    }

    pub fn consumer(&self) -> &Arc<BaseConsumer<C>> {
        &self.consumer
    }

    /// Messages, an error or an interruption, or nothing after `max_wait`.
    pub async fn poll(&mut self, max_wait: Duration) -> Batch {
        let job = self.job.get_or_insert_with(|| {
            let (consumer, hurry) = (Arc::clone(&self.consumer), Arc::clone(&self.hurry));
            spawn_blocking(move || gather(&consumer, max_wait, &hurry))
        });
        let batch = job.await;
        self.job = None;
        // A poll does not panic; if it does, its messages are read again after the next assignment.
        batch.unwrap_or_default()
    }

    /// Ends a poll that an earlier, dropped call has left running.
    pub async fn settle(&mut self) -> Batch {
        if self.job.is_none() {
            return Batch::default();
        }
        self.hurry.store(true, Ordering::Release);
        let batch = self.poll(Duration::ZERO).await;
        self.hurry.store(false, Ordering::Release);
        batch
    }
}

impl<C: Interrupts> Drop for Poller<C> {
    fn drop(&mut self) {
        self.hurry.store(true, Ordering::Release);
        // The last handle leaves the group.
        self.farewells.drop_elsewhere(Arc::clone(&self.consumer));
    }
}

fn gather<C: Interrupts>(consumer: &BaseConsumer<C>, max_wait: Duration, hurry: &AtomicBool) -> Batch {
    let deadline = Instant::now() + max_wait;
    let mut batch = Batch::default();
    let (mut count, mut bytes) = (0, 0);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let wait = if count > 0 { Duration::ZERO } else { SLICE.min(left) };
        match consumer.poll(wait) {
            Some(Ok(message)) => {
                let payload = Bytes::copy_from_slice(message.payload().unwrap_or_default());
                bytes += payload.len();
                count += 1;
                let record = StoredRecord { offset: message.offset() as u64, payload };
                batch.records.entry(message.partition() as u32).or_default().push(record);
            }
            Some(Err(KafkaError::PartitionEOF(_))) => {}
            Some(Err(error)) => {
                batch.error = Some(error);
                return batch;
            }
            None if count > 0 || left.is_zero() || hurry.load(Ordering::Acquire) => return batch,
            None => {}
        }
        // What the callbacks have put down comes after the messages before it and before those behind it.
        if bytes >= MAX_BYTES || count >= MAX_RECORDS || consumer.context().interrupted() {
            return batch;
        }
    }
}
