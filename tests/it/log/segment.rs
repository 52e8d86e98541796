//! What only the embedded log has: files that can be torn, filled up, killed in the middle, and reclaimed.

mod child;
mod damage;
mod model;
mod simulated;
mod slow;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use playhead::log::{
    AppendError, EventLog, LogConsumer, LogError, NewRecord, Position,
    segment::{Retention, SegmentLog, SegmentSettings},
};

use super::support::{Fixture, PATIENCE, Seen, read, record};

/// Small segments, so that a test has many.
fn small(dir: &Path) -> SegmentSettings {
    let mut settings = SegmentSettings::new(dir, &["process", "live"]);
    settings.segment_bytes = 8 << 10;
    // Machines that run tests are busy.
    settings.answer_within = PATIENCE;
    settings
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "seg"))
        .collect();
    paths.sort();
    paths
}

async fn append(log: &dyn EventLog, payload: impl Into<bytes::Bytes>) -> Result<u64, AppendError> {
    let record = NewRecord { key: bytes::Bytes::new(), payload: payload.into() };
    Ok(log.append(vec![record]).await?[0].offset)
}

/// Reads to the end; what is corrupt is stepped over, as the processor does. Gives back its offsets too.
async fn read_around(consumer: &mut dyn LogConsumer, end: u64) -> (Seen, BTreeSet<u64>) {
    let (mut seen, mut corrupt) = (Seen::default(), BTreeSet::new());
    let began = Instant::now();
    while seen.records.len() + corrupt.len() < end as usize {
        assert!(began.elapsed() < PATIENCE, "{} read, {corrupt:?} corrupt, of {end}", seen.records.len());
        match consumer.next(Duration::from_millis(100)).await {
            Ok(event) => seen.take(event),
            Err(LogError::Corrupt { position, .. }) => {
                assert!(corrupt.insert(position.offset), "{position} was reported twice");
                consumer.seek(0, position.offset + 1).await.unwrap();
            }
            Err(error) => panic!("{error}"),
        }
    }
    (seen, corrupt)
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_on_across_many_segments() {
    let dir = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(small(dir.path())).unwrap();
    for i in 0..200 {
        assert_eq!(append(&log, format!("{i:0>500}")).await.unwrap(), i);
    }
    assert!(segments(dir.path()).len() > 10);
    let (mut consumer, seen) = read(&log, "process", 200).await;
    assert_eq!(
        seen.records.keys().map(|position| position.offset).collect::<Vec<_>>(),
        (0..200).collect::<Vec<_>>()
    );
    // A seek forwards and one backwards, both into other segments.
    for offset in [150, 20] {
        consumer.seek(0, offset).await.unwrap();
        let mut seen = Seen::default();
        seen.read_until(&mut *consumer, |seen| seen.records.len() as u64 == 200 - offset).await;
        assert_eq!(seen.records.keys().next().unwrap().offset, offset);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unlinks_what_every_registered_group_has_read() {
    let dir = tempfile::tempdir().unwrap();
    let log = SegmentLog::open(small(dir.path())).unwrap();
    for i in 0..200 {
        append(&log, format!("{i:0>500}")).await.unwrap();
    }
    let all = segments(dir.path()).len();
    let (mut process, _) = read(&log, "process", 200).await;
    process.commit(0, 200, None).await.unwrap();
    assert_eq!(segments(dir.path()).len(), all, "`live` has not read it yet");
    let (mut live, _) = read(&log, "live", 200).await;
    live.commit(0, 100, None).await.unwrap();
    let half = segments(dir.path()).len();
    assert!(half < all && half > all / 3, "{half} of {all}");
    live.commit(0, 200, None).await.unwrap();
    assert_eq!(segments(dir.path()).len(), 1, "the newest stays");

    // What is gone is skipped by those who come late, and offsets go on.
    let (_late, seen) = read(&log, "late", 1).await;
    let oldest = seen.assigned[&0].offset;
    assert_eq!(seen.records.keys().next(), Some(&Position { partition: 0, offset: oldest }));
    assert!(oldest > 100);
    assert_eq!(append(&log, "next").await.unwrap(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn is_full_until_somebody_has_read() {
    let fixture = Fixture::embedded_with(|settings| {
        settings.max_bytes = 64 << 10;
        settings.segment_bytes = 8 << 10;
    })
    .await;
    let log = &*fixture.log;
    let mut count = 0;
    let full = loop {
        match append(log, vec![b'x'; 1000]).await {
            Ok(_) => count += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, AppendError::Full(_)), "{full}");
    assert!((50..65).contains(&count), "{count} KB in 64 KiB");

    for group in ["process", "live"] {
        let (mut consumer, _) = read(log, group, count).await;
        consumer.commit(0, count as u64, None).await.unwrap();
    }
    log.ready().unwrap();
    append(log, vec![b'x'; 1000]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_appends_before_the_disk_is_full() {
    let fixture = Fixture::embedded_with(|settings| settings.min_free_bytes = u64::MAX / 2).await;
    let refused = append(&*fixture.log, "x").await;
    assert!(
        matches!(&refused, Err(AppendError::Full(reason)) if reason.contains("bytes left")),
        "{refused:?}"
    );
    assert!(fixture.log.ready().unwrap_err().contains("bytes left"));
}

#[tokio::test(flavor = "multi_thread")]
async fn bounds_what_waits_in_memory() {
    let fixture = Fixture::embedded_with(|settings| settings.max_pending_bytes = 100_000).await;
    let appends = (0..200).map(|_| append(&*fixture.log, vec![b'x'; 1000]));
    let results = futures_util::future::join_all(appends).await;
    let taken = results.iter().filter(|result| result.is_ok()).count();
    assert!((98..200).contains(&taken), "{taken}");
    assert!(results.iter().all(|result| matches!(result, Ok(_) | Err(AppendError::Full(_)))));
    append(&*fixture.log, vec![b'x'; 1000]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ring_lets_the_oldest_go() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = small(dir.path());
    settings.max_bytes = 64 << 10;
    settings.retention = Retention::Newest;
    let log = SegmentLog::open(settings).unwrap();
    for _ in 0..500 {
        append(&log, vec![b'x'; 1000]).await.unwrap();
    }
    assert!(log.bytes() <= 64 << 10, "{} bytes", log.bytes());
    let (_consumer, seen) = read(&log, "any", 1).await;
    assert!(seen.assigned[&0].offset > 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn belongs_to_one_process_and_one_consumer_of_a_group() {
    let fixture = Fixture::embedded().await;
    let playhead::log::LogSettings::Embedded(settings) = &fixture.settings else { unreachable!() };
    let error = SegmentLog::open(settings.clone()).err().unwrap();
    assert!(error.to_string().contains("in use"), "{error}");

    fixture.log.append(vec![record("", "x")]).await.unwrap();
    let (first, _) = read(&*fixture.log, "process", 1).await;
    let mut second = fixture.log.consumer("process").await.unwrap();
    let mut seen = Seen::default();
    seen.take(second.next(Duration::from_millis(100)).await.unwrap());
    assert!(seen.assigned.is_empty(), "the second one stands by");
    assert!(matches!(second.commit(0, 1, None).await, Err(LogError::Fenced { .. })));
    drop(first);
    seen.take(second.next(Duration::from_millis(100)).await.unwrap());
    assert_eq!(seen.assigned.len(), 1);
    // Nobody has read further than the end.
    assert!(matches!(second.commit(0, 2, None).await, Err(LogError::Fatal(_))));
}
