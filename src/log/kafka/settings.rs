//! What an operator may choose about Kafka, and what it comes to as properties of librdkafka.

use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};

use rdkafka::ClientConfig;

use crate::log::MAX_RECORD_BYTES;

/// Room for a record's key and Kafka's own framing beside the payload.
const FRAMING_BYTES: usize = 64 << 10;

/// How the partitions are shared out in a group. All members must use the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Assignor {
    /// Everything is handed back and shared out anew whenever a member comes or goes. Commits are refused only to
    /// members that have really lost their partitions, which is why it is the default.
    #[default]
    Range,
    /// Only what moves is handed over. Every rebalance refuses some commits of members that keep their partitions;
    /// these repeat a batch, which costs time but doubles nothing.
    CooperativeSticky,
}

impl fmt::Display for Assignor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Range => "range",
            Self::CooperativeSticky => "cooperative-sticky",
        })
    }
}

impl FromStr for Assignor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Range, Self::CooperativeSticky]
            .into_iter()
            .find(|assignor| assignor.to_string() == text)
            .ok_or_else(|| format!("`{text}` is neither `range` nor `cooperative-sticky`"))
    }
}

/// Settings of [`super::KafkaLog`].
#[derive(Clone)]
pub struct KafkaSettings {
    /// `host:port`, comma separated.
    pub brokers: String,
    pub topic: String,
    /// Groups are called `{group}-{name}`.
    pub group: String,
    /// For a topic that does not exist yet.
    pub partitions: i32,
    /// For a topic that does not exist yet; -1 is the broker's default.
    pub replication_factor: i32,
    /// Further properties of a topic that does not exist yet, for example `min.insync.replicas`.
    pub topic_properties: BTreeMap<String, String>,
    pub assignor: Assignor,
    /// Of librdkafka: `none`, `lz4`, `zstd`, `gzip`, `snappy`.
    pub compression: String,
    /// How long records wait for company. Every beacon waits this long for its answer.
    pub linger: Duration,
    /// How long an append waits for its acknowledgement: brokers that are gone or stand still hold up no connection.
    pub answer_within: Duration,
    /// When a record is given up that the brokers do not acknowledge. Longer than the wait for the answer, so that a change
    /// of leaders costs an answer and not a record.
    pub delivery_timeout: Duration,
    /// What may wait in memory for the brokers before appends are refused.
    pub max_pending_bytes: usize,
    /// The largest payload of one record.
    pub max_record_bytes: usize,
    /// After which silence a consumer is taken for dead and its partitions go to others.
    pub session_timeout: Duration,
    /// How long opening waits for the brokers before it goes on without them, in the background.
    pub open_wait: Duration,
    /// Anything else for librdkafka: `security.protocol`, `sasl.username`, `ssl.ca.location`, … These win.
    pub properties: BTreeMap<String, String>,
}

impl KafkaSettings {
    /// The defaults.
    pub fn new(brokers: impl Into<String>, topic: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            topic: topic.into(),
            group: "playhead".into(),
            partitions: 6,
            replication_factor: -1,
            topic_properties: BTreeMap::new(),
            assignor: Assignor::default(),
            compression: "lz4".into(),
            linger: Duration::from_millis(5),
            answer_within: Duration::from_millis(1500),
            delivery_timeout: Duration::from_secs(10),
            max_pending_bytes: 48 << 20,
            max_record_bytes: MAX_RECORD_BYTES,
            session_timeout: Duration::from_secs(30),
            open_wait: Duration::from_secs(5),
            properties: BTreeMap::new(),
        }
    }

    pub(super) fn group_id(&self, name: &str) -> String {
        format!("{}-{name}", self.group)
    }

    /// What a message may measure, on the topic and in the producer.
    pub(super) fn max_message_bytes(&self) -> usize {
        self.max_record_bytes + FRAMING_BYTES
    }

    pub(super) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", "playhead")
            .set("socket.keepalive.enable", "true")
            // The default of 10 s would be most of the delivery timeout.
            .set("reconnect.backoff.max.ms", "1000");
        self.finish(config)
    }

    pub(super) fn producer(&self) -> ClientConfig {
        let mut config = self.client();
        config
            .set("acks", "all")
            .set("enable.idempotence", "true")
            // As the Java client does, so that programs beside Playhead find the same partition for a key.
            .set("partitioner", "murmur2_random")
            .set("compression.type", &self.compression)
            .set("linger.ms", self.linger.as_millis().to_string())
            .set("message.timeout.ms", self.delivery_timeout.as_millis().to_string())
            .set("request.timeout.ms", self.delivery_timeout.as_millis().to_string())
            .set("message.max.bytes", self.max_message_bytes().to_string())
            // The bound that counts is our own, in bytes; these only must not be smaller.
            .set("queue.buffering.max.kbytes", (2 * self.max_pending_bytes / 1024 + 1024).to_string())
            .set("queue.buffering.max.messages", "0")
            .set("batch.num.messages", "100000")
            // Tells us whether any broker is up.
            .set("statistics.interval.ms", "1000");
        self.finish(config)
    }

    pub(super) fn consumer(&self, group_id: &str) -> ClientConfig {
        let mut config = self.client();
        config
            .set("group.id", group_id)
            .set("partition.assignment.strategy", self.assignor.to_string())
            .set("session.timeout.ms", self.session_timeout.as_millis().to_string())
            .set("heartbeat.interval.ms", (self.session_timeout.as_millis() / 5).to_string())
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            .set("check.crcs", "true")
            .set("isolation.level", "read_committed")
            .set("queued.max.messages.kbytes", "65536")
            // An answer as soon as there is a byte: dashboards are waiting.
            .set("fetch.wait.max.ms", "100")
            .set("fetch.error.backoff.ms", "100");
        self.finish(config)
    }

    fn finish(&self, mut config: ClientConfig) -> ClientConfig {
        for (name, value) in &self.properties {
            config.set(name, value);
        }
        config
    }
}

impl fmt::Debug for KafkaSettings {
    /// Leaves the values of the free properties out: passwords are among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaSettings")
            .field("brokers", &self.brokers)
            .field("topic", &self.topic)
            .field("group", &self.group)
            .field("assignor", &self.assignor)
            .field("properties", &self.properties.keys())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_properties_win_and_stay_secret() {
        let mut settings = KafkaSettings::new("a:1", "t");
        settings.properties.insert("sasl.password".into(), "hunter2".into());
        settings.properties.insert("acks".into(), "1".into());
        assert_eq!(settings.producer().get("acks"), Some("1"));
        let shown = format!("{settings:?}");
        assert!(shown.contains("sasl.password") && !shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn assignors_are_named_as_kafka_names_them() {
        for assignor in [Assignor::Range, Assignor::CooperativeSticky] {
            assert_eq!(assignor.to_string().parse(), Ok(assignor));
        }
        assert!("sticky".parse::<Assignor>().is_err());
    }
}
