//! What crosses a boundary is written once: generated documents match the code, examples are read as they say.

use std::{fs, path::Path};

use playhead::{
    beacon::formats::{Arrival, epas, mux, native},
    event::{Record, record::proto},
    web::live::frame::{ClientFrame, Protocol, ServerFrame},
};
use prost::Message;
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn examples(prefix: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir(root().join("schema/examples")).unwrap().map(|entry| entry.unwrap().path());
    let named = entries.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix));
    let mut examples: Vec<_> = named
        .map(|path| {
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap())
        })
        .collect();
    examples.sort();
    assert!(!examples.is_empty());
    examples
}

#[test]
fn the_live_schema_is_the_one_of_the_code() {
    let file = root().join("schema/live.v1.schema.json");
    let generated = serde_json::to_string_pretty(&schemars::schema_for!(Protocol)).unwrap() + "\n";
    if std::env::var_os("PLAYHEAD_TEST_UPDATE").is_some() {
        fs::write(&file, &generated).unwrap();
    }
    let committed = fs::read_to_string(file).unwrap_or_default();
    assert_eq!(committed, generated, "run: PLAYHEAD_TEST_UPDATE=1 cargo test --test it schema");
}

#[test]
fn example_beacons_are_read_as_they_say() {
    for (name, text) in examples("beacon") {
        let mut body = text.into_bytes();
        let arrival = Arrival { received_ms: 1_795_313_030_000 };
        let decoded = if name.contains("mux") {
            mux::decode(&mut body, arrival).unwrap().decoded
        } else if name.contains("epas") {
            epas::decode(&mut body, arrival, None, |_| String::new()).unwrap().decoded
        } else {
            native::decode(&mut body, arrival).unwrap()
        };
        // As whoever reads the log by the declaration has them.
        let declared = |record: &Record<'_>| proto::Record::decode(record.to_bytes()).unwrap();
        let records: Vec<_> = decoded.records.iter().map(declared).collect();
        insta::assert_debug_snapshot!(name, (records, decoded.rejected));
    }
}

#[test]
fn example_frames_are_frames() {
    for (name, text) in examples("live") {
        let is_frame = serde_json::from_str::<ServerFrame>(&text).is_ok()
            || serde_json::from_str::<ClientFrame>(&text).is_ok();
        assert!(is_frame, "{name}");
    }
}

/// Every member that the schema of the native beacon knows is one that the decoder reads, and the other way round.
#[test]
fn the_beacon_schema_knows_the_attributes_of_the_decoder() {
    let text = fs::read_to_string(root().join("schema/beacon.v1.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    let set = find(&schema, "video_title").expect("the members of `set`");
    for spec in playhead::event::attribute::ATTRIBUTES.iter().filter(|spec| spec.client) {
        assert!(set.get(spec.name).is_some(), "schema/beacon.v1.schema.json does not know `{}`", spec.name);
    }
}

/// The object that has a member `name`, anywhere.
fn find<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    match value {
        Value::Object(members) if members.contains_key(name) => Some(value),
        Value::Object(members) => members.values().find_map(|member| find(member, name)),
        Value::Array(items) => items.iter().find_map(|item| find(item, name)),
        _ => None,
    }
}
