//! The log record, written and read by hand: held against what is generated from its declaration, on records of real
//! players, on random ones and on bytes that are none.

use std::borrow::Cow;

use playhead::event::{
    Attribute, Counters, Event, Failure, Record, Segment,
    record::{proto, wire},
};
use proptest::prelude::*;
use prost::Message;

use crate::support::capture::{mux_captures, records};

fn bytes(record: &Record<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    wire::write(record, &mut bytes);
    bytes
}

/// The same record as any other program has it.
fn declared(record: &Record<'_>) -> proto::Record {
    let attribute = |known: &Attribute<'_>| proto::Attribute {
        key: known.key,
        name: known.name.to_string(),
        text: known.text.to_string(),
        number: known.number,
    };
    let failure = |failure: &Failure<'_>| proto::Failure {
        code: failure.code.to_string(),
        message: failure.message.to_string(),
        severity: failure.severity,
    };
    let event = |event: &Event<'_>| proto::Event {
        sequence: event.sequence,
        t_ms: event.t_ms,
        kind: event.kind,
        name: event.name.to_string(),
        playhead_ms: event.playhead_ms,
        counters: event.counters,
        segments: event.segments.clone(),
        attributes: event.attributes.iter().map(attribute).collect(),
        failure: event.failure.as_ref().map(failure),
        turn: event.turn,
    };
    proto::Record {
        environment: record.environment.to_string(),
        view_id: record.view_id.to_string(),
        format: record.format,
        received_ms: record.received_ms,
        anchor_ms: record.anchor_ms,
        events: record.events.iter().map(event).collect(),
        origin: record.origin.iter().map(attribute).collect(),
    }
}

#[test]
fn captures_are_written_and_read_as_declared() {
    for (name, beacons) in mux_captures() {
        for record in beacons.iter().flat_map(|beacon| records(beacon, 1_000_000, "e")) {
            let declared = declared(&record);
            assert_eq!(bytes(&record), declared.encode_to_vec(), "{name}");
            assert_eq!(wire::read(&declared.encode_to_vec()).unwrap(), record, "{name}");
            assert!(wire::room_for(&record) >= bytes(&record).len(), "{name}: it is copied while it grows");
        }
    }
}

/// What is generated decides what is a record, and what it says.
fn is_read_as_declared(bytes: &[u8]) -> bool {
    wire::read(bytes).map(|record| declared(&record)).ok() == proto::Record::decode(bytes).ok()
}

#[test]
fn with_any_byte_wrong_it_is_read_or_refused_as_declared() {
    let attribute =
        |name, text| Attribute { key: 7, name: Cow::from(name), text: Cow::from(text), number: 300 };
    let event = Event {
        sequence: 5,
        t_ms: 1_795_334_400_000,
        name: "ä".into(),
        counters: Some(Counters {
            playing_ms: Some(70_000),
            preroll_load_ms: Some(1),
            ..Counters::default()
        }),
        segments: vec![Segment { number: 1, from_ms: 2, to_ms: 3_000 }],
        attributes: vec![attribute("ö", "plain"), attribute("", "ü€")],
        failure: Some(Failure { code: "é".into(), message: "x".into(), severity: 1 }),
        ..Event::default()
    };
    let origin = vec![attribute("𝄞", "y")];
    let whole = bytes(&Record { view_id: "v".into(), events: vec![event], origin, ..Record::default() });
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        for byte in 0..=u8::MAX {
            bytes[place] = byte;
            assert!(is_read_as_declared(&bytes), "{byte} at {place}");
        }
        assert!(is_read_as_declared(&whole[..place]), "cut off at {place}");
    }
}

/// Short mostly; now and then so long that a length takes two bytes.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![4 => ".{0,8}", 1 => "[a-zä]{120,300}"]
}

fn attribute() -> impl Strategy<Value = Attribute<'static>> {
    (any::<i32>(), text(), text(), any::<u64>()).prop_map(|(key, name, text, number)| Attribute {
        key,
        name: name.into(),
        text: text.into(),
        number,
    })
}

fn event() -> impl Strategy<Value = Event<'static>> {
    let numbers = (any::<u64>(), any::<i64>(), any::<i32>(), any::<Option<u64>>(), any::<u32>());
    let counters = any::<Option<(Option<u32>, Option<u64>)>>().prop_map(|some| {
        some.map(|(playing_ms, bitrate_ms)| Counters { playing_ms, bitrate_ms, ..Counters::default() })
    });
    let segment =
        any::<(u32, u32, u32)>().prop_map(|(number, from_ms, to_ms)| Segment { number, from_ms, to_ms });
    let failure = (text(), text(), any::<i32>()).prop_map(|(code, message, severity)| Failure {
        code: code.into(),
        message: message.into(),
        severity,
    });
    let parts = (
        prop::collection::vec(segment, 0..3),
        prop::collection::vec(attribute(), 0..4),
        prop::option::of(failure),
    );
    (numbers, text(), counters, parts).prop_map(
        |(numbers, name, counters, (segments, attributes, failure))| {
            let (sequence, t_ms, kind, playhead_ms, turn) = numbers;
            let name = name.into();
            Event { sequence, t_ms, kind, name, playhead_ms, counters, segments, attributes, failure, turn }
        },
    )
}

fn record() -> impl Strategy<Value = Record<'static>> {
    let numbers = (any::<i32>(), any::<i64>(), any::<i64>());
    let lists = (prop::collection::vec(event(), 0..3), prop::collection::vec(attribute(), 0..3));
    (text(), text(), numbers, lists).prop_map(
        |(environment, view_id, (format, received_ms, anchor_ms), (events, origin))| {
            let (environment, view_id) = (environment.into(), view_id.into());
            Record { environment, view_id, format, received_ms, anchor_ms, events, origin }
        },
    )
}

proptest! {
    #[test]
    fn any_record_is_written_and_read_as_declared(record in record()) {
        let declared = declared(&record);
        let bytes = bytes(&record);
        prop_assert_eq!(&bytes, &declared.encode_to_vec());
        prop_assert_eq!(wire::read(&bytes).unwrap(), record);
    }

    /// Bytes flipped, cut off, put in.
    #[test]
    fn what_is_no_record_is_refused_as_declared(
        record in record(),
        hurts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..4),
    ) {
        let mut bytes = bytes(&record);
        for (place, byte, how) in hurts {
            if bytes.is_empty() {
                break;
            }
            let place = place.index(bytes.len());
            match how {
                0 => bytes[place] = byte,
                1 => bytes.truncate(place),
                _ => bytes.insert(place, byte),
            }
        }
        prop_assert!(is_read_as_declared(&bytes));
    }
}
