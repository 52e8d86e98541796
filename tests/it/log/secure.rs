//! Brokers that want to know who speaks, over TLS: a real Apache Kafka with SASL, and what an operator is told whose
//! password or certificate is wrong.

use std::{sync::Arc, time::Duration};

use playhead::log::{
    EventLog, LogError,
    kafka::{KafkaLog, KafkaSettings},
};
use tokio::task::spawn_blocking;

use super::support::{Seen, record};
use crate::support::kafka::{Broker, ephemeral_on};

/// Settings for a topic of one's own, with these properties over those that work.
fn settings(broker: &Broker, properties: &[(&str, &str)]) -> KafkaSettings {
    let mut settings = ephemeral_on(&broker.secure_bootstrap());
    let certificate = broker.certificate();
    let sound = [
        ("security.protocol", "SASL_SSL"),
        ("sasl.mechanism", "SCRAM-SHA-512"),
        ("sasl.username", "playhead"),
        ("sasl.password", "playhead-secret"),
        ("ssl.ca.location", certificate.to_str().unwrap()),
    ];
    for (name, value) in sound.iter().chain(properties) {
        settings.properties.insert((*name).into(), (*value).into());
    }
    settings
}

async fn takes_and_gives_back(settings: KafkaSettings) {
    let log = KafkaLog::open(settings).await.unwrap();
    log.ready().unwrap();
    log.append(vec![record("a", "kept")]).await.unwrap();
    let (mut consumer, mut seen) = (log.consumer("process").await.unwrap(), Seen::default());
    seen.read_until(&mut *consumer, |seen| seen.records.values().any(|text| text == "kept")).await;
    let partition = seen.records.keys().next().unwrap().partition;
    consumer.commit(partition, 1, Some("1-2")).await.unwrap();
}

/// Nothing is taken, and the reason is one that an operator can act upon.
async fn says(mut settings: KafkaSettings, what: &str) {
    settings.open_wait = Duration::from_secs(4);
    let log = KafkaLog::open(settings).await.unwrap();
    let why = log.ready().expect_err("it must not be ready");
    assert!(why.contains(what), "`{why}` does not say `{what}`");
    assert!(!why.contains("secret"), "{why}");
    assert!(log.append(vec![record("a", "lost")]).await.is_err());
    assert!(matches!(log.consumer("process").await, Err(LogError::Unavailable(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn brokers_are_spoken_to_over_tls_and_only_with_the_right_password() {
    let broker = Arc::new(spawn_blocking(|| Broker::start_secure("secure")).await.unwrap());
    takes_and_gives_back(settings(&broker, &[])).await;
    takes_and_gives_back(settings(&broker, &[("sasl.mechanism", "PLAIN")])).await;
    tokio::join!(
        says(settings(&broker, &[("sasl.password", "wrong-secret")]), "uthentication failed"),
        says(settings(&broker, &[("ssl.ca.location", "/etc/ssl/certs/ca-certificates.crt")]), "certificate"),
        says(settings(&broker, &[("sasl.mechanism", "SCRAM-SHA-256")]), "SCRAM-SHA-256"),
    );
    spawn_blocking(move || drop(broker)).await.unwrap();
}
