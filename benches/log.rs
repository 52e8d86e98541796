//! How fast the log is: durable appends by one writer and by many, and reading back.
//!
//! `cargo bench --bench log` prints one line for each case. Kafka is measured too if `PLAYHEAD_TEST_KAFKA=host:port` names a
//! broker, for example one that `deploy/kafka/kafka.sh start` has started. Every append waits for its answer.

#![allow(clippy::expect_used, reason = "a measurement that cannot go on stops")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use playhead::log::{
    ConsumerEvent, LogSettings, NewRecord, kafka::KafkaSettings, open, segment::SegmentSettings,
};

const WRITERS: [usize; 3] = [1, 32, 256];
const SIZES: [usize; 2] = [1 << 10, 64 << 10];
const DURATION: Duration = Duration::from_secs(4);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        for size in SIZES {
            for writers in WRITERS {
                let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
                let mut settings = SegmentSettings::new(dir.path(), &["process"]);
                settings.min_free_bytes = 0;
                measure("embedded", LogSettings::Embedded(settings), writers, size).await;
            }
        }
        let Ok(brokers) = std::env::var("PLAYHEAD_TEST_KAFKA") else {
            return println!("kafka: not measured, PLAYHEAD_TEST_KAFKA is not set");
        };
        for size in SIZES {
            for writers in WRITERS {
                let topic = format!("bench-{}", uuid::Uuid::new_v4());
                measure("kafka", LogSettings::Kafka(KafkaSettings::new(&brokers, topic)), writers, size)
                    .await;
            }
        }
    });
}

async fn measure(host: &str, settings: LogSettings, writers: usize, size: usize) {
    let log = open(&settings).await.expect("a log");
    let count = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let (log, count) = (Arc::clone(&log), Arc::clone(&count));
            tokio::spawn(async move {
                let payload: Bytes = (0..size).map(|_| rand::random::<u8>()).collect();
                let mut delays = Vec::new();
                while began.elapsed() < DURATION {
                    let key = Bytes::from(format!("{writer}-{}", delays.len() % 50));
                    let asked = Instant::now();
                    log.append(vec![NewRecord { key, payload: payload.clone() }]).await.expect("room");
                    delays.push(asked.elapsed());
                    count.fetch_add(1, Ordering::Relaxed);
                }
                delays
            })
        })
        .collect();
    let mut delays = Vec::new();
    for task in tasks {
        delays.extend(task.await.expect("a writer"));
    }
    let seconds = began.elapsed().as_secs_f64();
    delays.sort_unstable();
    let appended = count.load(Ordering::Relaxed);
    let megabytes = (appended as usize * size) as f64 / 1e6;

    let began = Instant::now();
    let mut consumer = log.consumer("process").await.expect("a consumer");
    let (mut read, mut first) = (0, None);
    while read < appended {
        if let ConsumerEvent::Records { records, .. } =
            consumer.next(Duration::from_secs(1)).await.expect("records")
        {
            // Joining a group is not reading.
            first.get_or_insert_with(Instant::now);
            read += records.len() as u64;
        }
    }
    let reading = first.unwrap_or(began).elapsed().as_secs_f64();
    // So little is there at once that its time says nothing.
    let speed = if megabytes < 10.0 { "-".into() } else { format!("{:.0}", megabytes / reading) };
    println!(
        "{host:9} {:3} KB {writers:4} writers: {:8.0} appends/s {:7.1} MB/s, p50 {:8.2?} p99 {:8.2?}; read {speed:>7} MB/s",
        size >> 10,
        appended as f64 / seconds,
        megabytes / seconds,
        delays[delays.len() / 2],
        delays[delays.len() * 99 / 100],
    );
    log.close().await;
}
