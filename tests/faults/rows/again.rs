//! The log read a second time: into the tables that have it all already, and into empty ones.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::{QUICK, Shown};
use crate::{
    ledger::Reader,
    rig::{Log, Rig, SETTLING},
    server::Server,
};

/// Another consumer group begins at the beginning, which is what a restored ClickHouse with older positions comes to. Then
/// ClickHouse is lost altogether, and a new one is filled from the topic alone.
pub async fn from_the_beginning(seed: u64) -> Shown {
    let mut rig = Rig::start(Log::Kafka, "t078", &[]).await;
    let crowd = rig.crowd(12, QUICK, seed);
    sleep(Duration::from_secs(10)).await;
    let answers = crowd.finish().await;
    let first = rig.compare().await;

    let processor = rig.processor.as_mut().expect("a processor");
    processor.terminate().await;
    processor.change("KAFKA_GROUP", Some("again"));
    processor.restart().await;
    let second = rig.compare().await;

    drop(rig.processor.take());
    let begun = Instant::now();
    let broker = rig.broker.as_ref().expect("a broker").bootstrap.as_str();
    let reading = [
        ("KAFKA_BROKERS", broker),
        ("KAFKA_TOPIC", "t078"),
        ("KAFKA_GROUP", "anew"),
        ("ROLES", "process,query"),
    ];
    let fresh = Server::start(&reading).await;
    let reader = Reader { url: &fresh.url(), token: Server::TOKEN, patience: SETTLING };
    let third = rig.ledger.compare(&reader).await;
    let note = format!(
        "read again from the beginning into the same tables, and into those of an empty machine ({:.0?} with its start)",
        begun.elapsed()
    );
    Shown::new(third, &answers, note)
        .but(!first.is_clean(), || format!("the first time: {first}"))
        .but(!second.is_clean(), || format!("into the same tables: {second}"))
}
