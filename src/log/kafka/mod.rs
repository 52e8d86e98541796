//! The log on Apache Kafka: one topic, its partitions shared out among the members of a group.
//!
//! - [`producer`]: idempotent, `acks=all`, memory bounded by permits; an append is answered by its delivery reports.
//! - [`consumer`], [`group`]: membership, rebalances, commits that carry an intent in the offset's metadata.
//! - [`tail`]: all partitions without a group.
//! - [`topic`]: makes the topic at start. When the brokers cannot be reached then, opening goes on in the background and
//!   appends are refused until it has succeeded.
//!
//! A beacon whose acknowledgement was lost on the way is in the topic although its append has failed; the client sends
//! it again, and the processor drops the second one (promise P3).

mod consumer;
mod group;
mod poll;
mod producer;
mod settings;
mod tail;
mod topic;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _},
};
use tokio::{
    task::AbortHandle,
    time::{Instant, sleep, timeout},
};

pub use self::settings::{Assignor, KafkaSettings};
use self::{consumer::KafkaConsumer, producer::Producer, tail::KafkaTail, topic::ASK};
use super::{AppendError, EventLog, LogConsumer, LogError, LogTail, NewRecord, Position, TailFrom};

const FIRST_RETRY: Duration = Duration::from_millis(500);
const LAST_RETRY: Duration = Duration::from_secs(10);
/// How long closing waits for consumers to leave their groups.
const FAREWELL: Duration = Duration::from_secs(5);

/// The log on Kafka; see the module.
pub struct KafkaLog {
    settings: KafkaSettings,
    producer: Producer,
    /// Why the topic cannot be used yet.
    missing: Arc<Mutex<Option<String>>>,
    opening: Option<AbortHandle>,
    /// One client per group that was asked about, for watermarks and committed offsets.
    lookups: Mutex<BTreeMap<String, Arc<BaseConsumer>>>,
    farewells: Farewells,
}

impl KafkaLog {
    /// Connects and makes the topic if it is missing. Mistakes in the settings fail here; brokers that do not answer
    /// within `settings.open_wait` do not.
    pub async fn open(settings: KafkaSettings) -> Result<Self, LogError> {
        let farewells = Farewells::default();
        let producer = Producer::new(settings.clone(), farewells.clone())
            .map_err(|error| LogError::Fatal(error.to_string()))?;
        let missing = Arc::new(Mutex::new(None));
        let opening = match topic::ensure(&settings, settings.open_wait).await {
            Ok(()) => None,
            Err(error @ LogError::Fatal(_)) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, brokers = settings.brokers, "starting without Kafka; trying on");
                *locked(&missing) = Some(error.to_string());
                Some(tokio::spawn(keep_opening(settings.clone(), Arc::clone(&missing))).abort_handle())
            }
        };
        Ok(Self { settings, producer, missing, opening, lookups: Mutex::default(), farewells })
    }

    fn check_topic(&self) -> Result<(), String> {
        locked(&self.missing).clone().map_or(Ok(()), Err)
    }

    fn lookup(&self, group: &str) -> Result<Arc<BaseConsumer>, LogError> {
        let mut lookups = locked(&self.lookups);
        if let Some(consumer) = lookups.get(group) {
            return Ok(Arc::clone(consumer));
        }
        let consumer: BaseConsumer = self
            .settings
            .consumer(&self.settings.group_id(group))
            .create()
            .map_err(|error| LogError::Fatal(error.to_string()))?;
        let consumer = Arc::new(consumer);
        lookups.insert(group.to_owned(), Arc::clone(&consumer));
        Ok(consumer)
    }
}

/// Makes the topic as soon as the brokers let us.
async fn keep_opening(settings: KafkaSettings, missing: Arc<Mutex<Option<String>>>) {
    let mut pause = FIRST_RETRY;
    loop {
        sleep(pause).await;
        match topic::ensure(&settings, ASK).await {
            Ok(()) => {
                *locked(&missing) = None;
                tracing::info!(topic = settings.topic, "Kafka is there now");
                return;
            }
            Err(error) => *locked(&missing) = Some(error.to_string()),
        }
        pause = (pause * 2).min(LAST_RETRY);
    }
}

impl Drop for KafkaLog {
    fn drop(&mut self) {
        if let Some(opening) = &self.opening {
            opening.abort();
        }
    }
}

#[async_trait]
impl EventLog for KafkaLog {
    async fn append(&self, records: Vec<NewRecord>) -> Result<Vec<Position>, AppendError> {
        self.check_topic().map_err(AppendError::Unavailable)?;
        let within = self.settings.answer_within;
        // The records may arrive all the same; the client's repeat of them does no harm.
        timeout(within, self.producer.append(records)).await.unwrap_or_else(|_| {
            Err(AppendError::Unavailable(format!("no acknowledgement by the brokers within {within:?}")))
        })
    }

    async fn consumer(&self, group: &str) -> Result<Box<dyn LogConsumer>, LogError> {
        self.check_topic().map_err(LogError::Unavailable)?;
        Ok(Box::new(KafkaConsumer::new(
            self.settings.clone(),
            self.settings.group_id(group),
            self.farewells.clone(),
        )?))
    }

    async fn tail(&self, from: TailFrom) -> Result<Box<dyn LogTail>, LogError> {
        self.check_topic().map_err(LogError::Unavailable)?;
        Ok(Box::new(KafkaTail::new(&self.settings, from, self.farewells.clone()).await?))
    }

    async fn end(&self) -> Result<BTreeMap<u32, u64>, LogError> {
        let consumer = self.lookup("lookup")?;
        let topic = self.settings.topic.clone();
        let marks = topic::run_blocking(move || {
            topic::watermarks(&*consumer, &topic).map_err(|error| topic::unavailable(&error))
        });
        Ok(marks.await?.into_iter().map(|(partition, (_, high))| (partition, high)).collect())
    }

    async fn committed(&self, group: &str) -> Result<BTreeMap<u32, u64>, LogError> {
        let consumer = self.lookup(group)?;
        let topic = self.settings.topic.clone();
        topic::run_blocking(move || {
            let marks = topic::watermarks(&*consumer, &topic).map_err(|error| topic::unavailable(&error))?;
            let mut asked = TopicPartitionList::with_capacity(marks.len());
            for &partition in marks.keys() {
                asked.add_partition(&topic, partition as i32);
            }
            let answer =
                consumer.committed_offsets(asked, ASK).map_err(|error| topic::unavailable(&error))?;
            let offset_of =
                |partition, low| match answer.find_partition(&topic, partition).map(|found| found.offset()) {
                    Some(Offset::Offset(offset)) => offset as u64,
                    _ => low,
                };
            Ok(marks
                .into_iter()
                .map(|(partition, (low, _))| (partition, offset_of(partition as i32, low)))
                .collect())
        })
        .await
    }

    fn ready(&self) -> Result<(), String> {
        self.check_topic()?;
        self.producer.ready()
    }

    fn room(&self) -> f64 {
        self.producer.room()
    }

    async fn close(&self) {
        if let Some(opening) = &self.opening {
            opening.abort();
        }
        self.producer.close().await;
        self.farewells.all_said(FAREWELL).await;
    }
}

/// Clients on their way out. Dropping one waits for the network, so it happens where it holds up nobody; but a process
/// that ends before its consumers have left their group keeps the others waiting for a whole session.
#[derive(Clone, Default)]
struct Farewells(Arc<AtomicUsize>);

impl Farewells {
    /// Drops the last handle of a client on a thread of its own.
    fn drop_elsewhere<T: Send + Sync + 'static>(&self, handle: Arc<T>) {
        let under_way = Arc::clone(&self.0);
        under_way.fetch_add(1, Ordering::AcqRel);
        std::thread::spawn(move || {
            // Handles that are still in use go away by themselves.
            while Arc::strong_count(&handle) > 1 {
                std::thread::sleep(Duration::from_millis(5));
            }
            drop(handle);
            under_way.fetch_sub(1, Ordering::AcqRel);
        });
    }

    /// Waits until all are gone, or for `patience`.
    async fn all_said(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        while self.0.load(Ordering::Acquire) > 0 && Instant::now() < deadline {
            sleep(Duration::from_millis(5)).await;
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
