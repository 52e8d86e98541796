//! One view is unfolded by the program, many by ClickHouse: both say the same of any view.

use std::collections::BTreeMap;

use playhead::{
    event::{View, attribute::ATTRIBUTES, metric},
    store::{
        Store,
        rows::{ViewRow, view_block},
        writer::Table,
    },
};
use proptest::{strategy::Strategy, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Map, Value};

use super::{
    data::{an_hour_ago, random_views, sampled, write},
    server::{Server, store, unlimited},
};
use crate::{
    support::capture::{mux_captures, records},
    timeline::{any_events, record},
};

/// What is told of one view besides its attributes and scores, as `views` has it.
const COLUMNS: &str = "view_id, toUnixTimestamp64Milli(view_start) AS view_start_ms, \
    toUnixTimestamp64Milli(view_end) AS view_end_ms, toUnixTimestamp64Milli(last_received_at) AS updated_ms, \
    custom, video_startup_ms, player_startup_ms, page_load_ms, playing_ms, watch_ms, rebuffer_ms, rebuffer_count, seek_ms, \
    seek_count, dropped_frames, upscale_ms, downscale_ms, bitrate_ms, max_playhead_ms, playhead_ms, \
    arrayMap(range -> [range.1, range.2], played_ranges) AS ranges, \
    toUInt32(ifNull(CRC32(error_code), 0)) AS error_id, \
    nullIf(error_code, '') AS error_code, nullIf(error_message, '') AS error_message, error_count, \
    CAST(view_started, 'Bool') AS view_started, CAST(playback_failure, 'Bool') AS playback_failure, \
    CAST(playback_business_exception, 'Bool') AS playback_business_exception, \
    CAST(played_to_end, 'Bool') AS played_to_end, CAST(view_ended, 'Bool') AS view_ended, \
    CAST(exit_before_video_start, 'Bool') AS exit_before_video_start, \
    CAST(view_dropped, 'Bool') AS view_dropped, weight, last_sequence";
const SCORES: [&str; 5] = [
    "viewer_experience_score",
    "playback_success_score",
    "startup_time_score",
    "rebuffer_score",
    "video_quality_score",
];
/// Of each kind.
const VIEWS: usize = 150;

/// Views of clients that send no totals: what they played follows from what they did.
async fn write_courses(store: &Store, environment: &str) {
    let mut random = TestRunner::deterministic();
    let rows = (0..VIEWS).map(|number| {
        let id = format!("course-{number}");
        let events = any_events().new_tree(&mut random).unwrap().current();
        // Silent for well over an hour: whether a view was dropped must not turn between the two readings.
        let begun_ms = an_hour_ago() - 3_600_000 + number as i64;
        let view = View::of(&record(&id, begun_ms, events));
        (id, begun_ms, view)
    });
    let rows: Vec<_> = rows.collect();
    let rows: Vec<_> = rows
        .iter()
        .map(|(id, begun_ms, view)| ViewRow::of_all(environment, *begun_ms, id, view.clone()))
        .collect();
    store.insert(Table::ViewStates, &view_block(&rows), "courses").await.unwrap();
}

/// Views of mux-embed as it counted them; how many.
async fn write_captures(store: &Store, environment: &str) -> usize {
    let mut views = BTreeMap::<String, (i64, View)>::new();
    for (_, beacons) in mux_captures() {
        for record in
            beacons.iter().flat_map(|beacon| records(beacon, an_hour_ago() - 3_600_000, environment))
        {
            let new = || (record.received_ms, View::default());
            views.entry(record.view_id.to_string()).or_insert_with(new).1.learn(&record);
        }
    }
    let overcounted = views.values().filter(|(_, view)| view.totals() != view.counters);
    assert!(overcounted.count() > 0, "one of them stalled");
    let rows: Vec<_> = views
        .iter()
        .map(|(id, (begun_ms, view))| ViewRow::of_all(environment, *begun_ms, id, view.clone()))
        .collect();
    store.insert(Table::ViewStates, &view_block(&rows), "captures").await.unwrap();
    rows.len()
}

/// All views of a tenant as ClickHouse tells them.
async fn told_by_clickhouse(store: &Store, environment: &str) -> Vec<Map<String, Value>> {
    let scores = SCORES.map(|id| format!("{} AS {id}", metric::by_id(id).unwrap().of_any_view().unwrap()));
    let attributes: Vec<_> = ATTRIBUTES.iter().map(|spec| spec.name).collect();
    let statement = format!(
        "SELECT * FROM (SELECT {COLUMNS}, {} FROM views WHERE environment = ?) AS facts \
         INNER JOIN (SELECT view_id, {} FROM views WHERE environment = ?) AS scores USING (view_id)",
        attributes.join(", "),
        scores.join(", "),
    );
    let query = store.client.query(&statement).bind(environment).bind(environment);
    let query = query
        .with_setting("output_format_json_quote_64bit_integers", "0")
        .with_setting("short_circuit_function_evaluation", "disable");
    let lines = query.fetch_bytes("JSONEachRow").unwrap().collect().await.unwrap();
    let lines = serde_json::Deserializer::from_slice(&lines).into_iter::<Map<String, Value>>();
    lines.map(Result::unwrap).collect()
}

/// The same value; numbers up to what rounding does to them, and an attribute that says nothing is null.
fn same(name: &str, one: &Value, other: &Value) -> bool {
    let says_nothing = *other == "" || other.as_f64() == Some(0.0);
    if says_nothing && ATTRIBUTES.iter().any(|spec| spec.name == name) {
        return one.is_null();
    }
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => (one - other).abs() <= 1e-9 * other.abs().max(1.0),
        _ => one == other,
    }
}

#[tokio::test]
async fn one_view_is_what_clickhouse_makes_of_it() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let store = store();
    write(&store, &tenant.id, &sampled(5, random_views(71, VIEWS, an_hour_ago()))).await;
    write_courses(&store, &tenant.id).await;
    let captured = write_captures(&store, &tenant.id).await;
    let expected = told_by_clickhouse(&store, &tenant.id).await;
    assert_eq!(expected.len(), 2 * VIEWS + captured);
    let (mut scored, mut ranged) = (0, 0);
    for expected in expected {
        let id = expected["view_id"].as_str().unwrap();
        let found = store.view(&tenant.id, id).await.unwrap().expect("it is there");
        let different: Vec<_> = expected
            .iter()
            .filter(|(name, value)| !same(name, found.get(*name).unwrap_or(&Value::Null), value))
            .map(|(name, value)| (name, value, found.get(name)))
            .collect();
        assert!(different.is_empty(), "{id}: (name, ClickHouse, the program) {different:?}");
        assert_eq!(found.len(), expected.len(), "{id}: no more and no less is told");
        scored += usize::from(!found["video_quality_score"].is_null());
        ranged += usize::from(id.starts_with("course") && !found["ranges"].as_array().unwrap().is_empty());
    }
    assert!(scored > 10 && ranged > 10, "{scored} with quality, {ranged} with ranges of a course");
}
