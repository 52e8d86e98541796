//! Rows of the matrix that need the whole service and a ledger. Each tells what it did in a few words.

use std::{
    process::{Command, Stdio},
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{
    crowd::{Answers, Crowd, Target},
    ledger::Tally,
    proxy::Proxy,
    rig::{Log, Rig, Role, malformed, signal},
};

const QUICK: Duration = Duration::from_millis(100);

/// What a row has shown.
pub struct Shown {
    pub tally: Tally,
    /// What was seen besides.
    pub note: String,
    /// Why it is not good.
    pub trouble: Option<String>,
}

/// Runs the row of this number; none if it is not one of these.
pub async fn run(id: &str, seed: u64) -> Option<Shown> {
    Some(match id {
        "T072" => answers_are_lost(seed).await,
        "T079" => inserts_end_unknown(seed).await,
        "T081" => overload(seed, 10, Duration::from_secs(60)).await,
        "T082" => overload(seed, 2, Duration::from_secs(60)).await,
        "T088" => full_log(seed).await,
        "T093" => broker_away(seed).await,
        "T094" => broker_frozen(seed).await,
        "T095" => leader_killed(seed).await,
        "T097" => engine_frozen(seed).await,
        "T111" => stopped_under_load(seed).await,
        "T113" => processor_frozen(seed).await,
        "T114" => stopped_twice(seed).await,
        "T124" => bad_settings(),
        _ => return None,
    })
}

impl Shown {
    fn new(tally: Tally, answers: &Answers, note: String) -> Self {
        Self { tally, note, trouble: malformed(answers) }
    }

    fn but(mut self, is_wrong: bool, what: impl FnOnce() -> String) -> Self {
        if is_wrong {
            self.trouble.get_or_insert_with(what);
        }
        self
    }
}

fn count(counter: &std::sync::atomic::AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

async fn answers_are_lost(seed: u64) -> Shown {
    let rig = Rig::start(Log::Embedded, "t072", &[]).await;
    let proxy = Proxy::start(&rig.collector.url(), 0.3, seed).await;
    let target = Target { url: proxy.url.clone(), ..rig.target(QUICK) };
    let crowd = Crowd::start(&target, &rig.ledger, 12, seed);
    sleep(Duration::from_secs(15)).await;
    let answers = crowd.finish().await;
    let cut = count(&proxy.cut);
    Shown::new(rig.compare().await, &answers, format!("{cut} answers lost"))
        .but(cut == 0, || "none was lost".into())
}

async fn inserts_end_unknown(seed: u64) -> Shown {
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

/// Who is refused tries again four times a second, with a dozen events; so eight players offer what the limit takes in.
async fn overload(seed: u64, times: u32, length: Duration) -> Shown {
    const LIMIT: u32 = 400;
    let limit = [("ADMIT_EVENTS_PER_S", &*LIMIT.to_string())];
    let rig = Rig::start(Log::Embedded, &format!("t08-{times}"), &limit).await;
    let crowd = rig.crowd(8 * u64::from(times), QUICK, seed);
    sleep(length).await;
    let (ended, refused) = (Instant::now(), count(&crowd.answers.refused));
    let accepted = rig.ledger.len();
    let answers = crowd.finish().await;
    let per_s = accepted as f64 / length.as_secs_f64();
    // The crowd drains its rest through the limit; afterwards nothing is refused any more.
    let after = rig.crowd(1, Duration::from_millis(500), seed + 1);
    sleep(Duration::from_secs(5)).await;
    let after = after.finish().await;
    let note = format!(
        "{refused} refused, {per_s:.0} events/s came in, drained and normal after {:.1?}",
        ended.elapsed() - Duration::from_secs(5)
    );
    Shown::new(rig.compare().await, &answers, note)
        .but(refused == 0, || "nothing was refused".into())
        .but(count(&after.refused) > 0, || "still refusing afterwards".into())
        .but(per_s > f64::from(LIMIT) * 1.2, || format!("{per_s} events/s are beyond the limit of {LIMIT}"))
}

async fn full_log(seed: u64) -> Shown {
    let rig = Rig::start(Log::Embedded, "t088", &[("LOG_MAX_BYTES", "2000000")]).await;
    let engine = rig.collector.engine().expect("an engine");
    signal(engine, libc::SIGSTOP);
    let crowd = rig.crowd(12, QUICK, seed);
    let begun = Instant::now();
    while count(&crowd.answers.refused) < 50 && begun.elapsed() < Duration::from_secs(90) {
        sleep(QUICK).await;
    }
    let refused = count(&crowd.answers.refused);
    signal(engine, libc::SIGCONT);
    let answers = crowd.finish().await;
    Shown::new(rig.compare().await, &answers, format!("{refused} refused while the log was full"))
        .but(refused < 50, || "the log never filled up".into())
}

async fn broker_away(seed: u64) -> Shown {
    let rig = Rig::start(Log::Kafka, "t093", &[]).await;
    let crowd = rig.crowd(12, QUICK, seed);
    sleep(Duration::from_secs(5)).await;
    let broker = rig.broker.as_ref().expect("a broker");
    tokio::task::block_in_place(|| broker.kill());
    sleep(Duration::from_secs(20)).await;
    let (refused, slowest) = (count(&crowd.answers.refused), count(&crowd.answers.slowest_ms));
    tokio::task::block_in_place(|| broker.restart());
    sleep(Duration::from_secs(5)).await;
    let answers = crowd.finish().await;
    Shown::new(
        rig.compare().await,
        &answers,
        format!("away for 20 s: {refused} refused, slowest answer {slowest} ms"),
    )
    .but(refused == 0, || "nothing was refused".into())
    .but(slowest > 2000, || format!("an answer took {slowest} ms"))
}

async fn broker_frozen(seed: u64) -> Shown {
    let rig = Rig::start(Log::Kafka, "t094", &[]).await;
    let crowd = rig.crowd(12, QUICK, seed);
    sleep(Duration::from_secs(5)).await;
    let broker = rig.broker.as_ref().expect("a broker").pid(1);
    signal(broker, libc::SIGSTOP);
    sleep(Duration::from_secs(15)).await;
    let (refused, slowest) = (count(&crowd.answers.refused), count(&crowd.answers.slowest_ms));
    signal(broker, libc::SIGCONT);
    sleep(Duration::from_secs(5)).await;
    let answers = crowd.finish().await;
    Shown::new(
        rig.compare().await,
        &answers,
        format!("frozen for 15 s: {refused} refused, slowest answer {slowest} ms"),
    )
    .but(refused == 0, || "nothing was refused".into())
    .but(slowest > 2000, || format!("an answer took {slowest} ms"))
}

async fn leader_killed(seed: u64) -> Shown {
    const EVENTS: u64 = 100_000;
    let rig = Rig::start_with(Log::Kafka, "t095", &[], 3).await;
    let crowd = rig.crowd(32, Duration::from_millis(40), seed);
    let broker = rig.broker.as_ref().expect("brokers");
    let begun = Instant::now();
    let mut killed = false;
    while rig.ledger.len() < EVENTS && begun.elapsed() < Duration::from_secs(900) {
        if !killed && rig.ledger.len() > EVENTS * 3 / 10 {
            killed = true;
            tokio::task::block_in_place(|| broker.kill_node(1));
        }
        sleep(QUICK).await;
    }
    let answers = crowd.finish().await;
    let tally = rig.compare().await;
    let short = tally.acknowledged < EVENTS;
    Shown::new(tally, &answers, "one of three brokers killed at 30 % and not brought back".into())
        .but(short || !killed, || format!("not {EVENTS} events within a quarter of an hour"))
}

async fn engine_frozen(seed: u64) -> Shown {
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
    Shown::new(
        tally,
        &answers,
        format!("frozen for 20 s, {behind} events behind, caught up at {rate:.0}/s or more"),
    )
    .but(refused > 0, || format!("{refused} beacons were refused"))
}

async fn stopped_under_load(seed: u64) -> Shown {
    let mut rig = Rig::start(Log::Embedded, "t111", &[]).await;
    let crowd = rig.crowd(12, QUICK, seed);
    let (mut longest, mut code) = (Duration::ZERO, Some(0));
    for _ in 0..3 {
        sleep(Duration::from_secs(3)).await;
        let asked = Instant::now();
        code = code.and(rig.collector.terminate().await.code());
        longest = longest.max(asked.elapsed());
        rig.collector.restart().await;
    }
    let answers = crowd.finish().await;
    Shown::new(rig.compare().await, &answers, format!("three stops, the longest took {longest:.1?}"))
        .but(code != Some(0), || format!("exit code {code:?}"))
        .but(longest > Duration::from_secs(30), || "longer than 30 s".into())
}

async fn processor_frozen(seed: u64) -> Shown {
    let rig = Rig::start(Log::Kafka, "t113", &[]).await;
    let crowd = rig.crowd(12, QUICK, seed);
    sleep(Duration::from_secs(5)).await;
    // Longer than its session with the brokers lasts.
    let processor = rig.reader().pid();
    signal(processor, libc::SIGSTOP);
    sleep(Duration::from_secs(40)).await;
    signal(processor, libc::SIGCONT);
    sleep(Duration::from_secs(5)).await;
    let answers = crowd.finish().await;
    Shown::new(rig.compare().await, &answers, "the processor stood still for 40 s".into())
}

async fn stopped_twice(seed: u64) -> Shown {
    let mut rig = Rig::start(Log::Embedded, "t114", &[]).await;
    let crowd = rig.crowd(12, QUICK, seed);
    sleep(Duration::from_secs(5)).await;
    signal(rig.collector.pid(), libc::SIGTERM);
    let code = rig.collector.terminate().await.code();
    rig.collector.restart().await;
    let answers = crowd.finish().await;
    Shown::new(rig.compare().await, &answers, format!("two SIGTERM, exit code {code:?}"))
        .but(code != Some(0), || "not 0".into())
}

/// Each mistake of an operator ends with 78 and names the setting.
fn bad_settings() -> Shown {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("an address").to_string();
    let cases = [
        (vec!["--http-addr", "nowhere"], "--http-addr"),
        (vec!["--roles", "collect"], "kafka_brokers"),
        (vec!["--no-such-flag", "1"], "--no-such-flag"),
        (vec!["--log-max-bytes", "ten"], "--log-max-bytes"),
        (vec!["--http-addr", &taken, "--admin-addr", "127.0.0.1:0"], &taken),
    ];
    let mut wrong = None;
    let count = cases.len();
    for (arguments, named) in cases {
        let data = tempfile::tempdir().expect("a directory");
        let output = Command::new(env!("CARGO_BIN_EXE_playhead"))
            .args(["serve", "--data-dir"])
            .arg(data.path())
            .args(&arguments)
            .stdin(Stdio::null())
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // An unknown flag is the command line's own mistake.
        let expected = if arguments[0] == "--no-such-flag" { 2 } else { 78 };
        if output.status.code() != Some(expected) || !said.contains(named) {
            wrong = Some(format!("{arguments:?} ended with {:?}: {said}", output.status.code()));
        }
    }
    Shown { tally: Tally::default(), note: format!("{count} mistakes"), trouble: wrong }
}
