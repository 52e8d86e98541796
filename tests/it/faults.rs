//! The proof of `make faults` in short, and that it can fail: three bugs planted in the service, and the ledger finds each.

#[path = "../faults/crowd.rs"]
mod crowd;
#[path = "../faults/ledger.rs"]
mod ledger;
#[allow(dead_code, reason = "the other test binary uses the rest")]
#[path = "../faults/matrix.rs"]
mod matrix;
#[path = "../faults/poison.rs"]
mod poison;
#[allow(dead_code, reason = "the other test binary uses the rest")]
#[path = "../faults/rig.rs"]
mod rig;

use std::{collections::BTreeSet, fs, time::Duration};

use tokio::time::sleep;

use self::{
    crowd::Crowd,
    ledger::Tally,
    matrix::How,
    rig::{Log, Rig, Role, malformed, signal},
};
use crate::support::{kafka, server};

const PLAYERS: u64 = 12;
const PAUSE: Duration = Duration::from_millis(100);

/// The service with a bug in it, and a crowd of which something has gone all the way.
async fn with_bug(name: &str, pause: Duration) -> (Rig, Crowd) {
    let rig = Rig::start(Log::Embedded, name, &[("PLANTED_BUG", name)]).await;
    let crowd = rig.crowd(PLAYERS, pause, 7);
    until_stored(&rig).await;
    (rig, crowd)
}

async fn compared(rig: &Rig, crowd: Crowd) -> Tally {
    crowd.finish().await;
    rig.compare().await
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_each_part_under_load_loses_and_doubles_nothing() {
    let mut rig = Rig::start(Log::Embedded, "short", &[]).await;
    let crowd = rig.crowd(PLAYERS, PAUSE, 7);
    for role in [Role::Collector, Role::Engine, Role::Collector] {
        sleep(Duration::from_millis(1300)).await;
        rig.kill(role).await;
    }
    let answers = crowd.finish().await;
    let tally = rig.compare().await;
    assert!(tally.is_clean() && tally.acknowledged > 500, "{tally}");
    assert_eq!(malformed(&answers), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_before_the_sync_is_found_out() {
    let (mut rig, crowd) = with_bug("answer-before-sync", PAUSE).await;
    for _ in 0..3 {
        sleep(Duration::from_millis(300)).await;
        rig.kill(Role::Collector).await;
    }
    let tally = compared(&rig, crowd).await;
    assert!(tally.missing > 0 && tally.invented == 0, "{tally}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_before_the_insert_is_found_out() {
    let (mut rig, crowd) = with_bug("commit-before-insert", PAUSE).await;
    signal(rig.collector.engine().unwrap(), libc::SIGSTOP);
    sleep(Duration::from_millis(2500)).await;
    rig.kill(Role::Collector).await;
    let tally = compared(&rig, crowd).await;
    assert!(tally.missing > 0 && tally.invented == 0, "{tally}");
}

#[tokio::test(flavor = "multi_thread")]
async fn repeats_that_cannot_be_recognised_are_found_out() {
    // Views have to last: one part of them is committed before a kill, another comes after it.
    let (mut rig, crowd) = with_bug("no-deduplication", 8 * PAUSE).await;
    for _ in 0..2 {
        until_stored(&rig).await;
        // And the position with it.
        sleep(Duration::from_secs(1)).await;
        rig.kill(Role::Collector).await;
    }
    until_stored(&rig).await;
    let tally = compared(&rig, crowd).await;
    // What a view shows in two rows may also look too small in one of them.
    assert!(tally.doubled > 0 && tally.invented == 0, "{tally}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_panics_costs_itself_alone() {
    let rig = Rig::start(Log::Embedded, "poison", &[("PLANTED_BUG", "poison")]).await;
    let (crowd, process) = (rig.crowd(PLAYERS, PAUSE, 7), rig.collector.pid());
    sleep(Duration::from_secs(1)).await;
    poison::give(&rig, "planted-panic", 5).await;
    let answers = crowd.finish().await;
    let tally = rig.compare().await;
    assert!(tally.is_clean() && tally.acknowledged > 100, "{tally}");
    assert_eq!(malformed(&answers), None);
    // Of each of the views one event, and the record that could not even be read.
    assert_eq!(poison::metric(&rig, "playhead_events_processed_total{fate=\"quarantined\"}").await, 6);
    let listed = poison::quarantined(&rig).await;
    assert!(listed.contains("view poisoned-4: 2 planted-panic\n    a panic: planted"), "{listed}");
    assert_eq!(rig.collector.pid(), process);
    let begun = std::time::Instant::now();
    while poison::metric(&rig, "playhead_live_views").await < PLAYERS {
        assert!(begun.elapsed() < rig::SETTLING, "live does not come back");
        sleep(PAUSE).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_ends_the_process_costs_itself_alone() {
    const DEADLY: usize = 3;
    let mut rig = Rig::start(Log::Embedded, "deadly", &[("PLANTED_BUG", "poison")]).await;
    let crowd = rig.crowd(PLAYERS, PAUSE, 7);
    sleep(Duration::from_secs(1)).await;
    let ends = poison::outlive(&mut rig, DEADLY).await;
    let answers = crowd.finish().await;
    let tally = rig.compare().await;
    let listed = poison::deadly(&rig).await;
    assert!(tally.is_clean() && tally.acknowledged > 100, "{tally}");
    assert_eq!(malformed(&answers), None);
    assert!(listed.is_multiple_of(DEADLY + 1) && ends <= 3, "{ends} ends, {listed} records");
    assert_eq!(rig.collector.get("/data/v1/video-views/deadly-0").await.0, 404);
    let process = rig.collector.pid();
    // Who sends them again ends nothing, and live goes on.
    assert_eq!(rig.collector.beacon(&poison::deadly_beacon(DEADLY)).await.0, 202);
    let (begun, all) = (std::time::Instant::now(), listed + DEADLY + 1);
    while poison::deadly(&rig).await < all || poison::metric(&rig, "playhead_live_views").await == 0 {
        assert!(begun.elapsed() < rig::SETTLING, "{}", rig.collector.output());
        sleep(PAUSE).await;
    }
    let replayed = poison::quarantine(&rig, &["replay", "--all"]).await;
    assert_eq!(replayed.matches("that end the process that reads them").count(), all, "{replayed}");
    assert_eq!((rig.collector.revive(), rig.collector.pid()), (false, process));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_was_not_finished_is_no_proof_against_its_records() {
    let mut rig = Rig::start(Log::Embedded, "unfinished", &[]).await;
    let crowd = rig.crowd(PLAYERS, PAUSE, 7);
    for is_asked in [false, true] {
        until_stored(&rig).await;
        signal(rig.collector.engine().unwrap(), libc::SIGSTOP);
        sleep(Duration::from_millis(2500)).await;
        match is_asked {
            true => assert!(rig.collector.terminate().await.success()),
            false => rig.collector.kill9(),
        }
        rig.collector.restart().await;
    }
    crowd.finish().await;
    let tally = rig.compare().await;
    assert!(tally.is_clean() && tally.acknowledged > 100, "{tally}");
    let output = rig.collector.output();
    assert_eq!(output.matches("another process tries it first").count(), 2, "{output}");
    assert_eq!(poison::quarantined(&rig).await, "the quarantine is empty\n");
}

/// Waits until the first batch is in ClickHouse.
async fn until_stored(rig: &Rig) {
    let begun = std::time::Instant::now();
    while poison::metric(rig, "playhead_events_processed_total{fate=\"stored\"}").await == 0 {
        assert!(begun.elapsed() < rig::SETTLING, "nothing is stored: {}", rig.collector.output());
        sleep(PAUSE).await;
    }
}

/// Every row has a proof that exists or a reason why it has none, and the document says the same.
#[test]
fn the_matrix_is_whole_and_shown() {
    let rows = matrix::rows();
    let ids: BTreeSet<String> = rows.iter().map(|row| row.id.clone()).collect();
    assert_eq!(ids, (1..=182).map(|number| format!("T{number:03}")).collect());
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let runner = fs::read_to_string(root.join("tests/faults/rows.rs")).unwrap();
    let mut table = String::from("| row | fault or input | proof |\n|---|---|---|\n");
    for row in &rows {
        let proof = match &row.how {
            How::Kills => "random kills, in `make faults`".to_owned(),
            How::Run => {
                assert!(runner.contains(&format!("\"{}\" =>", row.id)), "{} is not in rows.rs", row.id);
                "in `make faults`".to_owned()
            }
            How::Test(names) => {
                names.iter().for_each(|name| assert!(exists(root, name), "{}: there is no {name}", row.id));
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                names.join(", ")
            }
            How::NotHere(reason) => {
                assert!(!reason.is_empty(), "{} has no reason", row.id);
                format!("not automated: {reason}")
            }
        };
        table += &format!("| {} | {} | {proof} |\n", row.id, row.fault);
    }
    crate::docs::assert_generated(
        "docs/faults.md",
        "<!-- generated from tests/faults/matrix.tsv -->\n",
        &table,
    );
}

/// Whether a test of this path is in the sources.
fn exists(root: &std::path::Path, name: &str) -> bool {
    let (folder, path) = match name.strip_prefix("it::") {
        Some(path) => ("tests/it", path.to_owned()),
        None => ("src", name.replace("::tests::", "::")),
    };
    let (module, function) = path.rsplit_once("::").unwrap();
    let file = root.join(folder).join(module.replace("::", "/"));
    let texts = [file.with_extension("rs"), file.join("mod.rs")].map(fs::read_to_string);
    texts.iter().flatten().any(|text| text.contains(&format!("fn {function}(")))
}
