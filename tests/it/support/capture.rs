//! Beacons captured from real players, as fixtures.

use std::path::Path;

use playhead::{
    beacon::formats::{Arrival, epas, mux},
    event::Record,
};
use serde_json::Value;

/// One report of a CMCD capture: when it arrived after the capture's begin, what it called itself, and its body.
#[derive(Debug, Clone)]
pub struct Report {
    pub at_ms: i64,
    pub content_type: String,
    pub body: String,
}

/// One beacon of a capture: when it arrived after the capture's begin, and its body.
#[derive(Debug, Clone)]
pub struct Beacon {
    pub at_ms: i64,
    pub body: String,
}

/// The mux-embed captures: name and the beacons that are JSON (one scenario's page posted its own notes as well).
pub fn mux_captures() -> Vec<(String, Vec<Beacon>)> {
    beacons("mux")
}

/// The captures of Eyevinn's web SDK.
pub fn epas_captures() -> Vec<(String, Vec<Beacon>)> {
    beacons("epas")
}

fn beacons(client: &str) -> Vec<(String, Vec<Beacon>)> {
    let beacon =
        |post: Value| Beacon { at_ms: at_ms(&post), body: post["body"].as_str().unwrap().to_owned() };
    let beacons =
        |posts: Vec<Value>| posts.into_iter().map(beacon).filter(|b| b.body.starts_with('{')).collect();
    posts(client).into_iter().map(|(name, posts)| (name, beacons(posts))).collect()
}

/// The captures of CMCD players.
pub fn cmcd_captures() -> Vec<(String, Vec<Report>)> {
    let report = |post: Value| Report {
        at_ms: at_ms(&post),
        content_type: post["headers"]["content-type"].as_str().unwrap().to_owned(),
        body: post["body"].as_str().unwrap().to_owned(),
    };
    let reports = |posts: Vec<Value>| posts.into_iter().map(report).collect();
    posts("cmcd").into_iter().map(|(name, posts)| (name, reports(posts))).collect()
}

/// The POSTs of each capture in a folder.
fn posts(folder: &str) -> Vec<(String, Vec<Value>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/captures").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    let read = |file: &std::path::PathBuf| {
        let text = std::fs::read_to_string(file).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["method"] == "POST").collect()
    };
    files.iter().map(|file| (file.file_stem().unwrap().to_str().unwrap().to_owned(), read(file))).collect()
}

fn at_ms(post: &Value) -> i64 {
    post["t_ms"].as_i64().unwrap()
}

/// The records of a beacon that arrived at `received_ms`.
pub fn records(beacon: &Beacon, received_ms: i64, environment: &str) -> Vec<Record<'static>> {
    let mut body = beacon.body.clone().into_bytes();
    let records = mux::decode(&mut body, Arrival { received_ms }).unwrap().decoded.into_owned().records;
    let named = |record| Record { environment: environment.to_owned().into(), ..record };
    records.into_iter().map(named).collect()
}

/// The records of an EPAS beacon that arrived at `received_ms`; one that names no view gets the name `unnamed`.
pub fn epas_records(beacon: &Beacon, received_ms: i64) -> Vec<Record<'static>> {
    let mut body = beacon.body.clone().into_bytes();
    let decoded = epas::decode(&mut body, Arrival { received_ms }, Some("0.3.1"), |_| "unnamed".into())
        .unwrap()
        .decoded
        .into_owned();
    assert_eq!(decoded.rejected, []);
    decoded.records
}
