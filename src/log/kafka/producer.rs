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

use super::{KafkaSettings, drop_elsewhere, topic};
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
    current: RwLock<Arc<Generation>>,
    closed: AtomicBool,
}

/// One client of librdkafka, until it breaks.
struct Generation {
    client: Client,
    broken: Arc<AtomicBool>,
}

impl Producer {
    pub fn new(settings: KafkaSettings) -> Result<Self, KafkaError> {
        let health = Arc::new(Health::default());
        let first = Generation::new(&settings, &health)?;
        Ok(Self {
            room: Arc::new(Semaphore::new(settings.max_pending_bytes)),
            current: RwLock::new(Arc::new(first)),
            closed: AtomicBool::new(false),
            health,
            settings,
        })
    }

    pub async fn append(&self, records: Vec<NewRecord>) -> Answer {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let limit = self.settings.max_record_bytes;
        if let Some(bytes) = records
            .iter()
            .map(|record| record.payload.len())
            .find(|&bytes| bytes > limit)
        {
            return Err(AppendError::TooLarge { bytes, limit });
        }
        if self.closed.load(Ordering::Acquire) {
            return Err(AppendError::Unavailable("it is closed".into()));
        }
        let bytes: usize = records
            .iter()
            .map(|record| record.key.len() + record.payload.len() + MESSAGE_OVERHEAD)
            .sum();
        let permit = u32::try_from(bytes)
            .ok()
            .and_then(|bytes| Arc::clone(&self.room).try_acquire_many_owned(bytes).ok())
            .ok_or_else(|| AppendError::Full(format!("{} bytes wait for the brokers", self.waiting())))?;
        let generation = self.generation()?;
        let (call, answer) = Call::new(records.len(), permit);
        for (index, record) in records.iter().enumerate() {
            if let Err(error) = generation.send(
                &self.settings.topic,
                record,
                Slot {
                    call: Arc::clone(&call),
                    index,
                },
            ) {
                call.fail(refusal(&error));
                break;
            }
        }
        drop((call, generation));
        answer
            .await
            .unwrap_or_else(|_| Err(AppendError::Unavailable("its producer has ended".into())))
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

    /// Takes no more appends and waits for the reports of those it has.
    pub async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        let generation = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
        let wait = self.settings.delivery_timeout;
        let flushed = topic::run_blocking(move || {
            generation
                .client
                .flush(wait)
                .map_err(|error| LogError::Unavailable(error.to_string()))
        });
        if let Err(error) = flushed.await {
            tracing::warn!(%error, "some appends were not acknowledged before the end; their senders know");
        }
    }

    fn waiting(&self) -> usize {
        self.settings
            .max_pending_bytes
            .saturating_sub(self.room.available_permits())
    }

    /// The current client, replaced first if it has broken: a fatal error is final for librdkafka, not for us.
    fn generation(&self) -> Result<Arc<Generation>, AppendError> {
        let current = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
        if !current.broken.load(Ordering::Acquire) {
            return Ok(current);
        }
        let mut slot = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if slot.broken.load(Ordering::Acquire) {
            let fresh = Generation::new(&self.settings, &self.health)
                .map_err(|error| AppendError::Unavailable(error.to_string()))?;
            tracing::warn!("replaced the Kafka producer after a fatal error");
            let broken = std::mem::replace(&mut *slot, Arc::new(fresh));
            drop(current);
            drop_elsewhere(broken);
        }
        Ok(Arc::clone(&slot))
    }
}

impl Generation {
    fn new(settings: &KafkaSettings, health: &Arc<Health>) -> Result<Self, KafkaError> {
        let broken = Arc::new(AtomicBool::new(false));
        let context = Context {
            health: Arc::clone(health),
            broken: Arc::clone(&broken),
        };
        Ok(Self {
            client: settings.producer().create_with_context(context)?,
            broken,
        })
    }

    fn send(&self, topic: &str, record: &NewRecord, slot: Slot) -> Result<(), KafkaError> {
        let message = BaseRecord::with_opaque_to(topic, Box::new(slot)).payload(record.payload.as_ref());
        // An empty key would put everything without one into the same partition.
        let message = if record.key.is_empty() {
            message
        } else {
            message.key(record.key.as_ref())
        };
        self.client.send(message).map_err(|(error, _)| error)
    }
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
        let positions = vec![
            Position {
                partition: 0,
                offset: 0
            };
            records
        ];
        let progress = Progress {
            positions,
            missing: records,
            reply: Some(reply),
        };
        (
            Arc::new(Self {
                progress: Mutex::new(progress),
                _permit: permit,
            }),
            answer,
        )
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
    broken: Arc<AtomicBool>,
}

impl ProducerContext for Context {
    type DeliveryOpaque = Box<Slot>;

    fn delivery(&self, result: &DeliveryResult<'_>, slot: Self::DeliveryOpaque) {
        match result {
            Ok(message) => {
                self.health.works();
                let position = Position {
                    partition: message.partition() as u32,
                    offset: message.offset() as u64,
                };
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
            Some(RDKafkaErrorCode::Fatal) => {
                tracing::error!(%error, reason, "the Kafka producer has failed for good");
                self.broken.store(true, Ordering::Release);
            }
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
