//! The embedded log on a disk that forgets unsynced writes in any order, at any point, and returns `EIO` and `ENOSPC`:
//! nothing acknowledged is ever lost, and recovery comes to an end, even when the power goes in the middle of it.

mod disk;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use playhead::log::{
    ConsumerEvent, EventLog, LogError,
    segment::{SegmentLog, SegmentSettings},
};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use self::disk::{SimulatedDisk, Weather};
use super::append;

/// A log of this size is recovered with fewer calls to the disk.
const MOST_CALLS: u64 = 5_000;
/// Starts that may fail one after the other, as long as the weather is bad.
const MOST_STARTS: usize = 60;

/// What the log has promised.
#[derive(Default)]
struct Promised {
    /// Acknowledged records by offset.
    records: BTreeMap<u64, String>,
    /// The newest acknowledged commit.
    committed: u64,
    /// Everything that was said in any life.
    said: u64,
}

fn settings(disk: &SimulatedDisk) -> SegmentSettings {
    let mut settings = SegmentSettings::new("/log", &["process"]);
    settings.disk = Arc::new(disk.clone());
    settings.segment_bytes = 8 << 10;
    settings.answer_within = super::super::support::PATIENCE;
    settings
}

/// Starts the log, however often that takes; in fine weather the first time.
fn start(disk: &SimulatedDisk, chance: &mut StdRng) -> Result<SegmentLog, String> {
    for _ in 0..MOST_STARTS {
        let begun = disk.calls();
        match SegmentLog::open(settings(disk)) {
            Ok(_) if disk.calls() - begun > MOST_CALLS => {
                return Err(format!("{} calls to start", disk.calls() - begun));
            }
            Ok(log) => return Ok(log),
            Err(_) if disk.is_dead() => {
                disk.crash();
                // It may go again while the log recovers from the last time.
                let power_for = chance.random_bool(0.5).then(|| chance.random_range(0..60));
                disk.set(Weather { power_for, ..Weather::default() });
            }
            Err(error) => {
                if chance.random_bool(0.3) {
                    disk.set(Weather::default());
                }
                tracing::debug!(%error, "the log does not start in this weather");
            }
        }
    }
    Err("it does not start".into())
}

/// Appends from four sides, commits, until the power goes or enough is said.
async fn live(
    log: &Arc<SegmentLog>,
    disk: &SimulatedDisk,
    promised: &mut Promised,
    chance: &mut StdRng,
) -> Result<(), String> {
    let mut consumer = log.consumer("process").await.map_err(|error| error.to_string())?;
    let _assigned = consumer.next(Duration::ZERO).await;
    for _ in 0..chance.random_range(1..12) {
        if disk.is_dead() {
            break;
        }
        let appends = (0..4).map(|_| {
            promised.said += 1;
            let text = format!("{}{}", promised.said, "x".repeat(chance.random_range(0..1500)));
            async { (append(&**log, text.clone()).await, text) }
        });
        let answers = futures_util::future::join_all(appends).await;
        let records = &mut promised.records;
        for (answer, text) in answers {
            if let Ok(offset) = answer
                && records.insert(offset, text).is_some()
            {
                return Err(format!("{offset} was given twice"));
            }
        }
        let newest = records.keys().next_back().copied().unwrap_or(0);
        if chance.random_bool(0.2) && newest > promised.committed {
            let offset = chance.random_range(promised.committed..=newest);
            if consumer.commit(0, offset, Some("intent")).await.is_ok() {
                promised.committed = offset;
            }
        }
    }
    Ok(())
}

/// Everything acknowledged and not committed is there, as it was said.
async fn check(log: &SegmentLog, promised: &Promised) -> Result<(), String> {
    let committed = log.committed("process").await.map_err(|error| error.to_string())?[&0];
    if committed < promised.committed {
        return Err(format!("{} was committed, and {committed} came back", promised.committed));
    }
    let mut consumer = log.consumer("process").await.map_err(|error| error.to_string())?;
    let mut seen = BTreeMap::new();
    loop {
        match consumer.next(Duration::ZERO).await {
            Ok(ConsumerEvent::Records { records, .. }) => {
                seen.extend(
                    records.into_iter().map(|r| (r.offset, String::from_utf8_lossy(&r.payload).into_owned())),
                );
            }
            Ok(ConsumerEvent::Idle) => break,
            Ok(_) => {}
            // A gap among records that were never acknowledged.
            Err(LogError::Corrupt { position, .. }) => {
                consumer.seek(0, position.offset + 1).await.map_err(|error| error.to_string())?;
            }
            Err(error) => return Err(error.to_string()),
        }
    }
    for (offset, text) in promised.records.range(committed..) {
        if seen.get(offset) != Some(text) {
            let there = seen.get(offset).map(|text| text.len());
            return Err(format!("{offset} was acknowledged with {} bytes and is {there:?} now", text.len()));
        }
    }
    Ok(())
}

/// Some lives of a log, each ended by the power or by a stop.
async fn lives(seed: u64, lies: bool) -> Result<(), String> {
    let mut chance = StdRng::seed_from_u64(seed);
    let (disk, mut promised) = (SimulatedDisk::new(seed), Promised::default());
    for _ in 0..6 {
        let trouble = [0.0, 0.0, 0.05, 0.2][chance.random_range(0..4)];
        let power_for = chance.random_bool(0.8).then(|| chance.random_range(1..150));
        disk.set(Weather { trouble, power_for, lies });
        let log = Arc::new(start(&disk, &mut chance)?);
        live(&log, &disk, &mut promised, &mut chance).await?;
        log.close().await;
        drop(log);
        disk.crash();
        let log = start(&disk, &mut chance)?;
        check(&log, &promised).await?;
        log.close().await;
    }
    Ok(())
}

/// The seed stands in the message; `SIMULATED_DISK_SEED` begins with it again.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_disk_does_nothing_acknowledged_is_lost() {
    const RUNS: u64 = 150;
    let given = std::env::var("SIMULATED_DISK_SEED").ok().and_then(|seed| seed.parse().ok());
    let first: u64 = given.unwrap_or_else(|| rand::random_range(0..u64::MAX / 2));
    let runs =
        (first..first + RUNS).map(|seed| tokio::spawn(async move { (seed, lives(seed, false).await) }));
    for run in futures_util::future::join_all(runs).await {
        let (seed, outcome) = run.unwrap();
        assert_eq!(outcome, Ok(()), "seed {seed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_only_pretends_to_sync_is_found_out() {
    let runs = (0..20).map(|seed| tokio::spawn(lives(seed, true)));
    let outcomes = futures_util::future::join_all(runs).await;
    let found = outcomes.iter().filter(|outcome| outcome.as_ref().unwrap().is_err()).count();
    assert!(found > 10, "found out by {found} of 20 runs");
}
