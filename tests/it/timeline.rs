//! The course of views without totals: worked examples, and ClickHouse saying what Rust says of any timeline.

use clickhouse::Row;
use playhead::{
    event::{Attribute, AttributeKey, Event, Failure, Format, Kind, Record, View},
    store::{
        rows::{ViewRow, view_block},
        writer::Table,
    },
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde::Deserialize;
use tempfile::TempDir;

use crate::support::store::migrated;

const VIEWS: usize = 400;
const BEGUN_MS: i64 = 1_795_313_029_000;

fn event(at_ms: i64, kind: Kind, playhead_ms: Option<u64>, bitrate: u64) -> Event {
    let attribute =
        Attribute { key: AttributeKey::RenditionBitrate as i32, number: bitrate, ..Attribute::default() };
    Event {
        sequence: (at_ms as u64) << 8 | kind as u64,
        t_ms: BEGUN_MS + at_ms,
        kind: kind as i32,
        playhead_ms,
        attributes: Some(attribute).filter(|attribute| attribute.number > 0).into_iter().collect(),
        failure: (kind == Kind::Error).then(Failure::default),
        ..Event::default()
    }
}

fn view(events: Vec<Event>) -> View {
    View::of(&Record {
        environment: "e".into(),
        view_id: "v".into(),
        format: Format::Epas as i32,
        received_ms: BEGUN_MS,
        anchor_ms: 0,
        events,
        ..Record::default()
    })
}

#[test]
fn a_view_with_everything_adds_up() {
    use Kind::{
        Heartbeat, Pause, Play, Playing, Rebufferend, Rebufferstart, Renditionchange, Seeked, Seeking,
    };
    let view = view(vec![
        event(0, Play, None, 500_000),
        // Waits for the first frame: no rebuffering.
        event(200, Rebufferstart, None, 0),
        event(1_000, Playing, Some(0), 0),
        event(4_000, Heartbeat, Some(3_000), 0),
        event(6_000, Rebufferstart, Some(5_000), 0),
        event(7_500, Rebufferend, Some(5_000), 0),
        event(8_500, Renditionchange, Some(6_000), 2_000_000),
        // Reports its target, as the web SDK of EPAS does.
        event(9_500, Seeking, Some(2_000), 0),
        // Belongs to the seek.
        event(9_700, Rebufferstart, Some(2_000), 0),
        event(9_900, Seeked, Some(2_000), 0),
        event(11_900, Pause, Some(4_000), 0),
        event(31_900, Seeking, Some(1_000), 0),
        // Paused as before.
        event(32_100, Seeked, Some(1_000), 0),
        event(40_000, Playing, Some(1_000), 0),
        event(41_000, Heartbeat, Some(2_000), 0),
    ]);
    let course = view.course();
    assert_eq!(view.startup_ms(), Some(1_000));
    assert_eq!(course.totals.playing_ms, Some(5_000 + 2_000 + 2_000 + 1_000));
    assert_eq!((course.totals.rebuffer_ms, course.totals.rebuffer_count), (Some(1_500), Some(1)));
    assert_eq!((course.totals.seek_ms, course.totals.seek_count), (Some(400 + 200), Some(2)));
    assert_eq!(course.totals.watch_ms, Some(1_000 + 10_000 + 1_500 + 600));
    assert_eq!(course.totals.bitrate_ms, Some(6_000 * 500_000 + 4_000 * 2_000_000));
    assert_eq!(course.ranges, [(0, 7_000), (2_000, 4_000), (1_000, 2_000)]);
}

#[test]
fn what_is_buffered_is_played_after_a_fatal_error() {
    let view = view(vec![
        event(0, Kind::Play, None, 0),
        event(600, Kind::Playing, Some(0), 0),
        event(2_000, Kind::Error, None, 0),
        event(8_600, Kind::Rebufferstart, Some(8_000), 0),
        event(30_000, Kind::Heartbeat, Some(8_000), 0),
    ]);
    let course = view.course();
    assert!(view.failed());
    assert_eq!((course.totals.playing_ms, course.totals.rebuffer_ms), (Some(8_000), Some(0)));
    assert_eq!(course.ranges, [(0, 8_000)]);
}

#[test]
fn a_sleeping_client_watches_nothing() {
    let view = view(vec![event(0, Kind::Playing, None, 0), event(8 * 3_600_000, Kind::Heartbeat, None, 0)]);
    assert_eq!(view.course().totals.playing_ms, Some(300_000));
}

/// Events as no player would send them.
fn any_events() -> impl Strategy<Value = Vec<Event>> {
    let kinds = prop::sample::select(vec![
        Kind::Other,
        Kind::Viewinit,
        Kind::Play,
        Kind::Playing,
        Kind::Playing,
        Kind::Pause,
        Kind::Seeking,
        Kind::Seeked,
        Kind::Rebufferstart,
        Kind::Rebufferend,
        Kind::Heartbeat,
        Kind::Renditionchange,
        Kind::Error,
        Kind::Ended,
        Kind::Viewend,
    ]);
    let playhead_ms = prop::option::of(prop_oneof![0_u64..60_000, Just(u64::from(u32::MAX) + 7)]);
    let gap_ms = prop_oneof![0_i64..40, 0_i64..5_000, 0_i64..400_000];
    let events =
        prop::collection::vec((gap_ms, kinds, playhead_ms, prop_oneof![Just(0), 1_u64..9_000_000]), 1..40);
    events.prop_map(|steps| {
        let mut at_ms = 0;
        let event_after = |(gap_ms, kind, playhead_ms, bitrate)| {
            at_ms += gap_ms;
            event(at_ms, kind, playhead_ms, bitrate)
        };
        steps.into_iter().map(event_after).collect()
    })
}

#[derive(Row, Deserialize, Debug, PartialEq)]
struct Shown {
    playing_ms: u32,
    watch_ms: u32,
    rebuffer_ms: u32,
    rebuffer_count: u32,
    seek_ms: u32,
    seek_count: u32,
    bitrate_ms: u64,
    played_ranges: Vec<(u32, u32)>,
}

#[tokio::test(flavor = "multi_thread")]
async fn clickhouse_says_of_any_timeline_what_rust_says() {
    let data = TempDir::new().unwrap();
    let (_engine, store) = migrated(&data).await;
    let mut runner = TestRunner::deterministic();
    let ids: Vec<String> = (0..VIEWS).map(|number| format!("{number:05}")).collect();
    let rows: Vec<ViewRow<'_>> = ids
        .iter()
        .map(|view_id| ViewRow {
            environment: "e",
            view_start_ms: BEGUN_MS,
            view_id,
            view: view(any_events().new_tree(&mut runner).unwrap().current()),
        })
        .collect();
    store.insert(Table::ViewStates, &view_block(&rows), "once").await.unwrap();

    let select = "SELECT playing_ms, watch_ms, rebuffer_ms, rebuffer_count, seek_ms, seek_count, bitrate_ms, \
        played_ranges FROM views ORDER BY view_id";
    let shown: Vec<Shown> = store.client.query(select).fetch_all().await.unwrap();
    assert_eq!(shown.len(), VIEWS);
    assert!(
        shown.iter().filter(|row| row.played_ranges.len() > 2 && row.rebuffer_count > 0).count() > VIEWS / 20
    );
    for (row, shown) in rows.iter().zip(shown) {
        let course = row.view.course();
        let expected = Shown {
            playing_ms: course.totals.playing_ms.unwrap(),
            watch_ms: course.totals.watch_ms.unwrap(),
            rebuffer_ms: course.totals.rebuffer_ms.unwrap(),
            rebuffer_count: course.totals.rebuffer_count.unwrap(),
            seek_ms: course.totals.seek_ms.unwrap(),
            seek_count: course.totals.seek_count.unwrap(),
            bitrate_ms: course.totals.bitrate_ms.unwrap(),
            played_ranges: course.ranges,
        };
        assert_eq!(shown, expected, "{:#?}", row.view.timeline);
    }
}
