//! Parts that are away, frozen or behind a bad wire: brokers and the engine.

use std::time::{Duration, Instant};

use tokio::{
    task::{block_in_place, spawn_blocking},
    time::sleep,
};

use super::{QUICK, Shown, count};
use crate::{
    crowd::{Crowd, Target},
    kafka::Broker,
    proxy::{Proxy, Weather},
    rig::{Log, Rig, Role, signal},
};

/// The promise for whoever asks while the brokers do not answer. What the slowest answer took before the fault is the busy
/// machine's own and comes on top.
const IN_TIME_MS: u64 = 2000;

pub async fn answers_are_lost(seed: u64) -> Shown {
    let rig = Rig::start(Log::Embedded, "t072", &[]).await;
    let proxy = Proxy::start(Weather::Losing(0.3), seed).await;
    proxy.pass_to(&rig.collector.url());
    let target = Target { urls: vec![proxy.url()], ..rig.target(QUICK) };
    let crowd = Crowd::start(&target, &rig.ledger, 12, seed);
    sleep(Duration::from_secs(15)).await;
    let answers = crowd.finish().await;
    let cut = count(&proxy.cut);
    Shown::new(rig.compare().await, &answers, format!("{cut} answers lost"))
        .but(cut == 0, || "none was lost".into())
}

pub async fn inserts_end_unknown(seed: u64) -> Shown {
    let mut rig = Rig::start(Log::Embedded, "t079", &[]).await;
    let crowd = rig.crowd(12, QUICK, seed);
    for turn in 0..20 {
        // Batches go in a second after they begin; so the moments wander through the insert.
        sleep(Duration::from_millis(900 + 17 * turn)).await;
        rig.kill(Role::Engine).await;
    }
    let answers = crowd.finish().await;
    let slowest = count(&answers.slowest_ms);
    Shown::new(rig.compare().await, &answers, format!("20 engines killed, slowest answer {slowest} ms"))
}

pub async fn engine_frozen(seed: u64) -> Shown {
    let rig = Rig::start(Log::Embedded, "t097", &[]).await;
    let crowd = rig.crowd(12, QUICK, seed);
    sleep(Duration::from_secs(3)).await;
    let engine = rig.collector.engine().expect("an engine");
    signal(engine, libc::SIGSTOP);
    let before = rig.ledger.len();
    sleep(Duration::from_secs(20)).await;
    let behind = rig.ledger.len() - before;
    let refused = count(&crowd.answers.refused);
    signal(engine, libc::SIGCONT);
    let answers = crowd.finish().await;
    let begun = Instant::now();
    let tally = rig.compare().await;
    let rate = behind as f64 / begun.elapsed().as_secs_f64();
    let note = format!("frozen for 20 s, {behind} events behind, caught up at {rate:.0}/s or more");
    Shown::new(tally, &answers, note).but(refused > 0, || format!("{refused} beacons were refused"))
}

pub async fn broker_away(seed: u64) -> Shown {
    let rig = Rig::start(Log::Kafka, "t093", &[]).await;
    let crowd = rig.crowd(12, QUICK, seed);
    sleep(Duration::from_secs(5)).await;
    let broker = rig.broker.as_ref().expect("a broker");
    let usual = count(&crowd.answers.slowest_ms);
    block_in_place(|| broker.kill());
    sleep(Duration::from_secs(20)).await;
    let (refused, slowest) = (count(&crowd.answers.refused), count(&crowd.answers.slowest_ms));
    block_in_place(|| broker.restart());
    sleep(Duration::from_secs(5)).await;
    let answers = crowd.finish().await;
    let note = format!("away for 20 s: {refused} refused, slowest answer {slowest} ms, {usual} ms before");
    refused_in_time(Shown::new(rig.compare().await, &answers, note), refused, slowest, usual)
}

pub async fn broker_frozen(seed: u64) -> Shown {
    let rig = Rig::start(Log::Kafka, "t094", &[]).await;
    let crowd = rig.crowd(12, QUICK, seed);
    sleep(Duration::from_secs(5)).await;
    let broker = rig.broker.as_ref().expect("a broker").pid(1);
    let usual = count(&crowd.answers.slowest_ms);
    signal(broker, libc::SIGSTOP);
    sleep(Duration::from_secs(15)).await;
    let (refused, slowest) = (count(&crowd.answers.refused), count(&crowd.answers.slowest_ms));
    signal(broker, libc::SIGCONT);
    sleep(Duration::from_secs(5)).await;
    let answers = crowd.finish().await;
    let note = format!("frozen for 15 s: {refused} refused, slowest answer {slowest} ms, {usual} ms before");
    refused_in_time(Shown::new(rig.compare().await, &answers, note), refused, slowest, usual)
}

/// A hundred thousand events; at 30 % a broker dies for good, at 60 % another one stands still for a while, and so there
/// are fewer replicas than the topic wants.
pub async fn leader_killed(seed: u64) -> Shown {
    const EVENTS: u64 = 100_000;
    const LONGEST: Duration = Duration::from_secs(900);
    let rig = Rig::start(Log::Cluster, "t095", &[]).await;
    let crowd = rig.crowd(32, Duration::from_millis(40), seed);
    let broker = rig.broker.as_ref().expect("brokers");
    let (begun, mut killed, mut frozen) = (Instant::now(), false, false);
    let (mut before, mut during) = (0, 0);
    while rig.ledger.len() < EVENTS && begun.elapsed() < LONGEST {
        if !killed && rig.ledger.len() > EVENTS * 3 / 10 {
            killed = true;
            block_in_place(|| broker.kill_node(1));
        }
        if !frozen && rig.ledger.len() > EVENTS * 6 / 10 {
            frozen = true;
            before = count(&crowd.answers.refused);
            signal(broker.pid(2), libc::SIGSTOP);
            sleep(Duration::from_secs(10)).await;
            during = count(&crowd.answers.refused) - before;
            signal(broker.pid(2), libc::SIGCONT);
        }
        sleep(QUICK).await;
    }
    let took = begun.elapsed();
    let answers = crowd.finish().await;
    let tally = rig.compare().await;
    let note = format!(
        "of three brokers one killed at 30 % and not brought back, one frozen for 10 s at 60 % ({during} refused \
        meanwhile, {before} before); {EVENTS} events after {took:.0?}"
    );
    Shown::new(tally, &answers, note)
        .but(tally.acknowledged < EVENTS, || format!("not {EVENTS} events within {LONGEST:?}"))
        .but(during == 0, || "nothing was refused without enough replicas".into())
}

/// The collector and the processor reach the broker over different wires, and the collector's goes dead.
pub async fn cut_off(seed: u64) -> Shown {
    let (rig, proxy) = behind_a_wire("t104", seed).await;
    let crowd = rig.crowd(12, QUICK, seed);
    sleep(Duration::from_secs(5)).await;
    let usual = count(&crowd.answers.slowest_ms);
    for weather in [Weather::Deaf, Weather::Dead] {
        sleep(Duration::from_secs(5)).await;
        proxy.set(weather);
        sleep(Duration::from_secs(10)).await;
        proxy.set(Weather::Fair);
    }
    let (refused, slowest) = (count(&crowd.answers.refused), count(&crowd.answers.slowest_ms));
    sleep(Duration::from_secs(5)).await;
    let answers = crowd.finish().await;
    let note = format!(
        "answers held back for 10 s, then everything for 10 s: {refused} refused, slowest answer {slowest} ms, {usual} ms before"
    );
    refused_in_time(Shown::new(rig.compare().await, &answers, note), refused, slowest, usual)
}

pub async fn late_wire(seed: u64) -> Shown {
    let (rig, proxy) = behind_a_wire("t105", seed).await;
    proxy.set(Weather::Late(Duration::from_millis(300)));
    let crowd = rig.crowd(12, QUICK, seed);
    sleep(Duration::from_secs(20)).await;
    let taken = rig.ledger.len();
    let answers = crowd.finish().await;
    let note = format!(
        "300 ms each way between collector and broker: {taken} events in 20 s, slowest answer {} ms",
        count(&answers.slowest_ms)
    );
    Shown::new(rig.compare().await, &answers, note).but(taken == 0, || "nothing came through".into())
}

async fn behind_a_wire(name: &'static str, seed: u64) -> (Rig, Proxy) {
    let proxy = Proxy::start(Weather::Fair, seed).await;
    let port = proxy.port;
    let broker = spawn_blocking(move || Broker::start_behind(name, port)).await.expect("a broker");
    proxy.pass_to(&broker.behind());
    let bootstrap = format!("localhost:{port}");
    (Rig::start_on(Log::Kafka, broker, &bootstrap, name, &[]).await, proxy)
}

fn refused_in_time(shown: Shown, refused: u64, slowest_ms: u64, usual_ms: u64) -> Shown {
    shown
        .but(refused == 0, || "nothing was refused".into())
        .but(slowest_ms > IN_TIME_MS + usual_ms, || format!("an answer took {slowest_ms} ms"))
}
