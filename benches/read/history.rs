//! Thirty days of views: some from the simulation, through the whole path; the rest copies of them at other times of other
//! days, under ids of their own, so that millions of events are there in minutes.

use crate::{
    disk,
    service::{READ, SEED, Service},
};

const DAYS: u64 = 30;
/// What the simulation sends, by format: enough that copies lie far apart. One view in seven has no totals of its own.
const SENT: [(&str, &str); 2] = [("native", "80000"), ("cmcd", "20000")];

/// What there is to copy.
#[derive(Debug, Clone, Copy)]
pub struct Seed {
    events: u64,
}

/// Lets the simulation send yesterday's views, and keeps their rows aside.
pub async fn seed(service: &Service) -> Seed {
    service.yesterday(&SENT).await;
    for (seed, table) in [("seed_views", "view_states"), ("seed_events", "event_rows")] {
        let create = format!(
            "CREATE TABLE {seed} ENGINE = MergeTree ORDER BY tuple() AS SELECT * FROM {table} FINAL \
             WHERE environment = '{SEED}'"
        );
        service.sql(&create).await;
    }
    let events = service.sql("SELECT count() FROM seed_events").await.parse().expect("a number");
    println!("seed: {events} events, {} views", service.sql("SELECT count() FROM seed_views").await);
    Seed { events }
}

/// Copies as often as it takes from `from` to `to` events, day after day.
pub async fn grow(service: &Service, seed: Seed, from: u64, to: u64) {
    let begun = std::time::Instant::now();
    let copies = (to - from) as f64 / (seed.events * DAYS) as f64;
    let whole = copies.ceil() as u64;
    let share = (copies / whole as f64 * 10_000.0).round();
    for day in 0..DAYS {
        for (table, rest) in [("view_states", VIEW_COLUMNS), ("event_rows", EVENT_COLUMNS)] {
            let source = table.replace("view_states", "seed_views").replace("event_rows", "seed_events");
            service.sql(&copy(table, &source, rest, day, to, whole, share)).await;
        }
    }
    println!("\n# {to} events, made in {:.0} s", begun.elapsed().as_secs_f64());
}

/// Everything that says when moves by the same time; everything that says who becomes somebody else.
const VIEW_COLUMNS: &str = "s.last_received_at + toIntervalMillisecond(moved_ms) AS last_received_at, \
    s.anchor_ms + moved_ms AS anchor_ms, \
    (s.viewer_id.1, concat(s.viewer_id.2, '-', toString(n % 40))) AS viewer_id, \
    (s.session_id.1, lower(hex(cityHash64(s.session_id.2, n, day)))) AS session_id, \
    if(s.sample_rate.2 BETWEEN 1 AND 999999, CRC32(id), 0) AS id_checksum";
const EVENT_COLUMNS: &str = "s.received_at + toIntervalMillisecond(moved_ms) AS received_at, \
    s.anchor_ms + moved_ms AS anchor_ms";

/// Copies `whole` times what `share` in ten thousand of the seed says, to the same time of one day, give or take ten
/// minutes.
fn copy(table: &str, seed: &str, columns: &str, day: u64, salt: u64, whole: u64, share: f64) -> String {
    format!(
        "INSERT INTO {table} \
         WITH {day} AS day, \
         toString(reinterpretAsUUID(sipHash128(s.view_id, n, day, {salt}))) AS id, \
         toInt64(toUnixTimestamp(toStartOfDay(now('UTC')) - toIntervalDay(day))) * 1000 \
            + (toUnixTimestamp64Milli(s.view_start) + cityHash64(id) % 600000) % 86400000 AS start_ms, \
         start_ms - toUnixTimestamp64Milli(s.view_start) AS moved_ms \
         SELECT s.* REPLACE('{READ}' AS environment, id AS view_id, \
            fromUnixTimestamp64Milli(start_ms, 'UTC') AS view_start, {columns}) \
         FROM {seed} AS s CROSS JOIN (SELECT number AS n FROM numbers({whole})) AS copies \
         WHERE cityHash64(s.view_id, n, day, {salt}) % 10000 < {share} \
            AND start_ms < toUnixTimestamp64Milli(now64(3, 'UTC')) - 3600000 \
         SETTINGS max_insert_threads = 1, max_threads = 2, max_execution_time = 0"
    )
}

/// Brings every day into one part, as the engine does by itself six hours after its last row.
pub async fn settle(service: &Service) {
    for table in ["view_states", "event_rows"] {
        let days = format!(
            "SELECT DISTINCT partition FROM system.parts WHERE active AND table = '{table}' ORDER BY partition"
        );
        for day in service.sql(&days).await.lines() {
            service.sql(&format!("OPTIMIZE TABLE {table} PARTITION {day} FINAL")).await;
        }
    }
}

/// How much there is, and what it takes on disk.
pub async fn report(service: &Service) {
    for table in ["event_rows", "view_states"] {
        println!("{}", service.sql(&disk::size(table)).await);
    }
}
