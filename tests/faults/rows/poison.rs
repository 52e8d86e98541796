//! Events over which the service panics, and records that end it.

use std::time::Duration;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::time::sleep;

use super::{QUICK, Shown};
use crate::{
    poison::{deadly, give, metric, outlive, quarantined},
    rig::{Log, Rig, Role, signal},
};

/// More than one intent has room for.
const PANICS: usize = 300;
/// While they are taken out, one by one.
const KILLS: u32 = 8;

/// More than are looked for at once.
const DEADLY: usize = 40;

/// Records that end the process that handles them, on both logs.
pub async fn outlived(seed: u64) -> Shown {
    let mut shown = Shown::default();
    for log in [Log::Embedded, Log::Kafka] {
        let mut rig = poisoned(log, "t181").await;
        let crowd = rig.crowd(12, QUICK, seed);
        let ends = outlive(&mut rig, DEADLY).await;
        let answers = crowd.finish().await;
        let tally = rig.compare().await;
        let listed = deadly(&rig).await;
        let note = format!("{log:?}: {listed} such records in quarantine after {ends} ends; ");
        let of_log = Shown::new(tally, &answers, note)
            .but(listed % (DEADLY + 1) != 0, || format!("each of them holds {}", DEADLY + 1));
        shown.tally += of_log.tally;
        shown.note += &of_log.note;
        shown.trouble = shown.trouble.or(of_log.trouble);
    }
    shown
}

/// On both logs, and once more with kills in the middle of it.
pub async fn survived(seed: u64) -> Shown {
    let mut shown = Shown::default();
    for log in [Log::Embedded, Log::Kafka] {
        for of_log in [panics(log, seed).await, panics_and_kills(log, seed).await] {
            shown.tally += of_log.tally;
            shown.note += &format!("{log:?}: {}; ", of_log.note);
            shown.trouble = shown.trouble.or(of_log.trouble);
        }
    }
    shown
}

async fn poisoned(log: Log, name: &str) -> Rig {
    let mut rig = Rig::start(log, &format!("{name}-{log:?}").to_lowercase(), &[]).await;
    let server = rig.processor.as_mut().unwrap_or(&mut rig.collector);
    server.terminate().await;
    server.change("PLANTED_BUG", Some("poison"));
    if log == Log::Kafka {
        // Whoever died without a word is missed after this time.
        let group = "session.timeout.ms=6000;heartbeat.interval.ms=1000";
        server.change("KAFKA_PROPERTIES", Some(group));
    }
    server.restart().await;
    rig
}

async fn panics(log: Log, seed: u64) -> Shown {
    let rig = poisoned(log, "t054-panics").await;
    let crowd = rig.crowd(12, QUICK, seed);
    let process = rig.reader().pid();
    give(&rig, "planted-panic", PANICS).await;
    let answers = crowd.finish().await;
    let tally = rig.compare().await;
    let counted = metric(&rig, "playhead_events_processed_total{fate=\"quarantined\"}").await;
    let listed = quarantined(&rig).await.matches("a panic: planted").count();
    let note = format!("{counted} events that cause panics in quarantine");
    Shown::new(tally, &answers, note)
        .but(counted != PANICS as u64 + 1, || format!("{} were sent", PANICS + 1))
        .but(listed != PANICS + 2, || format!("{listed} of them are listed"))
        .but(rig.reader().pid() != process, || "the process is another one".into())
}

/// Gathers them while the engine stands still, so that they make one batch, and kills whoever takes them out of it again and again.
async fn panics_and_kills(log: Log, seed: u64) -> Shown {
    let mut chance = StdRng::seed_from_u64(seed);
    let mut rig = poisoned(log, "t054-kills").await;
    let crowd = rig.crowd(12, QUICK, seed);
    signal(rig.reader().engine().expect("an engine"), libc::SIGSTOP);
    give(&rig, "planted-panic", PANICS).await;
    let role = if log == Log::Embedded { Role::Collector } else { Role::Processor };
    for _ in 0..KILLS {
        rig.kill(role).await;
        sleep(Duration::from_millis(chance.random_range(0..1500))).await;
    }
    let answers = crowd.finish().await;
    let tally = rig.compare().await;
    let listed = quarantined(&rig).await.matches("a panic: planted").count();
    let note = format!("{KILLS} kills meanwhile, {listed} entries in quarantine");
    Shown::new(tally, &answers, note).but(listed < PANICS + 2, || "some of them are nowhere".into())
}
