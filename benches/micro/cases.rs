//! The parts of a beacon's way, each alone, on input that never changes.

use std::{fmt, hint::black_box};

use bytes::Bytes;
use playhead::{
    beacon::{
        enrich::Enricher,
        formats::{Arrival, cmcd, epas, mux, native},
    },
    event::{Record, View},
    log::StoredRecord,
    pipeline::{
        batch::{Batch, Placed, strangers},
        live::Live,
        memory::Memory,
        rows::{Day, rows},
    },
    store::rows::{event_block, view_block},
    web::live::{
        frame::{Query, Topic},
        patch,
        question::Question,
    },
};

use crate::parts::{BEGIN_MS, ENVIRONMENT, bodies, crowd, one_view, request};

/// Views of the crowd that batches and live state are measured with.
const CROWD: usize = 500;

/// A part of the way.
pub struct Case {
    pub name: &'static str,
    /// What one run of it is worth.
    pub per_run: usize,
    /// What that is counted in.
    pub unit: &'static str,
    /// Makes its input once.
    pub prepare: fn() -> Work,
}

/// One run.
pub type Work = Box<dyn FnMut()>;

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

const fn case(name: &'static str, per_run: usize, unit: &'static str, prepare: fn() -> Work) -> Case {
    Case { name, per_run, unit, prepare }
}

/// All of them, in the order of the way.
pub static ALL: [Case; 17] = [
    case("decode native", 1, "beacon", decode_native),
    case("decode mux-embed", 1, "beacon", decode_mux),
    case("decode cmcd", 1, "beacon", decode_cmcd),
    case("decode epas", 1, "beacon", decode_epas),
    case("enrich", 1, "beacon", enrich),
    case("record encode", 1, "beacon", encode_record),
    case("record decode", 1, "beacon", decode_record),
    case("fold", 1, "beacon", fold),
    case("batch fill", CROWD, "beacon", fill),
    case("batch rows", CROWD, "beacon", rows_of),
    case("event block", EVENTS_OF_BATCH, "event", event_rows),
    case("view block", CROWD, "view", view_rows),
    case("live learn", CROWD, "beacon", learn),
    case("live tick", 1, "tick", tick),
    case("live overview", 1, "answer", || answer(Topic::Overview)),
    case("live breakdown", 1, "answer", || answer(Topic::Breakdown)),
    case("live frame", 1, "frame", frame),
];

/// The events of the beacon that the batch is made of.
const EVENTS_OF_BATCH: usize = CROWD * 5;
/// Which beacon of the view that is: the second, of 1.8 kB and five events.
const MIDDLE: usize = 1;

const ARRIVAL: Arrival = Arrival { received_ms: BEGIN_MS };

fn decode_native() -> Work {
    let body = include_bytes!("../../schema/examples/beacon-full.json");
    Box::new(|| drop(black_box(native::decode(&mut body.to_vec(), ARRIVAL).expect("a beacon"))))
}

fn decode_mux() -> Work {
    let body = bodies("mux/03_rebuffer.jsonl").swap_remove(1).1.into_bytes();
    Box::new(move || drop(black_box(mux::decode(&mut body.clone(), ARRIVAL).expect("a beacon"))))
}

fn decode_cmcd() -> Work {
    let body = bodies("cmcd/hlsjs-normal_batch10.jsonl").swap_remove(1).1.into_bytes();
    Box::new(move || drop(black_box(cmcd::decode(&body, ARRIVAL).expect("a report"))))
}

fn decode_epas() -> Work {
    let body = bodies("epas/epas-normal.jsonl").swap_remove(2).1.into_bytes();
    Box::new(move || {
        drop(black_box(
            epas::decode(&mut body.clone(), ARRIVAL, Some("0.3.1"), |_| "unnamed".into()).expect("an event"),
        ));
    })
}

fn enrich() -> Work {
    let (enricher, request) = (Enricher::new(Vec::new(), None, None), request().to_http_request());
    Box::new(move || drop(black_box(enricher.origin(request.head()))))
}

fn encode_record() -> Work {
    let record = one_view().swap_remove(MIDDLE);
    Box::new(move || drop(black_box(record.to_bytes())))
}

fn decode_record() -> Work {
    let bytes = one_view()[MIDDLE].to_bytes();
    Box::new(move || drop(black_box(Record::from_bytes(&bytes).expect("a record"))))
}

fn fold() -> Work {
    let records = one_view();
    let known = records[..MIDDLE].iter().fold(View::default(), |mut known, record| {
        known.merge(&View::of(record));
        known
    });
    let record = records[MIDDLE].clone();
    // Merging again changes nothing, so every run is like the first.
    let mut view = known;
    Box::new(move || view.merge(black_box(&View::of(&record))))
}

/// The middle beacons of a crowd, as they lie in the log.
fn stored() -> Vec<StoredRecord> {
    let records = crowd(CROWD).skip(CROWD * MIDDLE).take(CROWD);
    (0..).zip(records).map(|(offset, record)| StoredRecord { offset, payload: record.to_bytes() }).collect()
}

fn batch() -> Batch {
    let mut batch = Batch::new(0, 0);
    stored().into_iter().for_each(|record| batch.push(record));
    batch.read();
    assert_eq!(batch.events, EVENTS_OF_BATCH);
    batch
}

/// What the processor remembers of the views in `batch`.
fn memory(batch: &Batch) -> Memory {
    let mut memory = Memory::default();
    strangers(&batch.records(), &memory)
        .into_iter()
        .for_each(|(key, stranger)| memory.begin(key, stranger.received_ms));
    memory
}

fn fill() -> Work {
    let stored = stored();
    Box::new(move || {
        let mut batch = Batch::new(0, 0);
        stored.iter().for_each(|record| batch.push(record.clone()));
        batch.read();
        drop(black_box(batch));
    })
}

fn rows_of() -> Work {
    let batch = batch();
    let memory = memory(&batch);
    Box::new(move || {
        let records = batch.records();
        let kept = batch.excluded.kept_of(&records);
        drop(black_box(rows(0, &kept, &mut memory.of_records(&records))));
    })
}

/// Something done with the rows of the batch, whose parts live as long as the program.
fn with_rows(work: fn(&Day<'_>)) -> Work {
    let batch: &'static Batch = Box::leak(Box::new(batch()));
    let records: &'static [Placed<'_>] = batch.records().leak();
    let rows = rows(0, batch.excluded.kept_of(records).leak(), &mut memory(batch));
    Box::new(move || rows.by_day.values().for_each(work))
}

fn event_rows() -> Work {
    with_rows(|day| drop(black_box(event_block(&day.events))))
}

fn view_rows() -> Work {
    with_rows(|day| drop(black_box(view_block(&day.views))))
}

/// Live state when a crowd has begun to watch, and what comes next.
fn live() -> (Live, Vec<Record<'static>>) {
    let live = Live::default();
    let (before, next): (Vec<_>, Vec<_>) =
        crowd(CROWD).take(CROWD * (MIDDLE + 1)).enumerate().partition(|(at, _)| *at < CROWD * MIDDLE);
    live.learn(before.iter().map(|(_, record)| record), BEGIN_MS);
    (live, next.into_iter().map(|(_, record)| record).collect())
}

fn learn() -> Work {
    let (live, records) = live();
    let mut later_ms = 0;
    Box::new(move || {
        // Beacons that say the same again cost what the first of them cost; only time goes on.
        later_ms += 10;
        live.learn(records.iter(), BEGIN_MS + later_ms);
    })
}

fn tick() -> Work {
    let (live, _) = live();
    let mut now_ms = BEGIN_MS + 60_000;
    Box::new(move || {
        now_ms += 1;
        live.tick(now_ms);
    })
}

fn question(topic: Topic) -> Question {
    let dimension = (topic == Topic::Breakdown).then(|| "browser".to_owned());
    Question { environment: ENVIRONMENT.into(), topic, query: Query { dimension, ..Query::default() } }
}

fn answer(topic: Topic) -> Work {
    let ((live, _), question) = (live(), question(topic));
    Box::new(move || drop(black_box(question.answer(&live, BEGIN_MS + 60_000))))
}

fn frame() -> Work {
    let (live, records) = live();
    let question = question(Topic::Overview);
    let before = question.answer(&live, BEGIN_MS + 60_000);
    live.learn(records.iter(), BEGIN_MS + 60_000);
    let after = question.answer(&live, BEGIN_MS + 61_000);
    Box::new(move || {
        let changes = patch::diff(&before, &after);
        drop(black_box(Bytes::from(serde_json::to_string(&changes).expect("an object"))));
    })
}
