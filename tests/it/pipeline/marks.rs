//! A client that changes its rendition without end grows no row without end, and the rest of its view is as it says.

use clickhouse::Row;
use playhead::event::{
    Attribute, AttributeKey, Counters, Event, Format, Kind, Record,
    marks::{self, Marks},
};
use proptest::prelude::*;
use serde::Deserialize;

use super::Bench;

/// Records of one batch each, and what each brings.
const RECORDS: u64 = 4;
const CHANGES: u64 = 2_000;

#[derive(Row, Deserialize, Debug, PartialEq)]
struct Kept {
    kept: u64,
    first: u64,
    playing_ms: u32,
    events: u64,
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

#[tokio::test(flavor = "multi_thread")]
async fn an_absurd_client_grows_no_row_without_end() {
    let mut bench = Bench::start().await;
    let received_ms = chrono::Utc::now().timestamp_millis();
    for number in 0..RECORDS {
        let sequences = number * CHANGES + 1..=(number + 1) * CHANGES;
        let record = Record {
            environment: "e".into(),
            view_id: "absurd".into(),
            format: Format::Native.into(),
            received_ms,
            events: sequences.map(|sequence| change(sequence, sequence)).collect(),
            ..Record::default()
        };
        // Twice: a repeat brings nothing new, and takes no room.
        let payload = || (record.key(), record.to_bytes());
        let positions = bench.append(vec![payload(), payload()]).await;
        bench.settled(&positions).await;
        if number == 1 {
            bench.restart_processor().await;
        }
    }
    let select = "SELECT length(marks) AS kept, arrayMin(mapKeys(marks)) AS first, playing_ms, \
        assumeNotNull((SELECT count() FROM events)) AS events FROM view_states FINAL";
    let kept: Vec<Kept> = bench.store.client.query(select).fetch_all().await.unwrap();
    let all = RECORDS * CHANGES;
    let expected = Kept { kept: marks::MOST as u64, first: 1, playing_ms: all as u32, events: all };
    assert_eq!(kept, [expected]);
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
