//! A client that tells of things without end grows no row without end, and the rest of its view is as it says.

use clickhouse::Row;
use playhead::event::{
    Attribute, AttributeKey, Counters, Event, Failure, Format, Kind, Record, Segment, bounds,
    marks::{self, Marks},
    timeline,
};
use proptest::prelude::*;
use serde::Deserialize;

use super::Bench;

/// Records of one batch each, and what each brings.
const RECORDS: u64 = 4;
const CHANGES: u64 = 2_000;
const STATES: u64 = 6_000;

#[derive(Row, Deserialize, Debug, PartialEq)]
struct Kept {
    kept: u64,
    first: u64,
    playing_ms: u32,
    events: u64,
}

#[derive(Row, Deserialize, Debug, PartialEq)]
struct Troubled {
    errors: u64,
    last_error: u64,
    newest: String,
    names: u64,
    stretches: u64,
    last_stretch: u32,
}

#[derive(Row, Deserialize, Debug, PartialEq)]
struct Uncounted {
    states: u64,
    last: u64,
    playing_ms: u32,
}

fn change(sequence: u64, bitrate: u64) -> Event<'static> {
    let attribute =
        Attribute { key: AttributeKey::RenditionBitrate.into(), number: bitrate, ..Attribute::default() };
    Event {
        sequence,
        t_ms: sequence as i64,
        kind: Kind::Renditionchange.into(),
        counters: Some(Counters { playing_ms: Some(sequence as u32), ..Counters::default() }),
        attributes: vec![attribute],
        ..Event::default()
    }
}

/// One event with an error, a dimension and a stretch that no other has.
fn trouble(sequence: u64) -> Event<'static> {
    let number = u32::try_from(sequence).unwrap();
    let dimension = Attribute {
        key: AttributeKey::KeyCustom.into(),
        name: format!("name-{sequence:05}").into(),
        text: "value".into(),
        ..Attribute::default()
    };
    Event {
        sequence,
        t_ms: sequence as i64,
        kind: Kind::Error.into(),
        failure: Some(Failure { code: sequence.to_string().into(), ..Failure::default() }),
        segments: vec![Segment { number: number * 2, from_ms: number, to_ms: number + 1 }],
        attributes: vec![dimension],
        ..Event::default()
    }
}

/// One of a client without totals: a state of its own millisecond.
fn state(sequence: u64) -> Event<'static> {
    let kind = if sequence.is_multiple_of(2) { Kind::Playing } else { Kind::Pause };
    Event { sequence, t_ms: sequence as i64, kind: kind.into(), ..Event::default() }
}

fn record(view_id: &str, format: Format, received_ms: i64, events: Vec<Event<'static>>) -> Record<'static> {
    Record {
        environment: "e".into(),
        view_id: view_id.to_owned().into(),
        format: format.into(),
        received_ms,
        events,
        ..Record::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absurd_client_grows_no_row_without_end() {
    let mut bench = Bench::start().await;
    let received_ms = chrono::Utc::now().timestamp_millis();
    for number in 0..RECORDS {
        let events = |each: u64, event: fn(u64) -> Event<'static>| -> Vec<Event<'static>> {
            (number * each + 1..=(number + 1) * each).map(event).collect()
        };
        let records = [
            record("absurd", Format::Native, received_ms, events(CHANGES, |place| change(place, place))),
            record("troubled", Format::Native, received_ms, events(CHANGES, trouble)),
            record("uncounted", Format::Cmcd, received_ms, events(STATES, state)),
        ];
        // Twice: a repeat brings nothing new, and takes no room.
        let payloads = records.iter().chain(&records).map(|record| (record.key(), record.to_bytes()));
        let positions = bench.append(payloads.collect()).await;
        bench.settled(&positions).await;
        if number == 1 {
            bench.restart_processor().await;
        }
    }
    let select = "SELECT length(marks) AS kept, arrayMin(mapKeys(marks)) AS first, playing_ms, \
        assumeNotNull((SELECT count() FROM events WHERE view_id = 'absurd')) AS events \
        FROM view_states FINAL WHERE view_id = 'absurd'";
    let kept: Vec<Kept> = bench.store.client.query(select).fetch_all().await.unwrap();
    let all = RECORDS * CHANGES;
    let expected = Kept { kept: marks::MOST as u64, first: 1, playing_ms: all as u32, events: all };
    assert_eq!(kept, [expected]);

    let select = "SELECT length(error_sequences) AS errors, arrayMax(error_sequences) AS last_error, \
        error_code.2 AS newest, length(custom) AS names, length(segment_from_ms) AS stretches, \
        arrayMax(mapKeys(segment_to_ms)) AS last_stretch FROM view_states FINAL WHERE view_id = 'troubled'";
    let troubled: Vec<Troubled> = bench.store.client.query(select).fetch_all().await.unwrap();
    let expected = Troubled {
        errors: bounds::ERRORS as u64,
        last_error: bounds::ERRORS as u64,
        newest: all.to_string(),
        names: bounds::NAMES as u64,
        stretches: u64::from(bounds::STRETCHES) / 2 - 1,
        last_stretch: bounds::STRETCHES - 2,
    };
    assert_eq!(troubled, [expected]);

    // Playing every other millisecond as long as there was room, and from the last that was noted until the end.
    let select = "SELECT length(timeline) AS states, arrayMax(mapKeys(timeline)) AS last, course.2.1 AS playing_ms \
        FROM view_states FINAL WHERE view_id = 'uncounted'";
    let uncounted: Vec<Uncounted> = bench.store.client.query(select).fetch_all().await.unwrap();
    let most = timeline::MOST as u64;
    let expected = Uncounted {
        states: most,
        last: timeline::order(most as i64, 0),
        playing_ms: (most / 2 - 1 + RECORDS * STATES - most) as u32,
    };
    assert_eq!(uncounted, [expected]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5))]
    #[test]
    fn the_earliest_marks_are_kept_in_whatever_order_they_come(
        mut places in prop::collection::vec(0_u64..20_000, 7_500..9_000)
    ) {
        let learn = |places: &[u64]| {
            let mut marks = Marks::default();
            places.iter().for_each(|place| marks.learn(*place, &change(*place, 1 + place % 7)));
            marks
        };
        let all = learn(&places);
        prop_assert_eq!(all.0.len(), marks::MOST);
        let (some, others) = places.split_at(places.len() / 3);
        let mut joined = learn(others);
        joined.merge(&learn(some));
        joined.merge(&learn(others));
        prop_assert_eq!(&joined, &all);
        places.sort_unstable();
        places.dedup();
        prop_assert_eq!(all.0.keys().copied().collect::<Vec<_>>(), &places[..marks::MOST]);
    }
}
