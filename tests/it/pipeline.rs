//! Log to rows on the real engine: every captured view is one row whatever happens on the way.

mod bounds;
mod courses;
mod refused;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use clickhouse::Row;
use playhead::{
    event::{Record, View},
    log::{
        self, EventLog, LogSettings, NewRecord, Position, quarantine::Quarantine, segment::SegmentSettings,
    },
    pipeline::{self, Processor, caution::Caution, progress::Progress, trial::Trials},
    store::{Store, embedded::EmbeddedClickHouse},
    web::api::Progress as _,
};
use serde::Deserialize;
use tempfile::TempDir;

use crate::support::{
    capture::{Beacon, mux_captures, records},
    store::migrated,
};

const PATIENCE: Duration = Duration::from_secs(60);

/// A log, an engine and a processor between them, in this process.
struct Bench {
    log: Arc<dyn EventLog>,
    quarantine: Arc<dyn EventLog>,
    store: Store,
    progress: Progress,
    processor: tokio::task::JoinHandle<()>,
    _engine: EmbeddedClickHouse,
    _data: TempDir,
}

impl Bench {
    async fn start() -> Self {
        let data = TempDir::new().unwrap();
        let (engine, store) = migrated(&data).await;
        let open = |name: &str| {
            LogSettings::Embedded(SegmentSettings::new(data.path().join(name), &[pipeline::GROUP]))
        };
        let log = log::open(&open("log")).await.unwrap();
        let quarantine = log::open(&open("quarantine")).await.unwrap();
        let progress = Progress::default();
        let processor = processor(&log, &quarantine, &store, &progress);
        Self { log, quarantine, store, progress, processor, _engine: engine, _data: data }
    }

    /// Drops the processor wherever it is, and with it all it remembers.
    async fn restart_processor(&mut self) {
        self.processor.abort();
        // Cancelled, as asked.
        let _ = (&mut self.processor).await;
        self.processor = processor(&self.log, &self.quarantine, &self.store, &self.progress);
    }

    async fn append(&self, payloads: Vec<(bytes::Bytes, bytes::Bytes)>) -> Vec<Position> {
        let records = payloads.into_iter().map(|(key, payload)| NewRecord { key, payload }).collect();
        self.log.append(records).await.unwrap()
    }

    async fn settled(&self, positions: &[Position]) {
        assert!(self.progress.wait(positions, PATIENCE).await, "not in ClickHouse within {PATIENCE:?}");
    }
}

fn processor(
    log: &Arc<dyn EventLog>,
    quarantine: &Arc<dyn EventLog>,
    store: &Store,
    progress: &Progress,
) -> tokio::task::JoinHandle<()> {
    let processor = Processor {
        log: Arc::clone(log),
        store: store.clone(),
        quarantine: Quarantine::new(Arc::clone(quarantine)),
        progress: progress.clone(),
        topic: "test".into(),
        trials: Trials { store: store.clone(), program: Some(env!("CARGO_BIN_EXE_playhead").into()) },
        caution: Caution::default(),
    };
    tokio::spawn(async move { processor.run().await.unwrap() })
}

#[derive(Row, Deserialize, Debug, PartialEq, Clone)]
struct Shown {
    environment: String,
    view_id: String,
    rows: u64,
    days: u64,
    playing_ms: u32,
    rebuffer_ms: u32,
    video_startup_ms: Option<u32>,
    played_ranges: Vec<(u32, u32)>,
    events: u64,
}

/// What analysts see of each view, and how many rows it takes.
async fn shown(store: &Store) -> Vec<Shown> {
    let select = "SELECT environment, view_id, count() AS rows, uniqExact(toDate(view_start)) AS days, \
        any(playing_ms) AS playing_ms, any(rebuffer_ms) AS rebuffer_ms, any(video_startup_ms) AS video_startup_ms, \
        any(played_ranges) AS played_ranges, any(events.n) AS events \
        FROM views LEFT JOIN (SELECT environment, view_id, count() AS n FROM events GROUP BY ALL) AS events \
        USING (environment, view_id) GROUP BY environment, view_id ORDER BY environment, view_id";
    store.client.query(select).fetch_all().await.unwrap()
}

/// Ways a capture reaches us: as it was, across midnight, without its first beacon.
fn scenarios(suffix: &str) -> Vec<(String, i64, usize)> {
    let day_ms = 86_400_000;
    let midnight = chrono::Utc::now().timestamp_millis() / day_ms * day_ms;
    let name = |word: &str| format!("{word}{suffix}");
    vec![
        (name("plain"), midnight - 7_200_000, 0),
        (name("midnight"), midnight - 7_000, 0),
        (name("headless"), midnight - 3_600_000, 1),
    ]
}

/// Sends all captures in step, beacon by beacon, through all scenarios.
async fn send(bench: &mut Bench, suffix: &str, restart_between: bool) -> BTreeMap<(String, String), View> {
    let captures = mux_captures();
    let steps = captures.iter().map(|(_, beacons)| beacons.len()).max().unwrap();
    let mut expected = BTreeMap::<(String, String), View>::new();
    let mut last = Vec::new();
    for step in 0..steps {
        let mut payloads = Vec::new();
        for (environment, base_ms, skip) in scenarios(suffix) {
            for (_, beacons) in &captures {
                let Some(beacon) = beacons.get(step).filter(|_| step >= skip) else { continue };
                // Real time between beacons is kept, so that the midnight scenario crosses it.
                let received_ms = base_ms + beacon.at_ms - beacons[0].at_ms;
                for record in records(beacon, received_ms, &environment) {
                    let known =
                        expected.entry((environment.clone(), record.view_id.to_string())).or_default();
                    known.merge(&View::of(&record));
                    payloads.push((record.key(), record.to_bytes()));
                }
            }
        }
        last = bench.append(payloads).await;
        if restart_between {
            bench.settled(&last).await;
            bench.restart_processor().await;
        }
    }
    bench.settled(&last).await;
    expected
}

#[tokio::test(flavor = "multi_thread")]
async fn every_captured_view_is_one_row_whatever_happens() {
    let mut bench = Bench::start().await;
    let mut expected = send(&mut bench, "", false).await;
    expected.extend(send(&mut bench, "-restarts", true).await);

    let shown = shown(&bench.store).await;
    assert_eq!(shown.len(), expected.len());
    for row in &shown {
        let view = &expected[&(row.environment.clone(), row.view_id.clone())];
        assert_eq!((row.rows, row.days), (1, 1), "{row:?}");
        assert_eq!(row.playing_ms, view.totals().playing_ms.unwrap_or(0), "{row:?}");
        assert_eq!(row.rebuffer_ms, view.counters.rebuffer_ms.unwrap_or(0), "{row:?}");
        assert_eq!(row.played_ranges, view.course().ranges, "{row:?}");
        if row.environment != "headless" && row.environment != "headless-restarts" {
            assert_eq!(row.video_startup_ms.map(u64::from), view.startup_ms(), "{row:?}");
        }
    }
    // A restart of the processor leaves no trace.
    let of = |suffix: &str| {
        let of_pass = shown.iter().filter(|row| row.environment.ends_with("-restarts") != suffix.is_empty());
        of_pass
            .map(|row| Shown { environment: row.environment.replace("-restarts", ""), ..row.clone() })
            .collect::<Vec<_>>()
    };
    assert_eq!(of(""), of("-restarts"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_poison_record_stops_nothing() {
    let bench = Bench::start().await;
    let good = |id: &str| {
        let event = playhead::event::Event { sequence: 1, t_ms: 0, ..Default::default() };
        let record = Record {
            environment: "e".into(),
            view_id: id.into(),
            received_ms: chrono::Utc::now().timestamp_millis(),
            events: vec![event],
            ..Record::default()
        };
        (record.key(), record.to_bytes())
    };
    let poison = (bytes::Bytes::from("x"), bytes::Bytes::from_static(b"\xff\xff no record"));
    let positions = bench.append(vec![good("before"), poison, good("after")]).await;
    bench.settled(&positions).await;

    let ids: Vec<_> = shown(&bench.store).await.into_iter().map(|row| row.view_id).collect();
    assert_eq!(ids, ["after", "before"]);
    let kept = Quarantine::new(Arc::clone(&bench.quarantine)).newest(10).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].1.position, positions[1]);
    assert_eq!(kept[0].1.payload.as_deref(), Some(&b"\xff\xff no record"[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_have_the_columns_of_their_tables() {
    #[derive(Row, Deserialize)]
    struct Column {
        name: String,
    }
    let bench = Bench::start().await;
    let capture: Vec<Beacon> = mux_captures().remove(0).1;
    let record = records(&capture[0], 1, "e").remove(0);
    let event_row = playhead::store::rows::EventRow {
        environment: "e",
        view_start_ms: 0,
        view_id: "v",
        received_ms: 0,
        anchor_ms: 0,
        log_partition: 0,
        log_offset: 0,
        event: &record.events[0],
    };
    let view_row = playhead::store::rows::ViewRow::of_all("e", 0, "v", View::of(&record));
    let blocks = [
        ("event_rows", playhead::store::rows::event_block(&[event_row])),
        ("view_states", playhead::store::rows::view_block(&[view_row])),
    ];
    for (table, block) in blocks {
        let select = "SELECT name FROM system.columns WHERE database = 'playhead' AND table = ? AND default_kind = '' ORDER BY name";
        let columns: Vec<Column> = bench.store.client.query(select).bind(table).fetch_all().await.unwrap();
        let mut ours = block.columns;
        ours.sort_unstable();
        assert_eq!(ours, columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(), "{table}");
    }
}
