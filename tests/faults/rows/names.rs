//! Names that move: Kafka and ClickHouse are behind one that has another address from one moment to the next.

use std::time::{Duration, Instant};

use tokio::{task::spawn_blocking, time::sleep};

use super::{QUICK, Shown, count};
use crate::{
    crowd::{Crowd, Target},
    kafka::Broker,
    ledger::Reader,
    preload::Preload,
    proxy::{Proxy, Weather},
    rig::{SETTLING, ledger},
    server::Server,
    store::migrated,
};

/// The name that `kafka.sh --through` advertises.
const NAME: &str = "localhost";
/// How long everything may take to be found at its new address.
const FOUND: Duration = Duration::from_secs(60);

pub async fn moved(seed: u64) -> Shown {
    let data = tempfile::tempdir().expect("a directory");
    let (engine, _store) = migrated(&data).await;
    let [brokers, tables] =
        [Proxy::start(Weather::Fair, seed).await, Proxy::start(Weather::Fair, seed).await];
    let (at, clickhouse) = (brokers.port, tables.port);
    let broker = spawn_blocking(move || Broker::start_behind("t103", at)).await.expect("a broker");
    brokers.pass_to(&broker.behind());
    tables.pass_to(&engine.url());
    let names = Preload::names();
    names.name(NAME, "127.0.0.1");
    let (bootstrap, url) = (format!("{NAME}:{at}"), format!("http://{NAME}:{clickhouse}"));
    let (user, password) = (engine.user().to_owned(), engine.password().to_owned());
    let shared = [
        ("KAFKA_BROKERS", bootstrap.as_str()),
        ("KAFKA_TOPIC", "t103"),
        ("CLICKHOUSE_URL", &url),
        ("CLICKHOUSE_USER", &user),
        ("CLICKHOUSE_PASSWORD", &password),
    ];
    let with_role = |role| [&shared[..], &[("ROLES", role)], &names.settings()].concat();
    let collector = Server::start(&with_role("collect")).await;
    let processor = Server::start(&with_role("process,query")).await;
    let ledger = ledger("t103");
    let target =
        Target { urls: vec![collector.url()], ingest_key: Server::INGEST_KEY.to_owned(), pause: QUICK };
    let crowd = Crowd::start(&target, &ledger, 12, seed);
    sleep(Duration::from_secs(5)).await;

    names.name(NAME, "127.0.0.2");
    drop((brokers, tables));
    let moved = Instant::now();
    let there = |port| format!("127.0.0.2:{port}");
    let brokers = Proxy::start_at(&there(at), Weather::Fair, seed).await;
    let tables = Proxy::start_at(&there(clickhouse), Weather::Fair, seed).await;
    brokers.pass_to(&broker.behind());
    tables.pass_to(&engine.url());
    // What is in the air arrives or is refused; then something new has to come in.
    sleep(Duration::from_secs(3)).await;
    let known = ledger.len();
    while ledger.len() == known && moved.elapsed() < FOUND {
        sleep(QUICK).await;
    }
    let (taken_again, is_taken) = (moved.elapsed(), ledger.len() > known);
    sleep(Duration::from_secs(3)).await;
    let answers = crowd.finish().await;
    let reader = Reader { url: &processor.url(), token: Server::TOKEN, patience: SETTLING };
    let note = format!(
        "Kafka and ClickHouse at another address: beacons taken in {taken_again:.1?} later at the latest, {} refused",
        count(&answers.refused)
    );
    Shown::new(ledger.compare(&reader).await, &answers, note)
        .but(!is_taken, || format!("nothing comes in {FOUND:?} later"))
}
