//! From the log to rows: what an event costs the processor and the engine, beside a raw insert of the same rows.
//!
//! `cargo bench --bench pipeline` fills an embedded log with the beacons of a crowd watching side by side (mux-embed, every few
//! seconds a beacon of each, so that hardly two beacons of a batch are of one view), lets the processor bring it into the
//! embedded engine, and counts the CPU time of both until no merge is left to do. The raw insert sends the event rows
//! alone, as blocks that were built before, to a twin of their table in the same engine. `--quick` takes one round.

#![allow(clippy::expect_used, reason = "a measurement that cannot go on stops")]

#[path = "../parts/mod.rs"]
mod parts;

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use parts::cpu::used_s;
use playhead::{
    log::{EventLog, StoredRecord},
    pipeline::{
        batch::{Batch, strangers},
        memory::Memory,
        rows::rows,
    },
    store::{
        Store, embedded,
        embedded::EmbeddedClickHouse,
        migrate,
        native::Block,
        rows::{EventRow, event_block},
    },
};
use tempfile::TempDir;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Views side by side, and rounds of everything.
const VIEWS: usize = 30_000;
const ROUNDS: usize = 5;
/// Rows of a block of the raw insert.
const RAW_ROWS: usize = 100_000;
/// Longest wait for merges.
const PATIENCE: Duration = Duration::from_secs(240);
/// No merge for so long means that none is to come.
const QUIET: Duration = Duration::from_secs(2);

/// CPU time of one way of bringing the events in, µs an event.
#[derive(Debug, Clone, Copy)]
struct Cost {
    own: f64,
    engine: f64,
    merges: f64,
}

impl Cost {
    fn total(self) -> f64 {
        self.own + self.engine + self.merges
    }
}

fn main() {
    let rounds = if std::env::args().any(|word| word == "--quick") { 1 } else { ROUNDS };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (mut raw, mut whole) = (Vec::new(), Vec::new());
        for round in 1..=rounds {
            let (raw_cost, cost) = measure().await;
            println!("round {round} raw       {raw_cost:.2?}\nround {round} processor {cost:.2?}");
            raw.push(raw_cost);
            whole.push(cost);
        }
        report("raw insert", &raw, &raw);
        report("processor", &whole, &raw);
    });
}

/// Both ways in an engine of their own, so that no round inherits another's parts.
async fn measure() -> (Cost, Cost) {
    let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let (engine, store) = engine(&data).await;
    let (log, events) = parts::log::filled(data.path(), parts::crowd(VIEWS)).await;
    let meter = Meter { engine: engine.pid().expect("the engine runs"), store: store.clone() };
    let raw = raw_insert(&meter, &store, events).await;
    let cost = processed(&meter, &data, &store, log, events).await;
    engine.stop().await;
    (raw, cost)
}

async fn engine(data: &TempDir) -> (EmbeddedClickHouse, Store) {
    let mut settings = embedded::Settings::new(data.path().join("clickhouse"));
    settings.program = Some(env!("CARGO_BIN_EXE_playhead").into());
    let engine = EmbeddedClickHouse::start(settings).expect("the engine starts");
    engine.ready(PATIENCE).await.expect("the engine answers");
    let store = Store::new(&engine.url(), engine.user(), engine.password());
    migrate::migrate(&store).await.expect("the schema");
    (engine, store)
}

async fn raw_insert(meter: &Meter, store: &Store, events: usize) -> Cost {
    store.client.query("CREATE TABLE raw_rows AS event_rows").execute().await.expect("a table");
    let blocks = raw_blocks();
    let begun = meter.begin();
    for block in &blocks {
        let sql = "INSERT INTO raw_rows FORMAT Native";
        let mut insert = store.client.insert_formatted_with(sql).with_setting("async_insert", "0");
        insert.send(block.bytes.clone()).await.expect("the block is taken");
        insert.end().await.expect("the block is stored");
    }
    let cost = begun.end(events).await;
    store.client.query("DROP TABLE raw_rows SYNC").execute().await.expect("the table goes");
    cost
}

fn raw_blocks() -> Vec<Block> {
    let mut batch = Batch::new(0, 0);
    for (offset, record) in (0..).zip(parts::crowd(VIEWS)) {
        batch.push(StoredRecord { offset, payload: record.to_bytes() });
    }
    batch.read();
    let mut memory = Memory::default();
    let records = batch.records();
    let strangers = strangers(&records, &memory);
    strangers.into_iter().for_each(|(key, stranger)| memory.begin(key, stranger.received_ms));
    let kept = batch.excluded.kept_of(&records);
    let by_day = rows(0, &kept, &mut memory).by_day;
    let rows: Vec<EventRow<'_>> = by_day.into_values().flat_map(|day| day.events).collect();
    rows.chunks(RAW_ROWS).map(|rows| event_block(rows)).collect()
}

async fn processed(
    meter: &Meter,
    data: &TempDir,
    store: &Store,
    log: Arc<dyn EventLog>,
    events: usize,
) -> Cost {
    let begun = meter.begin();
    parts::log::processed(data.path(), store, log).await;
    let cost = begun.end(events).await;
    let stored: u64 =
        store.client.query("SELECT count() FROM event_rows").fetch_one().await.expect("a count");
    assert_eq!(stored, different_events() as u64, "every event is a row, once");
    cost
}

/// The player said the last of its events twice.
fn different_events() -> usize {
    let sequences = parts::one_view().into_iter().flat_map(|record| record.events);
    VIEWS * sequences.map(|event| event.sequence).collect::<BTreeSet<_>>().len()
}

/// Reads clocks.
struct Meter {
    engine: u32,
    store: Store,
}

struct Begun<'a> {
    meter: &'a Meter,
    own: f64,
    engine: f64,
}

impl Meter {
    fn begin(&self) -> Begun<'_> {
        Begun { meter: self, own: used_s(std::process::id()), engine: used_s(self.engine) }
    }

    /// Waits until the engine has had nothing to merge for a while.
    async fn quiet(&self) {
        let (begun, mut since) = (Instant::now(), Instant::now());
        while since.elapsed() < QUIET {
            assert!(begun.elapsed() < PATIENCE, "merges do not end");
            tokio::time::sleep(Duration::from_millis(200)).await;
            let merging = self.store.client.query("SELECT count() FROM system.merges").fetch_one::<u64>();
            if merging.await.expect("a count") > 0 {
                since = Instant::now();
            }
        }
    }
}

impl Begun<'_> {
    async fn end(self, events: usize) -> Cost {
        let per_event = |seconds: f64| seconds * 1e6 / events as f64;
        let own = per_event(used_s(std::process::id()) - self.own);
        let inserted = used_s(self.meter.engine);
        self.meter.quiet().await;
        let settled = used_s(self.meter.engine);
        Cost { own, engine: per_event(inserted - self.engine), merges: per_event(settled - inserted) }
    }
}

fn report(name: &str, costs: &[Cost], raw: &[Cost]) {
    let median = |costs: &[Cost], of: fn(Cost) -> f64| {
        let mut values: Vec<f64> = costs.iter().copied().map(of).collect();
        values.sort_by(f64::total_cmp);
        (values[values.len() / 2], values[0], values[values.len() - 1])
    };
    let (total, least, most) = median(costs, Cost::total);
    println!(
        "{name:10} {total:5.2} µs an event ({least:.2} - {most:.2}): own {:.2}, engine while inserting {:.2}, merges after {:.2}; \
         {:7.0} events/cpu-s, {:.2} of raw",
        median(costs, |cost| cost.own).0,
        median(costs, |cost| cost.engine).0,
        median(costs, |cost| cost.merges).0,
        1e6 / total,
        median(raw, Cost::total).0 / total
    );
}
