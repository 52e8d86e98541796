//! Too much at once, and logs and disks that run full.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::{QUICK, Shown, count};
use crate::rig::{Log, Rig, signal};

/// Who is refused tries again four times a second, with a dozen events; so eight players offer what the limit takes in.
pub async fn overload(seed: u64, times: u32, length: Duration) -> Shown {
    const LIMIT: u32 = 400;
    let limit = [("ADMIT_EVENTS_PER_S", &*LIMIT.to_string())];
    let rig = Rig::start(Log::Embedded, &format!("t08-{times}"), &limit).await;
    let crowd = rig.crowd(8 * u64::from(times), QUICK, seed);
    sleep(length).await;
    let (ended, refused) = (Instant::now(), count(&crowd.answers.refused));
    let accepted = rig.ledger.len();
    let memory_mb = resident_mb(rig.collector.pid());
    let answers = crowd.finish().await;
    let per_s = accepted as f64 / length.as_secs_f64();
    // The crowd drains its rest through the limit; afterwards nothing is refused any more.
    let after = rig.crowd(1, Duration::from_millis(500), seed + 1);
    sleep(Duration::from_secs(5)).await;
    let after = after.finish().await;
    let note = format!(
        "{refused} refused, {per_s:.0} events/s came in, {memory_mb} MB resident, drained and normal after {:.1?}",
        ended.elapsed() - Duration::from_secs(5)
    );
    Shown::new(rig.compare().await, &answers, note)
        .but(refused == 0, || "nothing was refused".into())
        .but(count(&after.refused) > 0, || "still refusing afterwards".into())
        .but(per_s > f64::from(LIMIT) * 1.2, || format!("{per_s} events/s are beyond the limit of {LIMIT}"))
}

pub async fn full_log(seed: u64) -> Shown {
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

/// What a process holds in memory.
fn resident_mb(pid: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kb| kb.parse::<u64>().ok()).unwrap_or_default() / 1024
}
