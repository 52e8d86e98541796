//! What an event and a view take on disk: of a crowd of viewers made of all captures, and of what `playhead simulate` sends.
//!
//! Each set goes the whole way, through log and processor into the embedded engine of a running service, where a day then
//! becomes one part, as it does by itself six hours after its last row. Sizes are those of all files. A day of views is one
//! file, which does not tell how much of it is whose, so which columns take most is asked of a twin with a file for each.
//! The size of small days, and of copies, is what `cargo bench --bench read` prints.

#![allow(clippy::expect_used, reason = "a measurement that cannot go on stops")]

#[path = "../parts/mod.rs"]
mod parts;
#[path = "../read/relay.rs"]
#[allow(dead_code, reason = "nothing is asked here that has to be counted")]
mod relay;
#[path = "../read/service.rs"]
#[allow(dead_code, reason = "the API is not asked here")]
mod service;

use parts::{audience::audience, cpu};
use service::Service;

/// Viewers of the captured views: a day of them.
const VIEWERS: u64 = 30_000;
/// What the simulation sends, by format: one event in five without totals of its own.
const SENT: [(&str, &str); 3] = [("native", "600000"), ("mux", "200000"), ("cmcd", "200000")];
const TABLES: [&str; 2] = ["event_rows", "view_states"];

/// Columns of a table that are looked at as one.
type Groups = &'static [(&'static str, &'static [&'static str])];

const OF_EVENTS: Groups = &[
    ("attributes", &["attributes"]),
    ("its number in the view", &["sequence"]),
    ("clocks of the client", &["t_ms", "playhead_ms", "playing_ms", "watch_ms"]),
    ("when and where it was received", &["received_at", "anchor_ms", "log_partition", "log_offset"]),
    ("which view", &["environment", "view_start", "view_id"]),
];
const OF_VIEWS: Groups = &[
    ("ids of view, session and viewer", &["view_id", "session_id", "viewer_id"]),
    ("timeline", &["timeline"]),
    ("what follows from it", &["course", "course_ranges", "course_renditions", "course_stalls"]),
    ("marks and moments", &["marks", "moments"]),
    ("played stretches", &["segment_from_ms", "segment_to_ms"]),
    (
        "browser and network",
        &[
            "browser",
            "browser_version",
            "operating_system",
            "operating_system_version",
            "device",
            "address_prefix",
            "country",
            "region",
            "asn",
            "asn_organization",
            "bot_class",
        ],
    ),
];

#[tokio::main]
async fn main() {
    let service = Service::start().await;
    watched_again(&service).await;
    report(&service, "captures").await;
    simulated(&service).await;
    report(&service, "simulation").await;
    service.stop().await;
}

/// The captured views, watched by many.
async fn watched_again(service: &Service) {
    let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let (log, _) = parts::log::filled(data.path(), audience(VIEWERS).into_iter()).await;
    parts::log::processed(data.path(), &service.store(), log).await;
}

/// What the simulation sends of yesterday, and nothing else.
async fn simulated(service: &Service) {
    for table in TABLES {
        service.sql(&format!("TRUNCATE TABLE {table}")).await;
    }
    service.yesterday(&SENT).await;
}

async fn report(service: &Service, set: &str) {
    println!("\n# {set}");
    for (table, groups) in TABLES.into_iter().zip([OF_EVENTS, OF_VIEWS]) {
        let twin = format!("{table}_by_column");
        for statement in [
            format!("OPTIMIZE TABLE {table} FINAL"),
            format!("CREATE TABLE {twin} AS {table}"),
            format!("ALTER TABLE {twin} MODIFY SETTING min_bytes_for_wide_part = 0"),
            format!("INSERT INTO {twin} SELECT * FROM {table} FINAL"),
            format!("OPTIMIZE TABLE {twin} FINAL"),
        ] {
            service.sql(&statement).await;
        }
        println!("{}", service.sql(&parts::disk::size(table)).await);
        println!("{}", service.sql(&by_group(&twin, groups)).await);
        println!("{}", service.sql(&parts::disk::columns(&twin)).await);
        service.sql(&format!("DROP TABLE {twin} SYNC")).await;
    }
}

/// SQL for one line of text: the groups of columns, in bytes a row.
fn by_group(table: &str, groups: Groups) -> String {
    let of_group =
        |(name, columns): &(&str, &[&str])| format!("name IN ('{}'), '{name}'", columns.join("', '"));
    let cases: Vec<String> = groups.iter().map(of_group).collect();
    format!(
        "SELECT concat('  ', arrayStringConcat(groupArray(concat(part, ': ', toString(bytes))), '; ')) FROM \
         (SELECT multiIf({}, 'the rest') AS part, round(sum(data_compressed_bytes) / (SELECT count() FROM {table}), 2) AS bytes \
         FROM system.columns WHERE database = 'playhead' AND table = '{table}' GROUP BY part ORDER BY bytes DESC)",
        cases.join(", ")
    )
}
