//! Days in minutes: players that come back after days, beacons that somebody has kept, and rows whose time is over.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::{QUICK, Shown};
use crate::{
    crowd::Answers,
    ledger::Reader,
    preload::Preload,
    rig::{Log, Rig, Role, SETTLING, ledger},
    server::Server,
    viewer::Viewer,
};

const HOUR_S: i64 = 3600;
const VIEWERS: usize = 40;

/// Views that go on after two days without a connection: each stays one view that began when it began.
pub async fn offline(_: u64) -> Shown {
    let clock = Preload::clock();
    let mut rig = Rig::start(Log::Embedded, "t066", &clock.settings()).await;
    let mut viewers = Viewer::crowd(VIEWERS, &rig.ledger);
    let (mut trouble, mut late) = (None, 0);
    for hours in [0, 47, 49] {
        clock.jump(hours * HOUR_S);
        // Whatever is remembered of them is gone as well.
        rig.kill(Role::Collector).await;
        for viewer in &mut viewers {
            trouble = trouble.or(viewer.go_on(&rig.collector).await.err());
        }
        let tally = rig.compare().await;
        late = fate(&rig.collector, "late").await;
        trouble = trouble.or((!tally.is_clean()).then(|| format!("after {hours} h: {tally}")));
    }
    let note = format!("{VIEWERS} views go on after 47 h and after 49 h, {late} events counted as late");
    let mut shown = Shown::new(rig.compare().await, &Answers::default(), note)
        .but(late != VIEWERS as u64 * 10, || "what came after two days is late".into());
    shown.trouble = trouble.or(shown.trouble);
    shown
}

/// Views that go on when they have long been forgotten: after four days and after thirty each is still one.
pub async fn long_forgotten(_: u64) -> Shown {
    let clock = Preload::clock();
    let mut rig = Rig::start(Log::Embedded, "t067", &clock.settings()).await;
    let mut viewers = Viewer::crowd(VIEWERS, &rig.ledger);
    let mut trouble = None;
    for days in [0, 4, 30] {
        clock.jump(days * 24 * HOUR_S);
        rig.kill(Role::Collector).await;
        for viewer in &mut viewers {
            trouble = trouble.or(viewer.go_on(&rig.collector).await.err());
        }
        // So that no batch holds what was sent before a jump and what comes after it.
        let tally = rig.compare().await;
        trouble = trouble.or((!tally.is_clean()).then(|| format!("after {days} days: {tally}")));
    }
    let note = format!("{VIEWERS} views go on after 4 days and after 30");
    let mut shown = Shown::new(rig.compare().await, &Answers::default(), note);
    shown.trouble = trouble.or(shown.trouble);
    shown
}

/// Somebody who has recorded beacons sends them again, the next day and the day after.
pub async fn replayed(_: u64) -> Shown {
    let clock = Preload::clock();
    let mut rig = Rig::start(Log::Embedded, "t080", &clock.settings()).await;
    let mut viewers = Viewer::crowd(VIEWERS, &rig.ledger);
    let mut trouble = None;
    for viewer in &mut viewers {
        for _ in 0..3 {
            trouble = trouble.or(viewer.go_on(&rig.collector).await.err());
        }
    }
    for hours in [0, 24, 48] {
        clock.jump(hours * HOUR_S);
        rig.kill(Role::Collector).await;
        for viewer in &viewers {
            trouble = trouble.or(viewer.repeat(&rig.collector).await.err());
        }
        let tally = rig.compare().await;
        trouble = trouble.or((!tally.is_clean()).then(|| format!("after {hours} h: {tally}")));
    }
    let note = format!("{VIEWERS} views sent again at once, a day and two days later");
    let mut shown = Shown::new(rig.compare().await, &Answers::default(), note);
    shown.trouble = trouble.or(shown.trouble);
    shown
}

/// Rows go when their ninety days are over, while others are written and everything is read.
pub async fn out_of_date(seed: u64) -> Shown {
    const LONGEST: Duration = Duration::from_secs(180);
    let clock = Preload::clock();
    let rig = Rig::start(Log::Embedded, "t070", &clock.settings()).await;
    let old = ledger("t070-old");
    let mut viewers = Viewer::crowd(VIEWERS, &old);
    let mut trouble = None;
    for viewer in &mut viewers {
        trouble = trouble.or(viewer.go_on(&rig.collector).await.err());
    }
    let url = rig.collector.url();
    let before = old.compare(&Reader { url: &url, token: Server::TOKEN, patience: SETTLING }).await;
    clock.jump(91 * 24 * HOUR_S);
    let crowd = rig.crowd(12, QUICK, seed);
    let (begun, mut reads, mut left) = (Instant::now(), 0, VIEWERS);
    while left > 0 && begun.elapsed() < LONGEST {
        left = 0;
        for viewer in &viewers {
            match rig.collector.get(&format!("/data/v1/video-views/{}", viewer.view)).await {
                (200, _) => left += 1,
                (404, _) => {}
                (status, answer) => {
                    trouble.get_or_insert(format!("a read was answered {status}: {answer}"));
                }
            }
            reads += 1;
        }
        sleep(QUICK * 10).await;
    }
    let (took, answers) = (begun.elapsed(), crowd.finish().await);
    let note = format!("{VIEWERS} views were gone {took:.0?} after their 90 days, {reads} reads meanwhile");
    let mut shown = Shown::new(rig.compare().await, &answers, note)
        .but(!before.is_clean(), || format!("before: {before}"))
        .but(left > 0, || format!("{left} of them are still there"));
    shown.trouble = trouble.or(shown.trouble);
    shown
}

/// How many events the processor has given this fate since it was started.
async fn fate(server: &Server, fate: &str) -> u64 {
    let answer = server.http.get(format!("{}/metrics", server.admin_url())).send().await.expect("an answer");
    let text = answer.text().await.expect("text");
    let line = format!("playhead_events_processed_total{{fate=\"{fate}\"}} ");
    text.lines().find_map(|of| of.strip_prefix(&line)?.parse().ok()).unwrap_or_default()
}
