//! Far more than the service is set to take in, at a steady rate, of everything that is worth something different to it. Who is
//! refused keeps its beacon and sends it again.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::interval};

use super::{
    ledger::{Format, Ledger},
    rig::Rig,
    server::Server,
};

/// Each sends at its own pace and waits for its answers, so that a slow service is not buried under requests.
const SENDERS: u32 = 6;
/// A second of which less was offered than this share is none of the overload.
const SLACK: f64 = 0.98;

/// What is offered of one worth.
struct Part {
    name: &'static str,
    /// Of its events.
    kind: &'static str,
    /// Whether each beacon is of a view that nobody knows.
    is_new: bool,
    /// Of the limit, each second.
    share: f64,
    events: u64,
}

/// The first to go first. What matters most fits under the limit, and with it a part of what is new.
const PARTS: [Part; 4] = [
    Part { name: "heartbeats", kind: "heartbeat", is_new: false, share: 0.0, events: 250 },
    Part { name: "newcomers", kind: "play", is_new: true, share: 1.0, events: 50 },
    Part { name: "courses", kind: "pause", is_new: false, share: 0.2, events: 20 },
    Part { name: "errors and ends", kind: "error", is_new: false, share: 0.2, events: 20 },
];

/// What became of one part.
#[derive(Default)]
struct Fate {
    sent: AtomicU64,
    accepted: AtomicU64,
}

/// What a flood has shown.
#[derive(Default)]
pub struct Outcome {
    fates: [Fate; 4],
    /// Events of each second.
    offered: Mutex<Vec<u64>>,
    /// What `Retry-After` said, seconds.
    waits: Mutex<BTreeSet<u64>>,
    /// The first answer no player could make sense of.
    strange: Mutex<Option<String>>,
}

impl Outcome {
    fn offer(&self, begun: Instant, events: u64) {
        let second = begun.elapsed().as_secs() as usize;
        let mut offered = self.offered.lock().expect("no panic");
        if offered.len() <= second {
            offered.resize(second + 1, 0);
        }
        offered[second] += events;
    }

    /// Of a flood this long: mean events per second, and how many of its seconds had so many.
    pub fn held(&self, length: Duration, per_s: f64) -> (f64, usize) {
        let offered = self.offered.lock().expect("no panic");
        let seconds = &offered[..offered.len().min(length.as_secs() as usize)];
        let held = seconds.iter().filter(|events| **events as f64 >= per_s * SLACK).count();
        (seconds.iter().sum::<u64>() as f64 / length.as_secs_f64(), held)
    }

    /// The share of each part's beacons that came in, the first to go first.
    pub fn shares(&self) -> [f64; 4] {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed) as f64;
        self.fates.each_ref().map(|fate| of(&fate.accepted) / of(&fate.sent).max(1.0))
    }

    /// The same in words.
    pub fn told(&self) -> String {
        let told = PARTS
            .iter()
            .zip(self.shares())
            .map(|(part, share)| format!("{} {:.0} %", part.name, share * 100.0));
        told.collect::<Vec<_>>().join(", ")
    }

    /// How many different waits were asked for.
    pub fn waits(&self) -> usize {
        self.waits.lock().expect("no panic").len()
    }

    pub fn strange(&self) -> Option<String> {
        self.strange.lock().expect("no panic").clone()
    }
}

/// Offers `times` the limit for so long, beside whoever else sends.
pub async fn flood(rig: &Rig, limit: u32, times: u32, length: Duration) -> Outcome {
    let outcome = Arc::new(Outcome::default());
    let (begun, mut senders) = (Instant::now(), JoinSet::new());
    let is_over = Arc::new(AtomicBool::new(false));
    // A little more than was promised, because the machine has other things to do.
    let heartbeats = f64::from(times) * 1.15 - PARTS.iter().map(|part| part.share).sum::<f64>();
    for (number, part) in PARTS.iter().enumerate() {
        let share = if part.share > 0.0 { part.share } else { heartbeats };
        let beacons_per_s = share * f64::from(limit) / part.events as f64 / f64::from(SENDERS);
        for sender in 0..SENDERS {
            let sender = Sender {
                part,
                number,
                url: format!("{}/in/{}", rig.collector.url(), Server::INGEST_KEY),
                http: rig.collector.http.clone(),
                ledger: Arc::clone(&rig.ledger),
                outcome: Arc::clone(&outcome),
                name: format!("flood-{number}-{sender}"),
            };
            senders.spawn(sender.send(
                Duration::from_secs_f64(1.0 / beacons_per_s),
                begun,
                Arc::clone(&is_over),
            ));
        }
    }
    tokio::time::sleep(length).await;
    is_over.store(true, Ordering::Relaxed);
    while let Some(ended) = senders.join_next().await {
        ended.expect("no sender panics");
    }
    Arc::into_inner(outcome).expect("every sender has ended")
}

struct Sender {
    part: &'static Part,
    number: usize,
    url: String,
    http: Client,
    ledger: Arc<Ledger>,
    outcome: Arc<Outcome>,
    name: String,
}

impl Sender {
    async fn send(self, pace: Duration, begun: Instant, is_over: Arc<AtomicBool>) {
        let mut turn = interval(pace);
        let (mut view, mut first) = (self.name.clone(), 1);
        while !is_over.load(Ordering::Relaxed) {
            turn.tick().await;
            self.outcome.offer(begun, self.part.events);
            if !self.deliver(&view, first).await {
                continue;
            }
            match self.part.is_new {
                true => view = format!("{}-{}", self.name, uuid::Uuid::new_v4()),
                false => first += self.part.events,
            }
        }
    }

    /// Whether it was taken in.
    async fn deliver(&self, view: &str, first: u64) -> bool {
        let sequences: Vec<u64> = (first..first + self.part.events).collect();
        let event = |seq: &u64| json!({"seq": seq, "t_ms": seq, "type": self.part.kind});
        let events: Vec<Value> = sequences.iter().map(event).collect();
        let beacon = json!({"v": 1, "views": [{"id": view, "events": events}]});
        self.ledger.sent(Format::Native, view, &sequences, None);
        let fate = &self.outcome.fates[self.number];
        fate.sent.fetch_add(1, Ordering::Relaxed);
        let answer = match self.http.post(&self.url).json(&beacon).send().await {
            Ok(answer) => answer,
            Err(error) => return self.wonder(&error.to_string()),
        };
        let header =
            |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (status, kind, wait) = (answer.status().as_u16(), header("content-type"), header("retry-after"));
        let text = answer.text().await.unwrap_or_default();
        if status == 202 {
            fate.accepted.fetch_add(1, Ordering::Relaxed);
            self.ledger.acknowledged(view, &sequences);
            return true;
        }
        let problem: Value = serde_json::from_str(&text).unwrap_or_default();
        let is_problem = kind.as_deref() == Some("application/problem+json")
            && problem["status"] == status
            && matches!((status, problem["code"].as_str()), (429, Some("over_limit")) | (503, Some(_)));
        match wait.and_then(|wait| wait.parse::<u64>().ok()) {
            Some(wait @ 1..=5) if is_problem => {
                self.outcome.waits.lock().expect("no panic").insert(wait);
                false
            }
            _ => self.wonder(&format!("{status} {text}")),
        }
    }

    fn wonder(&self, at: &str) -> bool {
        self.outcome.strange.lock().expect("no panic").get_or_insert_with(|| at.to_owned());
        false
    }
}
