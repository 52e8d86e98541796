//! Too much at once, and logs and disks that run full.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use super::{QUICK, Shown, count};
use crate::{
    flood::flood,
    rig::{Log, Rig, signal},
};

/// From the issue: how long after an overload everything is as before.
const RECOVERY: Duration = Duration::from_secs(10);

/// A crowd as ever, and a flood of `times` the limit beside it.
pub async fn overload(seed: u64, times: u32, length: Duration) -> Shown {
    const LIMIT: u32 = 2000;
    /// Of its seconds; and the mean has to be as much, so that the flood counts as one.
    const HELD: f64 = 0.9;
    /// What is refused of the more important and not of the less, by the chance of a moment.
    const CHANCE: f64 = 0.02;
    let limit = [("ADMIT_EVENTS_PER_S", &*LIMIT.to_string())];
    let rig = Rig::start(Log::Embedded, &format!("t08-{times}"), &limit).await;
    let crowd = rig.crowd(12, QUICK, seed);
    sleep(Duration::from_secs(2)).await;
    let (begun, before) = (Instant::now(), rig.ledger.len());
    let flood = flood(&rig, LIMIT, times, length).await;
    let accepted = (rig.ledger.len() - before) as f64 / begun.elapsed().as_secs_f64();
    let memory_mb = resident_mb(rig.collector.pid());
    let (refused, slowest) = (count(&crowd.answers.refused), count(&crowd.answers.slowest_ms));
    let ended = Instant::now();
    while !takes_heartbeats(&rig).await && ended.elapsed() < RECOVERY * 3 {
        sleep(QUICK).await;
    }
    let normal = ended.elapsed();
    let answers = crowd.finish().await;
    let after = rig.crowd(12, QUICK, seed + 1);
    sleep(Duration::from_secs(5)).await;
    let after = after.finish().await;
    let (offered, held) = flood.held(length, f64::from(LIMIT * times));
    let note = format!(
        "{offered:.0} events/s offered, {held} of {} seconds with {times} times {LIMIT}; {accepted:.0} came in: {}; of the players \
        beside them {refused} beacons were refused, slowest answer {slowest} ms; {} different waits; {memory_mb} MB resident; \
        normal {normal:.1?} after the end",
        length.as_secs(),
        flood.told(),
        flood.waits(),
    );
    let most = f64::from(LIMIT) * 1.2;
    let shares = flood.shares();
    let is_flood = held as f64 >= length.as_secs_f64() * HELD && offered >= f64::from(LIMIT * times);
    let is_upside_down = shares.windows(2).any(|pair| pair[0] > pair[1] + CHANCE);
    Shown::new(rig.compare().await, &answers, note)
        .unless(!is_flood, || format!("no machine for {times} times the limit"))
        .but(flood.strange().is_some(), || format!("answered {}", flood.strange().unwrap_or_default()))
        .but(is_flood && flood.waits() < 3, || "everybody is to come back at the same time".into())
        .but(is_flood && is_upside_down, || "what matters more was refused before what matters less".into())
        .but(is_flood && shares[3] < 0.9, || "errors and ends were refused".into())
        .but(accepted > most, || format!("{accepted:.0} events/s are beyond the limit of {LIMIT}"))
        .but(normal > RECOVERY, || "heartbeats were still refused".into())
        .but(count(&after.refused) > 0, || "still refusing afterwards".into())
}

/// Whether what is the first to be refused is taken in.
async fn takes_heartbeats(rig: &Rig) -> bool {
    let event = json!({"seq": 1, "t_ms": 0, "type": "heartbeat"});
    let beacon = json!({"v": 1, "views": [{"id": "beating", "events": [event]}]});
    rig.collector.beacon(&beacon).await.0 == 202
}

/// A third of a million views, each with a video, a title and values of its own and a heatmap as long as there can be, beside
/// players as ever.
pub async fn cardinality(seed: u64) -> Shown {
    const BEACONS: usize = 170;
    const VIEWS: usize = 2000;
    /// What a view may cost the collector, bytes.
    const BYTES: u64 = 6000;
    let rig = Rig::start(Log::Embedded, "t057", &[]).await;
    let crowd = rig.crowd(8, QUICK, seed);
    sleep(Duration::from_secs(3)).await;
    let before = resident_mb(rig.collector.pid());
    let mut trouble = None;
    for beacon in 0..BEACONS {
        let view = |number| {
            let own = format!("{beacon}-{number}");
            let set = json!({"video_id": own, "video_title": own, "cdn": own, "player_name": own, "custom": {&*own: own}});
            // Played to the last second of a day, in a beacon of the first one.
            let event = json!({"seq": 1, "t_ms": 0, "type": "play", "seg": [0, 86_398_000, 86_399_000]});
            json!({"id": format!("bomb-{own}"), "set": set, "events": [event]})
        };
        let views: Vec<_> = (0..VIEWS).map(view).collect();
        let (status, answer) = rig.collector.beacon(&json!({"v": 1, "views": views})).await;
        if status != 202 {
            trouble.get_or_insert(format!("a beacon was answered {status}: {answer}"));
        }
    }
    let (refused, slowest) = (count(&crowd.answers.refused), count(&crowd.answers.slowest_ms));
    let answers = crowd.finish().await;
    let tally = rig.compare().await;
    let after = resident_mb(rig.collector.pid());
    let breakdown = "/data/v1/metrics/views/breakdown?group_by=video_title&limit=5&timeframe[]=24:hours";
    let (status, answer) = rig.collector.get(breakdown).await;
    let note = format!(
        "{} views with titles of their own: {before} MB resident before, {after} MB after; {refused} players refused, slowest \
        answer {slowest} ms",
        BEACONS * VIEWS
    );
    let most = before + (BEACONS * VIEWS) as u64 * BYTES / (1 << 20);
    let mut shown = Shown::new(tally, &answers, note)
        .but(after > most, || format!("more than {most} MB"))
        .but(status != 200, || format!("a breakdown was answered {status}: {answer}"));
    shown.trouble = trouble.or(shown.trouble);
    shown
}

/// Many viewers behind one address, and among them somebody who guesses keys and tokens.
pub async fn one_address(seed: u64) -> Shown {
    let rig = Rig::start(Log::Embedded, "t084", &[]).await;
    let crowd = rig.crowd(400, Duration::from_secs(1), seed);
    let (begun, mut guesses, mut barred) = (Instant::now(), 0, 0);
    while begun.elapsed() < Duration::from_secs(15) {
        let server = &rig.collector;
        let guess = server.http.get(server.at("/data/v1/video-views")).basic_auth("reader", Some("guess"));
        let key = server.http.post(server.at(&format!("/in/guess{guesses}"))).body("{}");
        for request in [guess, key] {
            guesses += 1;
            barred += u64::from(request.send().await.is_ok_and(|answer| answer.status() == 429));
        }
        sleep(Duration::from_millis(20)).await;
    }
    let refused = count(&crowd.answers.refused);
    let beacons = count(&crowd.answers.acknowledged);
    let answers = crowd.finish().await;
    let note = format!(
        "400 players at the address of somebody who guesses {guesses} times ({barred} answered 429): {beacons} of their beacons \
        taken, {refused} refused"
    );
    Shown::new(rig.compare().await, &answers, note)
        .but(refused > 0, || "players pay for their neighbour".into())
        .but(barred == 0, || "nobody keeps them from guessing".into())
}

pub async fn full_log(seed: u64) -> Shown {
    let rig = Rig::start(Log::Embedded, "t088", &[("LOG_MAX_BYTES", "2000000")]).await;
    let engine = rig.collector.engine().expect("an engine");
    signal(engine, libc::SIGSTOP);
    let crowd = rig.crowd(12, QUICK, seed);
    let begun = Instant::now();
    while count(&crowd.answers.refused) < 50 && begun.elapsed() < Duration::from_secs(90) {
        sleep(QUICK).await;
    }
    let refused = count(&crowd.answers.refused);
    signal(engine, libc::SIGCONT);
    let answers = crowd.finish().await;
    Shown::new(rig.compare().await, &answers, format!("{refused} refused while the log was full"))
        .but(refused < 50, || "the log never filled up".into())
}

/// What a process holds in memory.
pub fn resident_mb(pid: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kb| kb.parse::<u64>().ok()).unwrap_or_default() / 1024
}
