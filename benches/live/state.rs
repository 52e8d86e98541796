//! The live projection of a crowd: its memory, what a beacon costs in it, and what a flush of twenty questions costs.

use std::{hint::black_box, time::Duration};

use playhead::{
    pipeline::live::{Live, bounds::Room},
    web::live::{
        frame::{Query, Topic},
        patch,
        question::Question,
    },
};

use crate::parts::{BEGIN_MS, ENVIRONMENT, cpu::resident_bytes, crowd};

/// Beacons of each view: the first, with what is watched, and one of its heartbeats.
const BEACONS: usize = 2;
/// Flushes: so many that the kernel's clock, which moves in milliseconds, tells their mean.
const FLUSHES: u32 = 200;

/// Prints what so many views cost.
pub fn measure(views: usize) {
    // All of them, however large they are: what is left out costs nothing.
    let live = Live::with_room(Room(usize::MAX));
    let (before_bytes, begun) = (resident_bytes(std::process::id()), on_cpu());
    let mut records = 0_u32;
    for record in crowd(views).take(views * BEACONS) {
        live.learn(std::iter::once(&record), record.received_ms);
        records += 1;
    }
    let used = on_cpu() - begun;
    let bytes = resident_bytes(std::process::id()) - before_bytes;
    assert_eq!(live.read(ENVIRONMENT, |environment| environment.views.len()), views, "all views are there");
    println!("{views} views: {} bytes a view", bytes / views as u64);
    println!("a beacon, made and learnt: {:.2} µs", used.as_secs_f64() * 1e6 / f64::from(records));
    flush(&live, views);
}

fn flush(live: &Live, views: usize) {
    let questions = questions();
    let now_ms = BEGIN_MS + 25_000;
    let ask = |now_ms| questions.iter().map(|question| question.answer(live, now_ms)).collect::<Vec<_>>();
    let mut known = ask(now_ms);
    let mut used = Duration::ZERO;
    for second in 1..=FLUSHES {
        live.tick(now_ms + i64::from(second) * 1000);
        let begun = on_cpu();
        let answers = ask(now_ms + i64::from(second) * 1000);
        for (before, after) in known.iter().zip(&answers) {
            black_box(serde_json::to_string(&patch::diff(before, after)).expect("an object"));
        }
        used += on_cpu() - begun;
        known = answers;
    }
    println!("a flush of {} questions over {views} views: {:.2?}", questions.len(), used / FLUSHES);
}

/// What a wall of screens asks: every topic, some of them of several videos and dimensions.
fn questions() -> Vec<Question> {
    let ask = |topic, query| Question { environment: ENVIRONMENT.into(), topic, query };
    let of_video = |number: usize| Query { video_id: Some(format!("title-{number:03}")), ..Query::default() };
    let by = |dimension: &str| Query { dimension: Some(dimension.to_owned()), ..Query::default() };
    let mut questions = vec![
        ask(Topic::Overview, Query::default()),
        ask(Topic::Timeseries, Query::default()),
        ask(Topic::Top, Query::default()),
        ask(Topic::Views, Query::default()),
        ask(Topic::Problems, Query::default()),
    ];
    for dimension in ["country", "cdn", "browser", "operating_system", "device", "player_software"] {
        questions.push(ask(Topic::Breakdown, by(dimension)));
    }
    for number in 0..3 {
        questions.push(ask(Topic::Overview, of_video(number)));
        questions.push(ask(Topic::Heatmap, of_video(number)));
        questions.push(ask(Topic::Timeseries, of_video(number)));
    }
    questions
}

/// How long this thread has been on a processor.
fn on_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0))
}
