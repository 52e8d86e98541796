//! Ten times more than the service is set to take in: what is acknowledged is stored, what is not is refused in form and
//! by what it is worth, and afterwards all is as before.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::support::server::Server;

/// Events per second.
const LIMIT: u32 = 300;
/// What is offered is so many times as much, at least.
const TIMES: u64 = 10;
/// In a beacon. Each sender waits for its answers, so on a busy machine there are fewer beacons; a tenth of what a quiet one
/// sends is an overload still, and its errors alone are more than the limit.
const EVENTS: u64 = 100;
const LENGTH: Duration = Duration::from_secs(4);
/// From the issue.
const RECOVERY: Duration = Duration::from_secs(10);

/// What one kind of sender got.
#[derive(Default)]
struct Outcome {
    sent: u64,
    /// Events that the limit had room for while this sender was held up: what a busy machine leaves to others.
    left: f64,
    /// Sequences by view.
    acknowledged: BTreeMap<String, BTreeSet<u64>>,
}

impl Outcome {
    fn accepted(&self) -> u64 {
        self.acknowledged.values().map(|sequences| sequences.len() as u64 / EVENTS).sum()
    }
}

fn beacon(view: &str, first: u64, kind: &str) -> Value {
    let event = |seq| json!({"seq": seq, "t_ms": seq, "type": kind});
    json!({"v": 1, "views": [{"id": view, "events": (first..first + EVENTS).map(event).collect::<Vec<_>>()}]})
}

/// Sends a beacon of `kind` every 10 ms: of one view, or of a new one each time.
async fn send(server: Arc<Server>, view: String, kind: &'static str, is_new_each_time: bool) -> Outcome {
    let (begun, mut outcome) = (Instant::now(), Outcome::default());
    let mut turn = tokio::time::interval(Duration::from_millis(10));
    let mut before = begun;
    while begun.elapsed() < LENGTH {
        turn.tick().await;
        let room = before.elapsed().as_secs_f64() * f64::from(LIMIT);
        outcome.left += (room - EVENTS as f64).max(0.0);
        before = Instant::now();
        let (view, first) = match is_new_each_time {
            true => (format!("{view}-{}", outcome.sent), 1),
            false => (view.clone(), 100 + outcome.sent * EVENTS),
        };
        outcome.sent += 1;
        let request = server.http.post(server.at(&format!("/in/{}", Server::INGEST_KEY)));
        let answer = request.json(&beacon(&view, first, kind)).send().await.expect("an answer");
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        let body: Value = answer.json().await.expect("JSON");
        if status == 202 {
            outcome.acknowledged.entry(view).or_default().extend(first..first + EVENTS);
            continue;
        }
        assert_eq!(
            (status, kind.as_str(), &body["code"]),
            (429, "application/problem+json", &json!("over_limit"))
        );
        let seconds: u64 = retry_after.expect("Retry-After").parse().expect("seconds");
        assert!((1..=5).contains(&seconds), "{seconds}");
    }
    outcome
}

/// CMCD players would send all of it again at once if they heard an error.
async fn send_cmcd(server: Arc<Server>) -> (u64, u64) {
    let begun = Instant::now();
    let (mut accepted, mut shed) = (0, 0);
    while begun.elapsed() < LENGTH {
        let line = format!("sid=\"s\",cid=\"c\",e=t,ts={},v=2", chrono::Utc::now().timestamp_millis());
        let request = server.http.post(server.at(&format!("/in/{}/cmcd", Server::INGEST_KEY)));
        let answer =
            request.header("content-type", "application/cmcd").body(line).send().await.expect("an answer");
        assert_eq!(answer.status(), 204);
        match answer.headers()["playhead-accepted"].to_str().unwrap() {
            "0" => shed += 1,
            _ => accepted += 1,
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    (accepted, shed)
}

async fn stored(server: &Server, views: &[&str]) -> BTreeMap<String, BTreeSet<u64>> {
    let line = |shown: &Value| {
        let runs: Vec<(u64, u64)> = serde_json::from_value(shown["sequences"].clone()).unwrap();
        let sequences = runs.into_iter().flat_map(|(first, last)| first..=last).collect();
        (shown["view_id"].as_str().unwrap().to_owned(), sequences)
    };
    server.ledger(Server::TOKEN, views).await.iter().map(line).collect()
}

/// The sum of a counter's lines that carry all these labels.
async fn counter(server: &Server, name: &str, labels: &[&str]) -> u64 {
    let text = server
        .http
        .get(format!("{}/metrics", server.admin_url()))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let of_name = text.lines().filter(|line| line.starts_with(&format!("{name}{{")));
    let lines = of_name.filter(|line| labels.iter().all(|label| line.contains(label)));
    lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_times_the_limit_costs_heartbeats_first_and_nothing_that_was_acknowledged() {
    let server = Arc::new(Server::start(&[("ADMIT_EVENTS_PER_S", &LIMIT.to_string())]).await);
    // Two known views, and a second for the room to come back.
    for view in ["beating", "failing"] {
        assert_eq!(server.beacon(&beacon(view, 1, "play")).await.0, 202);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let run =
        |view: &str, kind, is_new| tokio::spawn(send(Arc::clone(&server), view.to_owned(), kind, is_new));
    let (beating, failing) = (run("beating", "heartbeat", false), run("failing", "error", false));
    let (coming, cmcd) = (run("coming", "viewinit", true), tokio::spawn(send_cmcd(Arc::clone(&server))));
    let (beating, failing, coming) = (beating.await.unwrap(), failing.await.unwrap(), coming.await.unwrap());
    let (cmcd_accepted, cmcd_shed) = cmcd.await.unwrap();
    let ended = Instant::now();

    // The limit's worth came in. What matters less had the room that was there when it began, and none after that.
    let accepted = [&beating, &coming, &failing].map(Outcome::accepted);
    let sent = [&beating, &coming, &failing].map(|outcome| outcome.sent);
    println!(
        "accepted {accepted:?} of {sent:?} beacons; CMCD {cmcd_accepted} and {cmcd_shed} shed; {} left",
        failing.left
    );
    let limit = u64::from(LIMIT) * LENGTH.as_secs();
    assert!(sent.iter().sum::<u64>() * EVENTS > TIMES * limit, "no overload: {sent:?}");
    let lesser = ((accepted[0] + accepted[1]) * EVENTS) as f64;
    assert!(lesser <= f64::from(LIMIT) + failing.left, "{accepted:?} of {sent:?}, {} left", failing.left);
    assert!(accepted[2] * EVENTS > limit * 3 / 4, "{accepted:?} of {sent:?}");
    assert!(cmcd_shed > 0);

    // Heartbeats are back, without anybody's help.
    let mut next = 1_000_000;
    while server.beacon(&beacon("beating", next, "heartbeat")).await.0 != 202 {
        assert!(ended.elapsed() < RECOVERY, "heartbeats are still refused");
        next += EVENTS;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!("back to normal after {:?}", ended.elapsed());

    let mut acknowledged = beating.acknowledged;
    acknowledged.extend(failing.acknowledged);
    acknowledged.extend(coming.acknowledged);
    let views: Vec<&str> = acknowledged.keys().map(String::as_str).collect();
    let shown = stored(&server, &views).await;
    for (view, sequences) in &acknowledged {
        let missing: Vec<&u64> = sequences.difference(&shown[view]).collect();
        assert!(missing.is_empty(), "{view} lacks {missing:?}");
    }

    // Every event has one fate, and those that were shed have a reason.
    let (received, intake) = ("playhead_events_received_total", "playhead_events_intake_total");
    for format in ["format=\"native\"", "format=\"cmcd\""] {
        let fate = async |fate| counter(&server, intake, &[format, fate]).await;
        let fates = fate("fate=\"accepted\"").await + fate("fate=\"shed\"").await;
        assert_eq!(counter(&server, received, &[format]).await, fates, "{format}");
        let reasoned = [format, "fate=\"shed\"", "reason=\"over_limit\""];
        assert_eq!(counter(&server, intake, &reasoned).await, fate("fate=\"shed\"").await);
    }
}
