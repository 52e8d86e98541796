//! The process itself: stopped, frozen, starved, with a clock that jumps, with mistakes in its settings.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{QUICK, Shown, count};
use crate::{
    ledger::Tally,
    rig::{Log, Rig, signal},
};

pub async fn stopped_under_load(seed: u64) -> Shown {
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
    let folder = tempfile::tempdir().expect("a directory");
    let (library, offset) = (clock(folder.path()), folder.path().join("offset"));
    let jump = |seconds: i64| {
        fs::write(folder.path().join("next"), seconds.to_ne_bytes()).expect("written");
        fs::rename(folder.path().join("next"), &offset).expect("renamed");
    };
    jump(0);
    let preload = [
        ("env:LD_PRELOAD", library.to_str().expect("a path")),
        ("env:FAULTS_CLOCK", offset.to_str().expect("a path")),
    ];
    let rig = Rig::start(Log::Embedded, "t068", &preload).await;
    let crowd = rig.crowd(12, QUICK, seed);
    for seconds in [3600, -3600, 0] {
        sleep(Duration::from_secs(4)).await;
        jump(seconds);
    }
    sleep(Duration::from_secs(4)).await;
    let said = rig.collector.http.get(rig.collector.at("/healthz")).send().await;
    let answers = crowd.finish().await;
    let refused = count(&answers.refused);
    let note = format!("an hour ahead, two back, one ahead: {refused} refused");
    Shown::new(rig.compare().await, &answers, note)
        .but(!said.is_ok_and(|answer| answer.status().is_success()), || "it is not well".into())
}

/// Builds the clock that can be set, with the compiler that librdkafka needs anyway.
fn clock(folder: &Path) -> PathBuf {
    let library = folder.join("clock.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/clock.c");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).status();
    assert!(built.expect("cc runs").success(), "{source} cannot be built");
    library
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
    Shown { tally: Tally::default(), note: format!("{count} mistakes"), trouble: wrong }
}
