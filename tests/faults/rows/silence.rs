//! A processor whose ClickHouse says nothing for longer than Kafka lets a member of a group be silent.

use std::time::{Duration, Instant};

use tokio::{task::spawn_blocking, time::sleep};

use super::{QUICK, Shown, metric};
use crate::{
    crowd::{Crowd, Target},
    kafka::Broker,
    ledger::Reader,
    proxy::{Proxy, Weather},
    rig::{SETTLING, ledger},
    server::Server,
    store::migrated,
};

/// Who has not asked for records for so long is put out of the group; as short as sessions allow.
const GROUP: &str = "max.poll.interval.ms=30000";
const SILENCE: Duration = Duration::from_secs(50);
/// The question has been asked by then.
const SOON: Duration = Duration::from_secs(8);
/// How long the two may take to share the partitions.
const SHARED: Duration = Duration::from_secs(60);
/// Events that a processor has brought into ClickHouse.
const STORED: &str = "playhead_events_processed_total{fate=\"stored\"}";

/// Of two processors one reaches ClickHouse over a wire that goes dead in the middle of its questions.
pub async fn of_clickhouse(seed: u64) -> Shown {
    let data = tempfile::tempdir().expect("a directory");
    let (engine, _store) = migrated(&data).await;
    let wire = Proxy::start(Weather::Fair, seed).await;
    wire.pass_to(&engine.url());
    let broker = spawn_blocking(|| Broker::start("t182")).await.expect("a broker");
    let (url, user, password) = (engine.url(), engine.user().to_owned(), engine.password().to_owned());
    let node = async |role, url: &str| {
        let settings = [
            ("KAFKA_BROKERS", broker.bootstrap.as_str()),
            ("KAFKA_TOPIC", "t182"),
            ("KAFKA_PROPERTIES", GROUP),
            ("CLICKHOUSE_URL", url),
            ("CLICKHOUSE_USER", &user),
            ("CLICKHOUSE_PASSWORD", &password),
            ("ROLES", role),
        ];
        Server::start(&settings).await
    };
    let collector = node("collect", &url).await;
    let (waiting, other) = (node("process", &wire.url()).await, node("process,query", &url).await);
    let ledger = ledger("t182");
    let target =
        Target { urls: vec![collector.url()], ingest_key: Server::INGEST_KEY.to_owned(), pause: QUICK };
    let crowd = Crowd::start(&target, &ledger, 12, seed);
    let begun = Instant::now();
    while (metric(&waiting, STORED).await == 0.0 || metric(&other, STORED).await == 0.0)
        && begun.elapsed() < SHARED
    {
        sleep(QUICK).await;
    }

    wire.set(Weather::Dead);
    sleep(SOON).await;
    let before = metric(&waiting, "playhead_lag_records").await;
    sleep(SILENCE - SOON).await;
    let behind = metric(&waiting, "playhead_lag_records").await;
    wire.set(Weather::Fair);
    sleep(SOON).await;
    let answers = crowd.finish().await;
    let reader = Reader { url: &other.url(), token: Server::TOKEN, patience: SETTLING };
    let tally = ledger.compare(&reader).await;
    let output = waiting.output();
    let left = output.lines().find(|line| line.contains("the log cannot be read"));
    let note = format!("no answer for 50 s, 30 s allowed: {before} records behind, then {behind}");
    Shown::new(tally, &answers, note)
        .but(left.is_some(), || format!("it was put out of the group: {}", left.unwrap_or_default()))
        .but(behind <= before, || "the lag stands still".into())
}
