//! A copy of the data directory as of one moment, and an empty machine that starts with it.

use std::{path::Path, process::Command, time::Duration};

use tokio::time::sleep;

use super::{QUICK, Shown};
use crate::{
    ledger::Reader,
    rig::{Log, Rig, SETTLING, signal},
    server::Server,
};

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
