//! The process itself: stopped, frozen, starved, with a clock that jumps, with mistakes in its settings.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{QUICK, Shown, count};
use crate::{
    preload::Preload,
    rig::{Log, Rig, signal},
};

/// Stopped under load, and then with brokers that do not answer: whoever waits for them has to end all the same.
pub async fn stopped_under_load(seed: u64) -> Shown {
    let mut rig = Rig::start(Log::Embedded, "t111", &[]).await;
    let crowd = rig.crowd(12, QUICK, seed);
    let (mut longest, mut codes) = (Duration::ZERO, Vec::new());
    for _ in 0..3 {
        sleep(Duration::from_secs(3)).await;
        let asked = Instant::now();
        codes.push(rig.collector.terminate().await.code());
        longest = longest.max(asked.elapsed());
        rig.collector.restart().await;
    }
    let answers = crowd.finish().await;
    let alone = rig.compare().await;

    let mut rig = Rig::start(Log::Kafka, "t111", &[]).await;
    let crowd = rig.crowd(12, QUICK, seed);
    sleep(Duration::from_secs(5)).await;
    let broker = rig.broker.as_ref().expect("a broker").pid(1);
    signal(broker, libc::SIGSTOP);
    // By then each part waits for an answer.
    sleep(Duration::from_secs(3)).await;
    let mut without = Duration::ZERO;
    for server in [Some(&mut rig.collector), rig.processor.as_mut()].into_iter().flatten() {
        let asked = Instant::now();
        codes.push(server.terminate().await.code());
        without = without.max(asked.elapsed());
    }
    signal(broker, libc::SIGCONT);
    for server in [Some(&mut rig.collector), rig.processor.as_mut()].into_iter().flatten() {
        server.restart().await;
    }
    let more = crowd.finish().await;
    let note =
        format!("three stops, the longest took {longest:.1?}; without an answer by the broker {without:.1?}");
    let mut tally = rig.compare().await;
    tally += alone;
    Shown::new(tally, &answers, note)
        .but(count(&more.malformed) > 0, || "malformed answers".into())
        .but(codes.iter().any(|code| *code != Some(0)), || format!("exit codes {codes:?}"))
        .but(longest.max(without) > Duration::from_secs(30), || "longer than 30 s".into())
}

pub async fn processor_frozen(seed: u64) -> Shown {
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

pub async fn stopped_twice(seed: u64) -> Shown {
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

/// A task of the service panics in the middle of its work: the process has to end as a whole and say so, because one that goes
/// on without a part of itself would be found out by nobody.
pub async fn task_panics(seed: u64) -> Shown {
    let mut rig = Rig::start(Log::Embedded, "t122", &[("PLANTED_BUG", "task-panics")]).await;
    let crowd = rig.crowd(12, QUICK, seed);
    let (begun, mut codes) = (Instant::now(), Vec::new());
    for _ in 0..3 {
        codes.push(rig.collector.ended().await.code());
        rig.collector.restart().await;
    }
    let ended = begun.elapsed();
    rig.collector.ended().await;
    rig.collector.change("PLANTED_BUG", None);
    rig.collector.restart().await;
    let answers = crowd.finish().await;
    Shown::new(
        rig.compare().await,
        &answers,
        format!("three ends with {codes:?} and starts within {ended:.0?}"),
    )
    .but(codes.iter().any(|code| *code != Some(70)), || "not 70".into())
}

/// Collector and engine get a tenth of the time, as a container with such a share does.
pub async fn starved(seed: u64) -> Shown {
    let rig = Rig::start(Log::Embedded, "t121", &[]).await;
    let crowd = rig.crowd(12, QUICK, seed);
    let parts = [Some(rig.collector.pid()), rig.collector.engine()];
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(20) {
        for (what, pause_ms) in [(libc::SIGSTOP, 90), (libc::SIGCONT, 10)] {
            parts.iter().flatten().for_each(|pid| signal(*pid, what));
            sleep(Duration::from_millis(pause_ms)).await;
        }
    }
    let (taken, slowest) = (rig.ledger.len(), count(&crowd.answers.slowest_ms));
    let answers = crowd.finish().await;
    let note = format!("a tenth of the time for 20 s: {taken} events, slowest answer {slowest} ms");
    Shown::new(rig.compare().await, &answers, note).but(taken == 0, || "nothing came in".into())
}

/// The wall clock of the service jumps an hour ahead, two back and one ahead again.
pub async fn clock_jumps(seed: u64) -> Shown {
    let clock = Preload::clock();
    let rig = Rig::start(Log::Embedded, "t068", &clock.settings()).await;
    let crowd = rig.crowd(12, QUICK, seed);
    for seconds in [3600, -3600, 0] {
        sleep(Duration::from_secs(4)).await;
        clock.jump(seconds);
    }
    sleep(Duration::from_secs(4)).await;
    let said = rig.collector.http.get(rig.collector.at("/healthz")).send().await;
    let answers = crowd.finish().await;
    let refused = count(&answers.refused);
    let note = format!("an hour ahead, two back, one ahead: {refused} refused");
    Shown::new(rig.compare().await, &answers, note)
        .but(!said.is_ok_and(|answer| answer.status().is_success()), || "it is not well".into())
}

/// Each mistake of an operator ends with 78 and names the setting.
pub fn bad_settings() -> Shown {
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
    Shown { note: format!("{count} mistakes"), trouble: wrong, ..Shown::default() }
}
