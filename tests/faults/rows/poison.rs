//! Events over which the service panics, or ends as nothing can catch it.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use super::{QUICK, Shown};
use crate::{
    ledger::{Format, Tally},
    poison::{give, metric, quarantined},
    rig::{Log, Rig},
    server::Server,
};

/// More than one intent has room for.
const PANICS: usize = 300;
/// A dozen starts, each with a group that has to notice that its member is gone.
const LONGEST: Duration = Duration::from_secs(300);

/// Panics first and then ends, on both logs.
pub async fn survived(seed: u64) -> Shown {
    let mut shown = Shown { tally: Tally::default(), note: String::new(), trouble: None };
    for log in [Log::Embedded, Log::Kafka] {
        for of_log in [panics(log, seed).await, ends(log, seed).await] {
            shown.tally += of_log.tally;
            shown.note = format!(
                "{}{}{log:?}: {}",
                shown.note,
                if shown.note.is_empty() { "" } else { "; " },
                of_log.note
            );
            shown.trouble = shown.trouble.or(of_log.trouble);
        }
    }
    shown
}

async fn poisoned(log: Log, name: &str) -> Rig {
    let mut rig = Rig::start(log, &format!("t054-{name}-{log:?}").to_lowercase(), &[]).await;
    let server = rig.processor.as_mut().unwrap_or(&mut rig.collector);
    server.terminate().await;
    server.change("PLANTED_BUG", Some("poison"));
    if log == Log::Kafka {
        // Whoever died without a word is missed after this time.
        let group = "session.timeout.ms=6000;heartbeat.interval.ms=1000";
        server.change("KAFKA_PROPERTIES", Some(group));
    }
    server.restart().await;
    rig
}

async fn panics(log: Log, seed: u64) -> Shown {
    let rig = poisoned(log, "panics").await;
    let crowd = rig.crowd(12, QUICK, seed);
    let process = rig.reader().pid();
    give(&rig, "planted-panic", PANICS).await;
    let answers = crowd.finish().await;
    let tally = rig.compare().await;
    let counted = metric(&rig, "playhead_events_processed_total{fate=\"quarantined\"}").await;
    let listed = quarantined(&rig).await.matches("a panic: planted").count();
    let note = format!("{counted} events that cause panics in quarantine");
    Shown::new(tally, &answers, note)
        .but(counted != PANICS as u64 + 1, || format!("{} were sent", PANICS + 1))
        .but(listed != PANICS + 1, || format!("{listed} of them are listed"))
        .but(rig.reader().pid() != process, || "the process is another one".into())
}

async fn ends(log: Log, seed: u64) -> Shown {
    let mut rig = poisoned(log, "ends").await;
    let crowd = rig.crowd(12, QUICK, seed);
    sleep(Duration::from_secs(2)).await;
    let event = json!({"seq": 1, "t_ms": 0, "type": "planted-abort"});
    let body = json!({"v": 1, "views": [{"id": "deadly", "events": [event]}]});
    rig.ledger.sent(Format::Native, "deadly", &[1], None);
    let url = rig.collector.at(&format!("/in/{}", Server::INGEST_KEY));
    // The process may end before it has answered.
    let _ = rig.collector.http.post(url).json(&body).send().await;
    let (begun, mut starts) = (Instant::now(), 0);
    while begun.elapsed() < LONGEST && !quarantined(&rig).await.contains("view deadly: 1 planted-abort") {
        starts += u32::from(rig.processor.as_mut().unwrap_or(&mut rig.collector).revive());
        sleep(QUICK).await;
    }
    let took = begun.elapsed();
    let answers = crowd.finish().await;
    let blamed = "the process ended again and again";
    let condemned = quarantined(&rig).await.matches(blamed).count();
    let note = format!("an event that ends the process in quarantine after {starts} starts and {took:.0?}");
    let tally = rig.compare().await;
    Shown::new(tally, &answers, note)
        .but(took >= LONGEST, || "the process ends again and again".into())
        .but(condemned != 1, || format!("{condemned} records are blamed"))
}
