//! A copy of the data directory as of one moment, and an empty machine that starts with it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{QUICK, Shown, metric};
use crate::{
    ledger::Reader,
    rig::{Log, Rig, SETTLING, signal},
    server::Server,
};

/// How long a service may take to find out and tell.
const TOLD: Duration = Duration::from_secs(30);

/// What `docs/operations.md` tells to do without a file system that can make snapshots: freeze, copy, go on.
pub async fn onto_an_empty_machine(seed: u64) -> Shown {
    let rig = Rig::start(Log::Embedded, "t173", &[]).await;
    let crowd = rig.crowd(12, QUICK, seed);
    sleep(Duration::from_secs(8)).await;
    let parts = [Some(rig.collector.pid()), rig.collector.engine()];
    parts.iter().flatten().for_each(|pid| signal(*pid, libc::SIGSTOP));
    let new = tempfile::tempdir().expect("a directory");
    copy(rig.collector.data_dir(), new.path());
    // Nobody is answered meanwhile, so this is what the copy has to answer for.
    sleep(QUICK).await;
    let then = rig.ledger.as_of_now();
    parts.iter().flatten().for_each(|pid| signal(*pid, libc::SIGCONT));
    sleep(Duration::from_secs(3)).await;
    let answers = crowd.finish().await;
    let still = rig.compare().await;
    // The old machine is gone, and with it what came after the copy.
    drop(rig);

    let restored = Server::start_on(new, &[]).await;
    let reader = Reader { url: &restored.url(), token: Server::TOKEN, patience: SETTLING };
    let tally = then.compare(&reader).await;
    let beacon = serde_json::json!({"v": 1, "views": [{"id": "later", "events": [{"seq": 1, "t_ms": 0, "type": "play"}]}]});
    let (status, _) = restored.beacon(&beacon).await;
    let note = format!(
        "{} events as of the copy, {} when the old machine ended",
        tally.acknowledged, still.acknowledged
    );
    Shown::new(tally, &answers, note)
        .but(!still.is_clean(), || format!("the old machine: {still}"))
        .but(tally.acknowledged == 0, || "there was nothing to restore".into())
        .but(status != 202, || format!("the new machine answers {status}"))
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").args(["-a", "--reflink=auto"]).arg(from.join(".")).arg(to).status();
    assert!(status.expect("cp runs").success(), "{} cannot be copied", from.display());
}

/// A copy in which every part of a table has one wrong bit. The checksums of `docs/operations.md` name each, and whoever starts on
/// it without having looked is told: ClickHouse alone would go on without those rows and say nothing.
pub async fn from_a_damaged_copy(seed: u64) -> Shown {
    let mut rig = Rig::start(Log::Embedded, "t174", &[]).await;
    let crowd = rig.crowd(12, QUICK, seed);
    sleep(Duration::from_secs(5)).await;
    let answers = crowd.finish().await;
    let tally = rig.compare().await;
    rig.collector.terminate().await;
    let new = tempfile::tempdir().expect("a directory");
    copy(rig.collector.data_dir(), new.path());
    let sums = tempfile::NamedTempFile::new().expect("a file");
    let sums = sums.path().display();
    shell(new.path(), &format!("find . -type f -print0 | sort -z | xargs -0 sha256sum >{sums}"));
    let damaged: BTreeSet<PathBuf> = parts(new.path()).iter().map(|part| flip_a_bit(part)).collect();
    let found = shell(new.path(), &format!("sha256sum --quiet -c {sums} 2>&1 | grep -c FAILED"));
    let found: usize = found.trim().parse().expect("a number");

    let restored = Server::start_on(new, &[]).await;
    let started = Instant::now();
    while metric(&restored, "playhead_damaged_parts").await == 0.0 && started.elapsed() < TOLD {
        sleep(QUICK).await;
    }
    let told = metric(&restored, "playhead_damaged_parts").await;
    let is_logged = restored.output().contains("ClickHouse has put damaged parts of tables aside");
    let note = format!("of {} damaged parts the checksums name {found}, the service {told}", damaged.len());
    Shown::new(tally, &answers, note)
        .but(damaged.is_empty(), || "there was nothing to damage".into())
        .but(found < damaged.len(), || "the checksums do not tell".into())
        .but(told < 1.0 || !is_logged, || "the service does not tell".into())
}

/// The parts of our tables.
fn parts(data: &Path) -> Vec<PathBuf> {
    let found = shell(
        data,
        "find -L clickhouse/store/data/playhead/event_rows clickhouse/store/data/playhead/view_states -name checksums.txt",
    );
    found.lines().map(|file| fs::canonicalize(data.join(file)).expect("it is there")).collect()
}

/// Damages a file where every part of ClickHouse knows what it should be.
fn flip_a_bit(file: &Path) -> PathBuf {
    let mut bytes = fs::read(file).expect("it can be read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    fs::write(file, bytes).expect("it can be written");
    file.to_owned()
}

/// What a command prints in a directory.
fn shell(directory: &Path, command: &str) -> String {
    let output =
        Command::new("bash").args(["-c", command]).current_dir(directory).output().expect("bash runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
