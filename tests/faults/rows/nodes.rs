//! Several nodes of each role on one broker and one ClickHouse: restarted one after the other, added, and lost for good.

use std::time::Duration;

use tokio::{task::spawn_blocking, time::sleep};

use super::{QUICK, Shown, count};
use crate::{
    crowd::{Crowd, Target},
    kafka::Broker,
    ledger::Reader,
    rig::{SETTLING, ledger},
    server::Server,
    store::migrated,
};

pub async fn come_and_go(seed: u64) -> Shown {
    let data = tempfile::tempdir().expect("a directory");
    let (engine, _store) = migrated(&data).await;
    let broker = spawn_blocking(|| Broker::start("t176")).await.expect("a broker");
    let (url, user, password) = (engine.url(), engine.user().to_owned(), engine.password().to_owned());
    let shared = [
        ("KAFKA_BROKERS", broker.bootstrap.as_str()),
        ("KAFKA_TOPIC", "t176"),
        // Whoever is lost is missed soon.
        ("KAFKA_PROPERTIES", "session.timeout.ms=6000;heartbeat.interval.ms=1000"),
        ("CLICKHOUSE_URL", &url),
        ("CLICKHOUSE_USER", &user),
        ("CLICKHOUSE_PASSWORD", &password),
    ];
    let node = async |role| Server::start(&[&shared[..], &[("ROLES", role)]].concat()).await;
    let mut collectors = vec![node("collect").await, node("collect").await];
    let mut processors = vec![node("process,query").await, node("process,query").await];
    let urls = collectors.iter().map(Server::url).collect();
    let ledger = ledger("t176");
    let target = Target { urls, ingest_key: Server::INGEST_KEY.to_owned(), pause: QUICK };
    let crowd = Crowd::start(&target, &ledger, 12, seed);

    let mut wrong = None;
    for server in collectors.iter_mut().chain(&mut processors) {
        sleep(Duration::from_secs(2)).await;
        let status = server.terminate().await;
        if !status.success() {
            wrong = Some(format!("a node ended with {status}"));
        }
        server.restart().await;
    }
    processors.push(node("process,query").await);
    sleep(Duration::from_secs(3)).await;
    processors.remove(0).kill9();
    collectors.remove(0).kill9();
    sleep(Duration::from_secs(8)).await;
    let answers = crowd.finish().await;
    let reader = Reader { url: &processors[0].url(), token: Server::TOKEN, patience: SETTLING };
    let note = format!(
        "2 collectors and 2 processors restarted in turns, a processor added, one of each lost: {} refused, {} without \
        an answer",
        count(&answers.refused),
        count(&answers.broken)
    );
    let mut shown = Shown::new(ledger.compare(&reader).await, &answers, note);
    shown.trouble = shown.trouble.or(wrong);
    shown
}
