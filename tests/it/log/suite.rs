//! What every host of the log promises. Each test is written once and runs on all of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use playhead::log::{
    AppendError, LogError, LogSettings, MAX_RECORD_BYTES, Position, TailFrom,
    quarantine::{Quarantine, Quarantined, ReplayError},
};

use super::{
    support::{Fixture, PATIENCE, Seen, assert_quiet, read, record, tail_of},
    worker::{Store, Worker, start_writers, stop_writers},
};

macro_rules! on_both_hosts {
    ($($test:ident),* $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::suite::$test(super::support::Fixture::embedded().await).await;
            })*
        }
        mod kafka {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::suite::$test(super::support::Fixture::kafka().await).await;
            })*
        }
    };
}
pub(super) use on_both_hosts;

pub async fn keeps_order_and_keys(fixture: Fixture) {
    let mut expected = BTreeMap::new();
    for call in 0..20 {
        let records: Vec<_> =
            (0..15).map(|i| record(&format!("view-{}", i % 7), format!("{}:{call}:{i}", i % 7))).collect();
        let positions = fixture.log.append(records.clone()).await.unwrap();
        assert_eq!(positions.len(), records.len());
        for (position, record) in positions.into_iter().zip(records) {
            let text = String::from_utf8(record.payload.to_vec()).unwrap();
            assert!(expected.insert(position, text).is_none(), "{position} was given twice");
        }
    }
    let (_consumer, seen) = read(&*fixture.log, "process", expected.len()).await;
    assert_eq!(seen.records, expected);

    // A key has one partition, and its records lie there in the order they were sent.
    let mut by_key: BTreeMap<&str, Vec<(Position, u32, u32)>> = BTreeMap::new();
    for (position, text) in &seen.records {
        let mut parts = text.split(':');
        let key = parts.next().unwrap();
        let mut number = || parts.next().unwrap().parse().unwrap();
        by_key.entry(key).or_default().push((*position, number(), number()));
    }
    assert_eq!(by_key.len(), 7);
    for (key, places) in by_key {
        assert!(places.iter().all(|(position, ..)| position.partition == places[0].0.partition), "key {key}");
        assert!(places.windows(2).all(|pair| (pair[0].1, pair[0].2) < (pair[1].1, pair[1].2)), "key {key}");
    }
    assert_eq!(fixture.log.append(Vec::new()).await.unwrap(), []);
}

pub async fn continues_after_reopening(fixture: Fixture) {
    let mut expected: BTreeMap<Position, String> = BTreeMap::new();
    let mut fixture = fixture;
    for round in 0..3 {
        for i in 0..10 {
            let text = format!("{round}-{i}");
            let position = fixture.log.append(vec![record(&text, text.clone())]).await.unwrap()[0];
            assert!(expected.insert(position, text).is_none(), "{position} was given twice");
        }
        let end = fixture.log.end().await.unwrap();
        assert_eq!(end.values().sum::<u64>(), expected.len() as u64);
        fixture = fixture.reopen().await;
        assert_eq!(fixture.log.end().await.unwrap(), end);
        fixture.log.ready().unwrap();
    }
    let (_consumer, seen) = read(&*fixture.log, "process", expected.len()).await;
    assert_eq!(seen.records, expected);
}

pub async fn gives_every_writer_its_own_places(fixture: Fixture) {
    let writers: Vec<_> = (0..32)
        .map(|writer| {
            let log = Arc::clone(&fixture.log);
            tokio::spawn(async move {
                let mut mine = Vec::new();
                for call in 0..20 {
                    let texts: Vec<String> = (0..3).map(|i| format!("{writer}-{call}-{i}")).collect();
                    let records =
                        texts.iter().map(|text| record(&format!("{writer}"), text.clone())).collect();
                    mine.extend(log.append(records).await.unwrap().into_iter().zip(texts));
                }
                assert!(
                    mine.windows(2).all(|pair| pair[0].0 < pair[1].0),
                    "one writer's records are out of order"
                );
                mine
            })
        })
        .collect();
    let mut expected = BTreeMap::new();
    for writer in writers {
        for (position, text) in writer.await.unwrap() {
            assert!(expected.insert(position, text).is_none(), "{position} was given twice");
        }
    }
    let (_consumer, seen) = read(&*fixture.log, "process", expected.len()).await;
    assert_eq!(seen.records, expected);
}

pub async fn brings_commits_and_intents_back(fixture: Fixture) {
    for i in 0..30 {
        fixture.log.append(vec![record(&format!("{i}"), format!("{i}"))]).await.unwrap();
    }
    let (mut consumer, seen) = read(&*fixture.log, "process", 30).await;
    let partition = seen.records.keys().next().unwrap().partition;
    assert!(seen.assigned.values().all(|assignment| assignment.offset == 0 && assignment.intent.is_none()));

    let intent = "v1:2-5;köln".to_owned() + &"x".repeat(4000);
    consumer.commit(partition, 1, None).await.unwrap();
    consumer.commit(partition, 2, Some(&intent)).await.unwrap();
    let too_long = "x".repeat(4097);
    assert!(matches!(consumer.commit(partition, 2, Some(&too_long)).await, Err(LogError::Fatal(_))));
    drop(consumer);

    let fixture = fixture.reopen().await;
    assert_eq!(fixture.log.committed("process").await.unwrap()[&partition], 2);
    let (mut consumer, seen) = read(&*fixture.log, "process", 28).await;
    assert_eq!(seen.assigned[&partition].offset, 2);
    assert_eq!(seen.assigned[&partition].intent.as_deref(), Some(&*intent));
    assert!(seen.records.keys().all(|position| position.partition != partition || position.offset >= 2));
    consumer.commit(partition, 3, None).await.unwrap();
    drop(consumer);

    let (_consumer, seen) = read(&*fixture.log, "process", 27).await;
    assert_eq!(seen.assigned[&partition].offset, 3);
    assert_eq!(seen.assigned[&partition].intent, None);
    // Groups know nothing of each other.
    let (_consumer, seen) = read(&*fixture.log, "other", 30).await;
    assert_eq!(seen.records.len(), 30);
}

pub async fn repeats_what_was_not_committed(fixture: Fixture) {
    for i in 0..50 {
        fixture.log.append(vec![record(&format!("{i}"), format!("{i}"))]).await.unwrap();
    }
    let (mut consumer, first) = read(&*fixture.log, "process", 50).await;
    let mut done = BTreeMap::new();
    for position in first.records.keys().filter(|position| position.offset < 4) {
        done.insert(position.partition, position.offset + 1);
    }
    for (&partition, &offset) in &done {
        consumer.commit(partition, offset, None).await.unwrap();
    }
    drop(consumer);
    let fixture = fixture.reopen().await;
    let left: BTreeMap<Position, String> = first
        .records
        .into_iter()
        .filter(|(position, _)| position.offset >= done.get(&position.partition).copied().unwrap_or(0))
        .collect();
    let (mut consumer, second) = read(&*fixture.log, "process", left.len()).await;
    assert_eq!(second.records, left);
    assert_quiet(&mut *consumer).await;
}

pub async fn hands_over_to_the_next_consumer(fixture: Fixture) {
    for i in 0..30 {
        fixture.log.append(vec![record(&format!("{i}"), format!("{i}"))]).await.unwrap();
    }
    let (mut first, seen) = read(&*fixture.log, "process", 30).await;
    let partition = seen.records.keys().next().unwrap().partition;
    first.commit(partition, 3, Some("intent")).await.unwrap();

    let mut second = fixture.log.consumer("process").await.unwrap();
    assert!(
        matches!(second.commit(partition, 9, None).await, Err(LogError::Fenced { .. })),
        "not its own yet"
    );
    let mut seen = Seen::default();
    seen.take(second.next(Duration::from_millis(50)).await.unwrap());
    drop(first);
    // The second one has every partition in the end, and what the first has not committed.
    let partitions = fixture.log.end().await.unwrap().len();
    seen.read_until(&mut *second, |seen| seen.assigned.len() == partitions && seen.records.len() >= 27).await;
    assert_eq!(seen.assigned[&partition].offset, 3);
    assert_eq!(seen.assigned[&partition].intent.as_deref(), Some("intent"));
    second.commit(partition, 4, None).await.unwrap();
}

pub async fn shows_a_tail_everything_after_it_began(fixture: Fixture) {
    fixture.log.append(vec![record("a", "before")]).await.unwrap();
    let mut tail = fixture.log.tail(TailFrom::default()).await.unwrap();
    assert!(tail.next(Duration::from_millis(200)).await.unwrap().is_none());

    let mut delays = Vec::new();
    for i in 0..50 {
        let log = Arc::clone(&fixture.log);
        let text = format!("{i}");
        let writer = tokio::spawn(async move {
            let positions = log.append(vec![record(&text, text.clone())]).await.unwrap();
            (positions[0], Instant::now())
        });
        let shown = tail_of(&mut *tail, 1).await;
        let seen_at = Instant::now();
        let position = *shown.keys().next().unwrap();
        // What a tail shows is durable: the log's end is behind it already.
        assert!(fixture.log.end().await.unwrap()[&position.partition] > position.offset);
        let (appended, acknowledged_at) = writer.await.unwrap();
        assert_eq!(shown, BTreeMap::from([(appended, format!("{i}"))]));
        delays.push(seen_at.saturating_duration_since(acknowledged_at));
    }
    delays.sort();
    println!("acknowledged → tail: p50 {:?}, worst {:?}", delays[25], delays[49]);
    assert!(delays[25] < Duration::from_millis(150), "a tail is woken, it does not look from time to time");
}

pub async fn begins_a_tail_where_it_is_told(fixture: Fixture) {
    let mut all = BTreeMap::new();
    for i in 0..40 {
        let text = format!("{i}");
        all.insert(fixture.log.append(vec![record(&text, text.clone())]).await.unwrap()[0], text);
    }
    let end = fixture.log.end().await.unwrap();
    let from: BTreeMap<u32, u64> = end.iter().map(|(&partition, &end)| (partition, end / 2)).collect();
    let expected: BTreeMap<Position, String> = all
        .clone()
        .into_iter()
        .filter(|(position, _)| position.offset >= from[&position.partition])
        .collect();
    let mut tail = fixture.log.tail(TailFrom(from)).await.unwrap();
    assert_eq!(tail_of(&mut *tail, expected.len()).await, expected);
    // A place behind the end can only come from another life of the log: better everything than nothing.
    let beyond = end.iter().map(|(&partition, &end)| (partition, end + 10)).collect();
    let mut tail = fixture.log.tail(TailFrom(beyond)).await.unwrap();
    assert_eq!(tail_of(&mut *tail, all.len()).await, all);
}

pub async fn pauses_resumes_and_seeks(fixture: Fixture) {
    for i in 0..60 {
        fixture.log.append(vec![record(&format!("{i}"), format!("{i}"))]).await.unwrap();
    }
    let (mut consumer, first) = read(&*fixture.log, "process", 60).await;
    let partitions: Vec<u32> = first.assigned.keys().copied().collect();
    assert_quiet(&mut *consumer).await;

    // Paused partitions are silent, the membership goes on, and nothing is left out afterwards.
    consumer.pause(&partitions).unwrap();
    let mut later = BTreeMap::new();
    for i in 60..90 {
        let text = format!("{i}");
        later.insert(fixture.log.append(vec![record(&text, text.clone())]).await.unwrap()[0], text);
    }
    assert_quiet(&mut *consumer).await;
    let partition = partitions[0];
    consumer.commit(partition, 1, None).await.unwrap();
    consumer.resume(&partitions).unwrap();
    let mut second = Seen::default();
    second.read_until(&mut *consumer, |seen| seen.records.len() >= 30).await;
    assert_eq!(second.records, later);

    // Back to the second record of one partition.
    consumer.seek(partition, 1).await.unwrap();
    let mut all = first.records.clone();
    all.extend(later);
    let expected: BTreeMap<Position, String> = all
        .into_iter()
        .filter(|(position, _)| position.partition == partition && position.offset >= 1)
        .collect();
    let mut third = Seen::default();
    third.read_until(&mut *consumer, |seen| seen.records.len() >= expected.len()).await;
    assert_eq!(third.records, expected);
    assert!(
        matches!(consumer.seek(77, 0).await, Err(LogError::Fenced { .. })),
        "not a partition of this topic"
    );
}

pub async fn loses_nothing_when_calls_are_dropped(fixture: Fixture) {
    let (mut consumer, _) = read(&*fixture.log, "process", 0).await;
    let mut tail = fixture.log.tail(TailFrom::default()).await.unwrap();
    let log = Arc::clone(&fixture.log);
    let writer = tokio::spawn(async move {
        for i in 0..100 {
            log.append(vec![record(&format!("{i}"), format!("{i}"))]).await.unwrap();
        }
    });
    let (mut seen, mut shown) = (Seen::default(), BTreeSet::new());
    let began = Instant::now();
    while seen.records.len() < 100 || shown.len() < 100 {
        assert!(began.elapsed() < PATIENCE, "{} and {} of 100", seen.records.len(), shown.len());
        let short = Duration::from_micros(rand::random_range(0..3000));
        if let Ok(event) = tokio::time::timeout(short, consumer.next(Duration::from_secs(1))).await {
            seen.take(event.unwrap());
        }
        if let Ok(read) = tokio::time::timeout(short, tail.next(Duration::from_secs(1))).await
            && let Some((partition, records)) = read.unwrap()
        {
            shown.extend(records.iter().map(|record| Position { partition, offset: record.offset }));
        }
    }
    writer.await.unwrap();
    assert_eq!(seen.records.into_keys().collect::<BTreeSet<_>>(), shown);
}

pub async fn refuses_what_is_too_large(fixture: Fixture) {
    let largest = record("a", vec![b'x'; MAX_RECORD_BYTES]);
    let beyond = record("a", vec![b'x'; MAX_RECORD_BYTES + 1]);
    match fixture.log.append(vec![record("a", "small"), beyond]).await {
        Err(AppendError::TooLarge { bytes, limit }) => {
            assert_eq!((bytes, limit), (MAX_RECORD_BYTES + 1, MAX_RECORD_BYTES))
        }
        other => panic!("{other:?}"),
    }
    fixture.log.append(vec![largest]).await.unwrap();
    // Nothing of the refused call is there.
    let (_consumer, seen) = read(&*fixture.log, "process", 1).await;
    assert_eq!(seen.records.values().map(String::len).collect::<Vec<_>>(), [MAX_RECORD_BYTES]);
}

pub async fn refuses_appends_after_closing(fixture: Fixture) {
    let appends: Vec<_> = (0..50)
        .map(|i| {
            let log = Arc::clone(&fixture.log);
            tokio::spawn(async move { log.append(vec![record(&format!("{i}"), format!("{i}"))]).await })
        })
        .collect();
    tokio::task::yield_now().await;
    fixture.log.close().await;
    let mut acknowledged = BTreeSet::new();
    for append in appends {
        match append.await.unwrap() {
            Ok(positions) => acknowledged.extend(positions),
            Err(error) => assert!(matches!(error, AppendError::Unavailable(_)), "{error}"),
        }
    }
    assert!(matches!(fixture.log.append(vec![record("a", "late")]).await, Err(AppendError::Unavailable(_))));
    fixture.log.ready().unwrap_err();
    fixture.log.close().await;
    let fixture = fixture.reopen().await;
    let (_consumer, seen) = read(&*fixture.log, "process", acknowledged.len()).await;
    assert!(acknowledged.is_subset(&seen.records.into_keys().collect()));
}

pub async fn keeps_a_quarantine(fixture: Fixture) {
    // Any log will do; the main one stands in for a second.
    let quarantine = Quarantine::new(Arc::clone(&fixture.log));
    let entry = |i: u64, payload: Option<&'static [u8]>| Quarantined {
        position: Position { partition: 3, offset: i },
        reason: format!("it is number {i}"),
        quarantined_ms: 1_795_313_029_000 + i as i64,
        is_deadly: i == 2,
        payload: payload.map(Bytes::from_static),
    };
    let entries = [entry(1, Some(b"\x00\xff not text")), entry(2, None), entry(3, Some(b"three"))];
    let stored = quarantine.store(&entries).await.unwrap();

    let newest = quarantine.newest(2).await.unwrap();
    assert_eq!(newest, [(stored[2], entries[2].clone()), (stored[1], entries[1].clone())]);
    assert_eq!(quarantine.newest(100).await.unwrap().len(), 3);
    assert_eq!(quarantine.get(stored[0]).await.unwrap().as_ref(), Some(&entries[0]));
    assert_eq!(quarantine.get(Position { partition: 0, offset: 999 }).await.unwrap(), None);

    let main = match &fixture.settings {
        LogSettings::Embedded(_) => Fixture::embedded().await,
        LogSettings::Kafka(_) => Fixture::kafka().await,
    };
    let position = quarantine.replay(&entries[0], Bytes::from_static(b"view"), &*main.log).await.unwrap();
    let empty = quarantine.replay(&entries[1], Bytes::from_static(b"view"), &*main.log).await;
    assert!(matches!(empty, Err(ReplayError::Empty)));
    let from = TailFrom(BTreeMap::from([(position.partition, 0)]));
    let mut tail = main.log.tail(from).await.unwrap();
    let (partition, records) = tail.next(Duration::from_secs(10)).await.unwrap().unwrap();
    assert_eq!((partition, records[0].offset), (position.partition, position.offset));
    assert_eq!(records[0].payload, entries[0].payload.clone().unwrap());
}

/// One worker after the other, each crashing at a random step: nothing may be lost or doubled.
pub async fn survives_crashes_at_every_step(fixture: Fixture) {
    let (store, stop) = (Store::default(), AtomicBool::new(false));
    let writing = start_writers(&fixture.log, 4);
    let mut worker = Worker::new(&store, &stop, 0.05);
    let began = Instant::now();
    let mut crashes = 0;
    while began.elapsed() < Duration::from_secs(3) {
        tokio::time::timeout(Duration::from_secs(3), worker.run(&*fixture.log, "process")).await.ok();
        crashes += 1;
    }
    let acknowledged = stop_writers(writing).await;
    worker.crashes = 0.0;
    tokio::join!(worker.run(&*fixture.log, "process"), async {
        while store.len() < acknowledged.len() && began.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop.store(true, Ordering::Release);
    });
    println!("{crashes} crashes, {} rows, {} batches sent again", store.len(), store.repeated());
    assert_eq!(store.rows(), acknowledged);
}
