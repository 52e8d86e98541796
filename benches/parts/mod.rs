//! What the benches feed: beacons of real players (tests/fixtures/captures), and crowds of views made of them.

#![allow(dead_code, reason = "each bench uses a part")]

pub mod audience;
pub mod cpu;
pub mod disk;
pub mod log;

use std::{net::SocketAddr, path::Path, sync::Arc};

use actix_web::test::TestRequest;
use playhead::{
    beacon::{
        enrich::Enricher,
        formats::{Arrival, mux},
    },
    event::{Attribute, Record, record::wire},
};
use serde_json::Value;

/// When the first beacon of every crowd arrives, Unix ms: the morning of 2026-11-22.
pub const BEGIN_MS: i64 = 1_795_334_400_000;
/// Whose views they are.
pub const ENVIRONMENT: &str = "bench";
/// Titles of a crowd; a few are watched by many.
const TITLES: usize = 240;

/// The bodies of a capture and when each arrived, ms after the first.
pub fn bodies(capture: &str) -> Vec<(i64, String)> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/captures").join(capture);
    let text = std::fs::read_to_string(file).expect("a capture");
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
    let posts = lines.filter(|line| line["method"] == "POST" && line["body"] != "");
    let posts = posts.map(|post| {
        (post["t_ms"].as_i64().unwrap_or(0), post["body"].as_str().unwrap_or_default().to_owned())
    });
    let posts: Vec<(i64, String)> = posts.collect();
    let first_ms = posts[0].0;
    posts.into_iter().map(|(at_ms, body)| (at_ms - first_ms, body)).collect()
}

/// What the collector finds out about a viewer with Chrome.
pub fn origin() -> Vec<Attribute<'static>> {
    let encoded = Enricher::new(Vec::new(), None, None).origin(request().to_http_request().head());
    let record = wire::read(&encoded).expect("a record of nothing but its origin");
    record.into_owned().origin
}

/// A request as a browser makes it.
pub fn request() -> TestRequest {
    let agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/155.0.0.0 Safari/537.36";
    let address: SocketAddr = ([203, 0, 113, 9], 50_000).into();
    TestRequest::post().insert_header(("user-agent", agent)).peer_addr(address)
}

/// The records of one view: half a minute of mux-embed with a stall in it, six beacons of 1.5 kB on average.
pub fn one_view() -> Vec<Record<'static>> {
    let origin = origin();
    let records = bodies("mux/03_rebuffer.jsonl").into_iter().flat_map(|(at_ms, body)| {
        let arrival = Arrival { received_ms: BEGIN_MS + at_ms };
        let mut body = body.into_bytes();
        let records = mux::decode(&mut body, arrival).expect("a beacon").decoded.records;
        records.into_iter().map(Record::into_owned).collect::<Vec<_>>()
    });
    records
        .map(|record| Record { environment: ENVIRONMENT.into(), origin: origin.clone(), ..record })
        .collect()
}

/// So many views side by side: first the first beacon of each, then the second. Every tenth of a second as many begin as
/// come to ten seconds for all, as beacons of a real crowd do.
pub fn crowd(views: usize) -> impl Iterator<Item = Record<'static>> {
    let steps: Arc<[Record<'static>]> = one_view().into();
    (0..steps.len()).flat_map(move |step| {
        let steps = Arc::clone(&steps);
        (0..views).map(move |view| of_crowd(&steps[step], view, views))
    })
}

fn of_crowd(record: &Record<'static>, view: usize, views: usize) -> Record<'static> {
    let mut record = record.clone();
    record.view_id = format!("00000000-0000-4000-8000-{view:012x}").into();
    record.received_ms += (view * 10_000 / views.max(1)) as i64;
    // The square makes the first titles popular.
    let title = view % TITLES * (view % TITLES) / TITLES;
    let attributes = record.events.iter_mut().flat_map(|event| &mut event.attributes);
    for attribute in attributes {
        match attribute.key() {
            playhead::event::AttributeKey::VideoId => attribute.text = format!("title-{title:03}").into(),
            playhead::event::AttributeKey::VideoTitle => {
                attribute.text = format!("Open Water, part {title:03}").into();
            }
            playhead::event::AttributeKey::ViewerId => attribute.text = format!("viewer-{view:09}").into(),
            _ => {}
        }
    }
    record
}
