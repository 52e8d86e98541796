//! The topic: made at start unless it is there, and what the brokers say about its partitions.

use std::{
    collections::BTreeMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use rdkafka::{
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    client::{ClientContext, DefaultClientContext},
    consumer::{BaseConsumer, Consumer, ConsumerContext},
    error::{KafkaError, RDKafkaErrorCode},
    util::Timeout,
};
use tokio::task::spawn_blocking;

use super::{KafkaSettings, locked};
use crate::log::LogError;

/// How long one question to the brokers may take.
pub(super) const ASK: Duration = Duration::from_secs(10);

/// How long, and how often, the reason of a failure is listened for.
const LISTEN: Duration = Duration::from_millis(20);
const LISTENED: u32 = 10;

/// The lowest offset still there and the one the next record will get.
pub(super) type Watermarks = (u64, u64);

/// Makes the topic unless it exists, and waits until each partition has a leader.
pub(super) async fn ensure(settings: &KafkaSettings, wait: Duration) -> Result<(), LogError> {
    let deadline = Instant::now() + wait;
    let consumer: BaseConsumer<Trouble> = settings
        .consumer(&settings.group_id("setup"))
        .create_with_context(Trouble::default())
        .map_err(|error| LogError::Fatal(error.to_string()))?;
    let topic = settings.topic.clone();
    let asked = run_blocking(move || is_there(&consumer, &topic, wait).map(|is_there| (is_there, consumer)));
    let (is_there, consumer) = asked.await?;
    // Whoever may not make topics can still use one that somebody else has made.
    if !is_there {
        make(settings, wait).await?;
    }
    let topic = settings.topic.clone();
    run_blocking(move || wait_for_leaders(&consumer, &topic, deadline)).await
}

async fn make(settings: &KafkaSettings, wait: Duration) -> Result<(), LogError> {
    let admin: AdminClient<DefaultClientContext> =
        settings.client().create().map_err(|error| LogError::Fatal(error.to_string()))?;
    let max_message_bytes = settings.max_message_bytes().to_string();
    let topic = settings.topic_properties.iter().fold(
        NewTopic::new(
            &settings.topic,
            settings.partitions,
            TopicReplication::Fixed(settings.replication_factor),
        )
        .set("max.message.bytes", &max_message_bytes),
        |topic, (name, value)| topic.set(name, value),
    );
    let options = AdminOptions::new().request_timeout(Some(Timeout::After(wait)));
    let answers = admin.create_topics([&topic], &options).await.map_err(|error| unavailable(&error))?;
    for answer in answers {
        match answer {
            Ok(_) => {
                tracing::info!(topic = settings.topic, partitions = settings.partitions, "made the topic")
            }
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((_, code)) if is_permanent(code) => {
                return Err(LogError::Fatal(format!("the topic {} cannot be made: {code}", settings.topic)));
            }
            Err((_, code)) => {
                return Err(LogError::Unavailable(format!("the topic cannot be made now: {code}")));
            }
        }
    }
    Ok(())
}

/// Whether the topic exists. Blocks.
fn is_there(consumer: &BaseConsumer<Trouble>, topic: &str, wait: Duration) -> Result<bool, LogError> {
    match consumer.fetch_metadata(Some(topic), wait) {
        Ok(metadata) => Ok(metadata
            .topics()
            .iter()
            .any(|topic| topic.error().is_none() && !topic.partitions().is_empty())),
        Err(error) => Err(Trouble::explain(consumer, &error)),
    }
}

/// What the connection said last. A wrong password or a certificate nobody trusts otherwise shows as silence.
#[derive(Default)]
struct Trouble {
    last: Mutex<Option<String>>,
}

impl Trouble {
    /// An error, and what the connection said before it.
    fn explain(consumer: &BaseConsumer<Self>, error: &KafkaError) -> LogError {
        // What was said is handed over while polling.
        for _ in 0..LISTENED {
            let _ = consumer.poll(LISTEN);
            if let Some(reason) = locked(&consumer.context().last).take() {
                return LogError::Unavailable(format!("{error}: {reason}"));
            }
        }
        unavailable(error)
    }
}

impl ClientContext for Trouble {
    fn error(&self, error: KafkaError, reason: &str) {
        // That all brokers are down is what follows from the reason, and comes after it.
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::AllBrokersDown) {
            *locked(&self.last) = Some(reason.to_owned());
        }
    }
}

impl ConsumerContext for Trouble {}

fn wait_for_leaders(
    consumer: &BaseConsumer<Trouble>,
    topic: &str,
    deadline: Instant,
) -> Result<(), LogError> {
    loop {
        let why =
            match consumer.fetch_metadata(Some(topic), deadline.saturating_duration_since(Instant::now())) {
                Ok(metadata) => match metadata.topics().first() {
                    Some(topic) if topic.error().is_none() && !topic.partitions().is_empty() => {
                        if topic.partitions().iter().all(|partition| partition.leader() >= 0) {
                            return Ok(());
                        }
                        "some of its partitions have no leader".to_owned()
                    }
                    _ => "it does not exist".to_owned(),
                },
                Err(error) => error.to_string(),
            };
        if Instant::now() >= deadline {
            return Err(LogError::Unavailable(format!("the topic {topic} is not ready: {why}")));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Low and high offsets of all partitions. Blocks.
pub(super) fn watermarks<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
) -> Result<BTreeMap<u32, Watermarks>, KafkaError> {
    let metadata = consumer.fetch_metadata(Some(topic), ASK)?;
    let partitions = metadata.topics().iter().flat_map(|topic| topic.partitions());
    partitions
        .map(|partition| Ok((partition.id() as u32, watermarks_of(consumer, topic, partition.id())?)))
        .collect()
}

/// Low and high offset of one partition. Blocks.
pub(super) fn watermarks_of<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    partition: i32,
) -> Result<Watermarks, KafkaError> {
    let (low, high) = consumer.fetch_watermarks(topic, partition, ASK)?;
    Ok((low.max(0) as u64, high.max(0) as u64))
}

/// Runs calls of librdkafka that wait for the network where they hold up nobody.
pub(super) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LogError> + Send + 'static,
) -> Result<T, LogError> {
    spawn_blocking(work).await.unwrap_or_else(|error| Err(LogError::Unavailable(error.to_string())))
}

pub(super) fn unavailable(error: &KafkaError) -> LogError {
    LogError::Unavailable(error.to_string())
}

fn is_permanent(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode::{
        InvalidConfig, InvalidPartitions, InvalidReplicationFactor, InvalidTopic, PolicyViolation,
    };
    matches!(
        code,
        InvalidTopic | InvalidPartitions | InvalidReplicationFactor | InvalidConfig | PolicyViolation
    )
}
