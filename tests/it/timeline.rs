//! The course of views without totals: worked examples, and ClickHouse saying what Rust says of any timeline.

use clickhouse::Row;
use playhead::{
    event::{
        Attribute, AttributeKey, Event, Failure, Format, Kind, Record, View,
        timeline::{After, Course, Stall},
    },
    store::{
        Store,
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

fn event(at_ms: i64, kind: Kind, playhead_ms: Option<u64>, bitrate: u64) -> Event<'static> {
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

/// One beacon of a client that does not count.
pub fn record(view_id: &str, received_ms: i64, events: Vec<Event<'static>>) -> Record<'static> {
    Record {
        environment: "e".into(),
        view_id: view_id.to_owned().into(),
        format: Format::Epas as i32,
        received_ms,
        anchor_ms: 0,
        events,
        ..Record::default()
    }
}

fn view(events: Vec<Event<'static>>) -> View {
    View::of(&record("v", BEGUN_MS, events))
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
    assert_eq!(course.renditions, [(500_000, 6_000), (2_000_000, 4_000)]);
    assert_eq!(course.ranges, [(0, 7_000), (2_000, 4_000), (1_000, 2_000)]);
    assert_eq!(course.stalls, [Stall { after: After::Nothing, at_playing_ms: 5_000, rebuffer_ms: 1_500 }]);
}

#[test]
fn a_stall_follows_a_start_a_seek_or_nothing() {
    use Kind::{Playing, Rebufferend, Rebufferstart, Seeked, Seeking};
    let view = view(vec![
        event(0, Playing, Some(0), 0),
        event(2_000, Rebufferstart, Some(2_000), 0),
        // Said twice, as some players do: one stall.
        event(2_500, Rebufferstart, Some(2_000), 0),
        event(3_000, Rebufferend, Some(2_000), 0),
        event(6_000, Seeking, Some(60_000), 0),
        event(6_200, Seeked, Some(60_000), 0),
        event(7_000, Rebufferstart, Some(60_800), 0),
        event(7_700, Rebufferend, Some(60_800), 0),
        event(9_000, Rebufferstart, Some(62_100), 0),
        event(9_100, Rebufferend, Some(62_100), 0),
    ]);
    let stall = |after, at_playing_ms, rebuffer_ms| Stall { after, at_playing_ms, rebuffer_ms };
    let expected = [
        stall(After::Start, 2_000, 1_000),
        stall(After::Seek, 5_800, 700),
        stall(After::Nothing, 7_100, 100),
    ];
    assert_eq!(view.course().stalls, expected);
}

proptest! {
    #[test]
    fn stalls_are_as_many_and_as_long_as_the_totals_say(events in any_events()) {
        let course = view(events).course();
        let together: u32 = course.stalls.iter().map(|stall| stall.rebuffer_ms).sum();
        let count = u32::try_from(course.stalls.len()).unwrap();
        prop_assert_eq!((Some(together), Some(count)), (course.totals.rebuffer_ms, course.totals.rebuffer_count));
        prop_assert!(course.stalls.iter().all(|stall| Some(stall.at_playing_ms) <= course.totals.playing_ms));
    }
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
pub fn any_events() -> impl Strategy<Value = Vec<Event<'static>>> {
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
pub struct Shown {
    playing_ms: u32,
    watch_ms: u32,
    rebuffer_ms: u32,
    rebuffer_count: u32,
    seek_ms: u32,
    seek_count: u32,
    bitrate_ms: u64,
    played_ranges: Vec<(u32, u32)>,
}

impl Shown {
    /// What has to be shown of a view without totals.
    pub fn of(view: &View) -> Self {
        let Course { totals, ranges, .. } = view.course();
        Self {
            playing_ms: totals.playing_ms.unwrap(),
            watch_ms: totals.watch_ms.unwrap(),
            rebuffer_ms: totals.rebuffer_ms.unwrap(),
            rebuffer_count: totals.rebuffer_count.unwrap(),
            seek_ms: totals.seek_ms.unwrap(),
            seek_count: totals.seek_count.unwrap(),
            bitrate_ms: totals.bitrate_ms.unwrap(),
            played_ranges: ranges,
        }
    }
}

/// What analysts see of all views, by id.
pub async fn shown(store: &Store) -> Vec<Shown> {
    let select = "SELECT playing_ms, watch_ms, rebuffer_ms, rebuffer_count, seek_ms, seek_count, bitrate_ms, \
        played_ranges FROM views ORDER BY view_id";
    store.client.query(select).fetch_all().await.unwrap()
}

/// How long all views without totals show each bitrate, by id.
pub async fn renditions(store: &Store) -> Vec<Vec<(u64, u32)>> {
    let select = "SELECT arrayMap(time -> (time.1, time.3), rendition_times) FROM views ORDER BY view_id";
    store.client.query(select).fetch_all().await.unwrap()
}

/// The same of a view, as it has to be.
pub fn renditions_of(view: &View) -> Vec<(u64, u32)> {
    view.course().renditions.into_iter().filter(|(bitrate, _)| *bitrate > 0).collect()
}

/// The stalls of all views without totals, by id: what each followed, after how much playing, how long.
pub async fn stalls(store: &Store) -> Vec<Vec<(String, u32, u32)>> {
    store.client.query("SELECT stalls FROM views ORDER BY view_id").fetch_all().await.unwrap()
}

/// The same of a view, as it has to be.
pub fn stalls_of(view: &View) -> Vec<(String, u32, u32)> {
    let name = |after| match after {
        After::Nothing => "nothing",
        After::Seek => "seek",
        After::Start => "start",
    };
    let stalls = view.course().stalls.into_iter();
    stalls.map(|stall| (name(stall.after).to_owned(), stall.at_playing_ms, stall.rebuffer_ms)).collect()
}

/// What ClickHouse makes of the stored timelines, by id.
pub async fn reckoned(store: &Store) -> Vec<Shown> {
    let select = "SELECT reckoned.2.1 AS playing_ms, reckoned.2.2 AS watch_ms, reckoned.2.3 AS rebuffer_ms, \
        reckoned.2.4 AS rebuffer_count, reckoned.2.5 AS seek_ms, reckoned.2.6 AS seek_count, \
        reckoned.2.7 AS bitrate_ms, reckoned_ranges.2 AS played_ranges FROM reckoned_courses ORDER BY view_id";
    store.client.query(select).fetch_all().await.unwrap()
}

/// How many views are shown by less than is known of their timeline.
pub async fn lagging(store: &Store) -> u64 {
    store.client.query("SELECT countIf(is_lagging) FROM reckoned_courses").fetch_one().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn clickhouse_says_of_any_timeline_what_rust_says() {
    let data = TempDir::new().unwrap();
    let (_engine, store) = migrated(&data).await;
    let mut runner = TestRunner::deterministic();
    let ids: Vec<String> = (0..VIEWS).map(|number| format!("{number:05}")).collect();
    let rows: Vec<ViewRow<'_>> = ids
        .iter()
        .map(|view_id| {
            let view = view(any_events().new_tree(&mut runner).unwrap().current());
            ViewRow::of_all("e", BEGUN_MS, view_id, view)
        })
        .collect();
    store.insert(Table::ViewStates, &view_block(&rows), "once").await.unwrap();

    let shown = shown(&store).await;
    assert_eq!(shown.len(), VIEWS);
    assert_eq!(reckoned(&store).await, shown, "what Rust stored and what ClickHouse makes of the timelines");
    assert_eq!(lagging(&store).await, 0, "both see as much in a timeline");
    assert!(
        shown.iter().filter(|row| row.played_ranges.len() > 2 && row.rebuffer_count > 0).count() > VIEWS / 20
    );
    let expected: Vec<_> = rows.iter().map(|row| renditions_of(&row.view)).collect();
    assert_eq!(renditions(&store).await, expected);
    let expected: Vec<_> = rows.iter().map(|row| stalls_of(&row.view)).collect();
    assert_eq!(stalls(&store).await, expected);
    for (row, shown) in rows.iter().zip(shown) {
        assert_eq!(shown, Shown::of(&row.view), "{:#?}", row.view.timeline);
    }
}
