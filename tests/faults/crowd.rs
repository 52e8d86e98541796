//! Players of all four formats that send until they are answered, as real ones do: an answer that got lost, a refusal or a
//! dead collector makes them send the same bytes again. Shares no code with the service.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinSet, time::Instant};

use super::ledger::{Format, Ledger};

/// The promise for a request that cannot be served.
const LONGEST_ANSWER: Duration = Duration::from_secs(30);
/// How long the rest may take when the run is over.
const DRAIN: Duration = Duration::from_secs(90);

/// Where and how fast.
#[derive(Clone)]
pub struct Target {
    /// Any of them will do; whoever gets no answer goes on to the next.
    pub urls: Vec<String>,
    pub ingest_key: String,
    /// Between two beacons of one player.
    pub pause: Duration,
}

/// How the answers were.
#[derive(Default)]
pub struct Answers {
    pub acknowledged: AtomicU64,
    /// 429 or 503 with `Retry-After`, CMCD's 204 without anything accepted.
    pub refused: AtomicU64,
    /// No answer: the collector was dead or dying.
    pub broken: AtomicU64,
    /// Answers no player could make sense of, and the first of them.
    pub malformed: AtomicU64,
    pub strange: OnceLock<String>,
    /// Events in all beacons sent, repeats included.
    pub offered: AtomicU64,
    /// The slowest answer of any kind, ms.
    pub slowest_ms: AtomicU64,
}

/// A running crowd.
pub struct Crowd {
    players: JoinSet<()>,
    stop: watch::Sender<bool>,
    pub answers: Arc<Answers>,
}

impl Crowd {
    /// Lets `players` loose, the formats in turns.
    pub fn start(target: &Target, ledger: &Arc<Ledger>, players: u64, seed: u64) -> Self {
        let (stop, stopping) = watch::channel(false);
        let answers = Arc::new(Answers::default());
        let http = Client::builder().no_proxy().timeout(LONGEST_ANSWER).build().expect("a client");
        let mut set = JoinSet::new();
        for number in 0..players {
            let player = Player {
                target: target.clone(),
                http: http.clone(),
                ledger: Arc::clone(ledger),
                answers: Arc::clone(&answers),
                stopping: stopping.clone(),
                chance: StdRng::seed_from_u64(seed.wrapping_mul(1_000_003) ^ number),
                format: Format::ALL[(number % 4) as usize],
                at: number as usize,
            };
            set.spawn(player.play());
        }
        Self { players: set, stop, answers }
    }

    /// No new views; returns when everything is acknowledged or given up.
    pub async fn finish(mut self) -> Arc<Answers> {
        self.stop.send_replace(true);
        while let Some(ended) = self.players.join_next().await {
            ended.expect("no player panics");
        }
        self.answers
    }
}

struct Player {
    target: Target,
    http: Client,
    ledger: Arc<Ledger>,
    answers: Arc<Answers>,
    stopping: watch::Receiver<bool>,
    chance: StdRng,
    format: Format,
    /// The place among the targets.
    at: usize,
}

/// What an answer means for the beacon.
#[derive(PartialEq)]
enum Said {
    Acknowledged,
    Again,
}

impl Player {
    async fn play(mut self) {
        while !*self.stopping.borrow() {
            let view = uuid::Uuid::new_v4().to_string();
            let beacons = self.chance.random_range(3..12);
            let mut next = 1;
            for number in 0..beacons {
                if *self.stopping.borrow() {
                    break;
                }
                let count = if self.format == Format::Epas { 1 } else { self.chance.random_range(5..=25) };
                let sequences: Vec<u64> = (next..next + count).collect();
                next += count;
                let body = self.body(&view, &sequences, number == 0);
                let playing_ms = self.format.tells_playing().then_some((next - 1) * 100);
                self.ledger.sent(self.format, &view, &sequences, playing_ms);
                if !self.deliver(&body, count).await {
                    return;
                }
                self.ledger.acknowledged(&view, &sequences);
                // Now and then a player sends twice what was acknowledged.
                if self.chance.random_bool(0.05) {
                    let _ = self.post(&body, count).await;
                }
                tokio::time::sleep(self.target.pause).await;
            }
        }
    }

    /// Whether it was acknowledged in the end.
    async fn deliver(&mut self, body: &str, events: u64) -> bool {
        let mut give_up: Option<Instant> = None;
        loop {
            if self.post(body, events).await == Said::Acknowledged {
                return true;
            }
            if *self.stopping.borrow()
                && Instant::now() > *give_up.get_or_insert_with(|| Instant::now() + DRAIN)
            {
                return false;
            }
            let pause_ms = self.chance.random_range(50..400);
            tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        }
    }

    async fn post(&mut self, body: &str, events: u64) -> Said {
        self.answers.offered.fetch_add(events, Ordering::Relaxed);
        let Target { urls, ingest_key, .. } = &self.target;
        let url = &urls[self.at % urls.len()];
        let (url, content_type) = match self.format {
            Format::Native => (format!("{url}/in/{ingest_key}"), "text/plain"),
            Format::Mux => (format!("{url}/"), "text/plain"),
            Format::Cmcd => (format!("{url}/in/{ingest_key}/cmcd"), "application/cmcd"),
            Format::Epas => (format!("{url}/in/{ingest_key}/epas"), "application/json"),
        };
        let asked = Instant::now();
        let answer =
            self.http.post(url).header("content-type", content_type).body(body.to_owned()).send().await;
        let answer = match answer {
            Ok(answer) => {
                let header = |name: &str| {
                    answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
                };
                let (status, accepted, retry) =
                    (answer.status(), header("playhead-accepted"), header("retry-after"));
                // Whoever dies in the middle of an answer has not given it.
                answer.text().await.map(|text| (status, accepted, retry, text))
            }
            Err(error) => Err(error),
        };
        let ms = asked.elapsed().as_millis() as u64;
        let count = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        let Ok((status, accepted, retry, text)) = answer else {
            count(&self.answers.broken);
            self.at += 1;
            return Said::Again;
        };
        self.answers.slowest_ms.fetch_max(ms, Ordering::Relaxed);
        let is_done = match self.format {
            Format::Native => status == StatusCode::ACCEPTED,
            Format::Mux => status == StatusCode::NO_CONTENT,
            Format::Cmcd => status == StatusCode::NO_CONTENT && accepted.as_deref().is_some_and(|n| n != "0"),
            Format::Epas => status == StatusCode::OK,
        };
        let is_refusal = match self.format {
            Format::Cmcd => status == StatusCode::NO_CONTENT && accepted.as_deref() == Some("0"),
            _ => matches!(status.as_u16(), 429 | 503) && retry.is_some_and(|s| s.parse::<u32>().is_ok()),
        };
        count(match (is_done, is_refusal) {
            (true, _) => &self.answers.acknowledged,
            (_, true) => &self.answers.refused,
            _ => {
                self.answers
                    .strange
                    .get_or_init(|| format!("{:?} was answered {status}: {text}", self.format));
                &self.answers.malformed
            }
        });
        if is_done { Said::Acknowledged } else { Said::Again }
    }

    fn body(&self, view: &str, sequences: &[u64], is_first: bool) -> String {
        let now_ms = chrono::Utc::now().timestamp_millis();
        let at_ms = |sequence: u64| now_ms + sequence as i64 % 7;
        let kind = |sequence: u64| match sequence {
            1 => "play",
            2 => "playing",
            n if n % 9 == 0 => "pause",
            n if n % 9 == 1 => "playing",
            _ => "heartbeat",
        };
        match self.format {
            Format::Native => {
                let event = |seq: &u64| json!({"seq": seq, "t_ms": seq * 100, "type": kind(*seq), "playhead_ms": seq * 100, "c": {"playing_ms": seq * 100}});
                let events: Vec<Value> = sequences.iter().map(event).collect();
                let set = if is_first { json!({"video_id": "film"}) } else { json!({}) };
                json!({"v": 1, "sent_ms": now_ms, "views": [{"id": view, "set": set, "events": events}]})
                    .to_string()
            }
            Format::Mux => {
                let word = |seq| if kind(seq) == "heartbeat" { "hb" } else { kind(seq) };
                let event = |seq: &u64| json!({"ake": self.target.ingest_key, "xid": view, "xsqno": seq, "psqno": seq, "e": word(*seq), "uti": at_ms(*seq), "pphti": seq * 100, "xpntimscv": seq * 100, "mapve": "2.1", "pinid": "p", "vid": "film"});
                let events: Vec<Value> = sequences.iter().map(event).collect();
                json!({"meta": {"transmission_timestamp": now_ms}, "events": events}).to_string()
            }
            Format::Cmcd => {
                let line = |seq: &u64| {
                    format!(
                        "br=(5000),e=t,pt={},sid=\"{view}\",sn={seq},sta=p,ts={},v=2",
                        seq * 100,
                        at_ms(*seq)
                    )
                };
                sequences.iter().map(line).collect::<Vec<_>>().join("\n")
            }
            Format::Epas => {
                let word = if is_first { "init" } else { "heartbeat" };
                json!({"event": word, "sessionId": view, "timestamp": at_ms(sequences[0]), "playhead": sequences[0] as f64, "duration": 4000.0}).to_string()
            }
        }
    }
}
