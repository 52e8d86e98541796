//! Beacons captured from real players, as fixtures.

use std::path::Path;

use playhead::{
    beacon::formats::{Arrival, epas, mux},
    event::Record,
};
use serde_json::Value;

/// One beacon of a capture: when it arrived after the capture's begin, and its body.
#[derive(Debug, Clone)]
pub struct Beacon {
    pub at_ms: i64,
    pub body: String,
}

/// The mux-embed captures: name and the beacons that are JSON (one scenario's page posted its own notes as well).
pub fn mux_captures() -> Vec<(String, Vec<Beacon>)> {
    captures("mux")
}

/// The captures of Eyevinn's web SDK.
pub fn epas_captures() -> Vec<(String, Vec<Beacon>)> {
    captures("epas")
}

fn captures(client: &str) -> Vec<(String, Vec<Beacon>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/captures").join(client);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    files.iter().map(|file| (file.file_stem().unwrap().to_str().unwrap().to_owned(), read(file))).collect()
}

fn read(file: &Path) -> Vec<Beacon> {
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let posts = lines.filter(|line| line["method"] == "POST");
    let beacons = posts.map(|line| Beacon {
        at_ms: line["t_ms"].as_i64().unwrap(),
        body: line["body"].as_str().unwrap().to_owned(),
    });
    beacons.filter(|beacon| beacon.body.starts_with('{')).collect()
}

/// The records of a beacon that arrived at `received_ms`.
pub fn records(beacon: &Beacon, received_ms: i64, environment: &str) -> Vec<Record> {
    let mut body = beacon.body.clone().into_bytes();
    let mut records = mux::decode(&mut body, Arrival { received_ms }).unwrap().decoded.records;
    records.iter_mut().for_each(|record| environment.clone_into(&mut record.environment));
    records
}

/// The records of an EPAS beacon that arrived at `received_ms`; one that names no view gets the name `unnamed`.
pub fn epas_records(beacon: &Beacon, received_ms: i64) -> Vec<Record> {
    let mut body = beacon.body.clone().into_bytes();
    let decoded = epas::decode(&mut body, Arrival { received_ms }, Some("0.3.1"), |_| "unnamed".into())
        .unwrap()
        .decoded;
    assert_eq!(decoded.rejected, []);
    decoded.records
}
