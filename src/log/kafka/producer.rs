//! Appending: one idempotent producer, memory bounded by permits, and an answer when all replicas have it.
//!
//! An append takes permits for its bytes, hands its records to librdkafka, and waits for their delivery reports; the
//! permits come back with the last report. Without permits it is refused at once: waiting would only move the queue
//! somewhere else.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

use rdkafka::{
    ClientContext, Message, Statistics,
    error::{KafkaError, RDKafkaErrorCode},
    message::DeliveryResult,
    producer::{BaseRecord, Producer as _, ProducerContext, ThreadedProducer},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::{Farewells, KafkaSettings, topic};
use crate::log::{AppendError, LogError, NewRecord, Position};

/// What librdkafka keeps for a message besides its bytes.
const MESSAGE_OVERHEAD: usize = 64;

type Client = ThreadedProducer<Context>;
type Answer = Result<Vec<Position>, AppendError>;

/// See the module.
pub(super) struct Producer {
    settings: KafkaSettings,
    room: Arc<Semaphore>,
    health: Arc<Health>,
    current: RwLock<Arc<Client>>,
    closed: AtomicBool,
    farewells: Farewells,
}

impl Producer {
    pub fn new(settings: KafkaSettings, farewells: Farewells) -> Result<Self, KafkaError> {
        let health = Arc::new(Health::default());
        let first = connect(&settings, &health)?;
        Ok(Self {
            room: Arc::new(Semaphore::new(settings.max_pending_bytes)),
            current: RwLock::new(Arc::new(first)),
            closed: AtomicBool::new(false),
            farewells,
            health,
            settings,
        })
    }

    pub async fn append(&self, records: Vec<NewRecord>) -> Answer {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let limit = self.settings.max_record_bytes;
        if let Some(bytes) = records.iter().map(|record| record.payload.len()).find(|&bytes| bytes > limit) {
            return Err(AppendError::TooLarge { bytes, limit });
        }
        if self.closed.load(Ordering::Acquire) {
            return Err(AppendError::Unavailable("it is closed".into()));
        }
        let bytes: usize =
            records.iter().map(|record| record.key.len() + record.payload.len() + MESSAGE_OVERHEAD).sum();
        let permit = u32::try_from(bytes)
            .ok()
            .and_then(|bytes| Arc::clone(&self.room).try_acquire_many_owned(bytes).ok())
            .ok_or_else(|| AppendError::Full(format!("{} bytes wait for the brokers", self.waiting())))?;
        let client = self.client()?;
        let (call, answer) = Call::new(records.len(), permit);
        for (index, record) in records.iter().enumerate() {
            let slot = Slot { call: Arc::clone(&call), index };
            if let Err(error) = send(&client, &self.settings.topic, record, slot) {
                call.fail(refusal(&error));
                break;
            }
        }
        drop((call, client));
        answer.await.unwrap_or_else(|_| Err(AppendError::Unavailable("its producer has ended".into())))
    }

    pub fn ready(&self) -> Result<(), String> {
        if self.closed.load(Ordering::Acquire) {
            return Err("it is closed".into());
        }
        if self.room.available_permits() == 0 {
            return Err(format!("{} bytes wait for the brokers", self.waiting()));
        }
        self.health.outage().map_or(Ok(()), Err)
    }

    /// The share of the memory for unacknowledged appends that is free.
    pub fn room(&self) -> f64 {
        self.room.available_permits() as f64 / self.settings.max_pending_bytes as f64
    }

    /// Takes no more appends and waits for the reports of those it has.
    pub async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        let client = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
        let wait = self.settings.delivery_timeout;
        let flushed = topic::run_blocking(move || {
            client.flush(wait).map_err(|error| LogError::Unavailable(error.to_string()))
        });
        if let Err(error) = flushed.await {
            tracing::warn!(%error, "some appends were not acknowledged before the end; their senders know");
        }
    }

    fn waiting(&self) -> usize {
        self.settings.max_pending_bytes.saturating_sub(self.room.available_permits())
    }

    /// The current client, replaced first if it has broken: a fatal error is final for librdkafka, not for us.
    fn client(&self) -> Result<Arc<Client>, AppendError> {
        let current = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
        if current.client().fatal_error().is_none() {
            return Ok(current);
        }
        let mut slot = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if let Some((code, reason)) = slot.client().fatal_error() {
            let fresh = connect(&self.settings, &self.health)
                .map_err(|error| AppendError::Unavailable(error.to_string()))?;
            tracing::warn!(%code, reason, "replaced the Kafka producer after a fatal error");
            let broken = std::mem::replace(&mut *slot, Arc::new(fresh));
            // Dropping waits for the client's thread.
            drop(current);
            self.farewells.drop_elsewhere(broken);
        }
        Ok(Arc::clone(&slot))
    }
}

fn connect(settings: &KafkaSettings, health: &Arc<Health>) -> Result<Client, KafkaError> {
    settings.producer().create_with_context(Context { health: Arc::clone(health) })
}

fn send(client: &Client, topic: &str, record: &NewRecord, slot: Slot) -> Result<(), KafkaError> {
    let message = BaseRecord::with_opaque_to(topic, Box::new(slot)).payload(record.payload.as_ref());
    // An empty key would put everything without one into the same partition.
    let message = if record.key.is_empty() { message } else { message.key(record.key.as_ref()) };
    client.send(message).map_err(|(error, _)| error)
}

/// One call of `append` under way.
struct Call {
    progress: Mutex<Progress>,
    /// Given back when the last report is in.
    _permit: OwnedSemaphorePermit,
}

struct Progress {
    positions: Vec<Position>,
    missing: usize,
    reply: Option<oneshot::Sender<Answer>>,
}

/// The place of one record in its call.
struct Slot {
    call: Arc<Call>,
    index: usize,
}

impl Call {
    fn new(records: usize, permit: OwnedSemaphorePermit) -> (Arc<Self>, oneshot::Receiver<Answer>) {
        let (reply, answer) = oneshot::channel();
        let positions = vec![Position { partition: 0, offset: 0 }; records];
        let progress = Progress { positions, missing: records, reply: Some(reply) };
        (Arc::new(Self { progress: Mutex::new(progress), _permit: permit }), answer)
    }

    fn delivered(&self, index: usize, position: Position) {
        let mut progress = self.lock();
        progress.positions[index] = position;
        progress.missing -= 1;
        if progress.missing == 0 {
            let positions = std::mem::take(&mut progress.positions);
            // Nobody may be waiting any more; the records are in the log all the same.
            progress.reply.take().map(|reply| reply.send(Ok(positions)));
        }
    }

    /// One failure is an answer: nothing is acknowledged, even if other records of the call arrive.
    fn fail(&self, error: AppendError) {
        self.lock().reply.take().map(|reply| reply.send(Err(error)));
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where librdkafka reports to.
struct Context {
    health: Arc<Health>,
}

impl ProducerContext for Context {
    type DeliveryOpaque = Box<Slot>;

    fn delivery(&self, result: &DeliveryResult<'_>, slot: Self::DeliveryOpaque) {
        match result {
            Ok(message) => {
                self.health.works();
                let position =
                    Position { partition: message.partition() as u32, offset: message.offset() as u64 };
                slot.call.delivered(slot.index, position);
            }
            Err((error, _)) => slot.call.fail(refusal(error)),
        }
    }
}

impl ClientContext for Context {
    fn error(&self, error: KafkaError, reason: &str) {
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::AllBrokersDown) => self.health.fails("no broker can be reached"),
            _ => tracing::warn!(%error, reason, "the Kafka producer is in trouble"),
        }
    }

    fn stats(&self, statistics: Statistics) {
        if statistics.brokers.values().any(|broker| broker.state == "UP") {
            self.health.works();
        }
    }
}

/// Whether the brokers can be reached, as far as is known.
#[derive(Default)]
struct Health {
    outage: Mutex<Option<&'static str>>,
}

impl Health {
    fn works(&self) {
        *self.lock() = None;
    }

    fn fails(&self, reason: &'static str) {
        *self.lock() = Some(reason);
    }

    fn outage(&self) -> Option<String> {
        self.lock().map(str::to_owned)
    }

    fn lock(&self) -> MutexGuard<'_, Option<&'static str>> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refusal(error: &KafkaError) -> AppendError {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::QueueFull) => AppendError::Full(error.to_string()),
        _ => AppendError::Unavailable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use bytes::Bytes;
    use rdkafka::{bindings::rd_kafka_resp_err_t as Code, mocking::MockCluster, types::RDKafkaApiKey};

    use super::*;

    /// librdkafka's own brokers inside this process: they can be told to refuse.
    fn cluster() -> MockCluster<'static, rdkafka::producer::DefaultProducerContext> {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("topic", 1, 1).unwrap();
        cluster
    }

    fn producer(bootstrap: &str, timeout_ms: u64) -> Producer {
        let mut settings = KafkaSettings::new(bootstrap, "topic");
        settings.delivery_timeout = Duration::from_millis(timeout_ms);
        Producer::new(settings, Farewells::default()).unwrap()
    }

    fn records(count: usize) -> Vec<NewRecord> {
        (0..count)
            .map(|i| NewRecord { key: Bytes::from_static(b"key"), payload: format!("{i}").into() })
            .collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn passing_refusals_are_ridden_out_without_doubling() {
        let cluster = cluster();
        let producer = producer(&cluster.bootstrap_servers(), 10_000);
        producer.append(records(1)).await.unwrap();
        cluster.request_errors(
            RDKafkaApiKey::Produce,
            &[
                Code::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                Code::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
                Code::RD_KAFKA_RESP_ERR__TRANSPORT,
            ],
        );
        let positions = producer.append(records(3)).await.unwrap();
        assert_eq!(positions.iter().map(|position| position.offset).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_fatal_error_costs_one_append_and_one_client() {
        let cluster = cluster();
        let producer = producer(&cluster.bootstrap_servers(), 10_000);
        producer.append(records(1)).await.unwrap();
        let before = Arc::as_ptr(&producer.current.read().unwrap());
        cluster.request_errors(
            RDKafkaApiKey::Produce,
            &[
                Code::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
                Code::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
            ],
        );
        let failed = producer.append(records(2)).await;
        assert!(matches!(failed, Err(AppendError::Unavailable(_))), "{failed:?}");
        cluster.clear_request_errors(RDKafkaApiKey::Produce);
        // The news of the failure travels on its own.
        let began = Instant::now();
        while producer.append(records(1)).await.is_err() {
            assert!(began.elapsed() < Duration::from_secs(5));
        }
        assert_ne!(Arc::as_ptr(&producer.current.read().unwrap()), before);
        // Permits come back right after the last report, also those of the client that broke.
        while producer.room.available_permits() < producer.settings.max_pending_bytes {
            assert!(began.elapsed() < Duration::from_secs(5), "{} bytes wait", producer.waiting());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn brokers_that_are_gone_are_an_answer_in_time() {
        let cluster = cluster();
        let producer = producer(&cluster.bootstrap_servers(), 3_000);
        producer.append(records(1)).await.unwrap();
        producer.ready().unwrap();
        cluster.broker_down(1).unwrap();
        let began = Instant::now();
        let failed = producer.append(records(2)).await;
        assert!(matches!(failed, Err(AppendError::Unavailable(_))), "{failed:?}");
        assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
        assert!(producer.ready().is_err());
        cluster.broker_up(1).unwrap();
        // Readiness returns without an append having to try: nobody sends any while it is away.
        let began = Instant::now();
        while producer.ready().is_err() {
            assert!(began.elapsed() < Duration::from_secs(10));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        producer.append(records(1)).await.unwrap();
    }
}
