//! What a statement that tries to eat the machine does to beacons: their latency alone, and beside such statements.
//!
//! `cargo bench --bench heavy_sql` starts the service with its embedded engine and sends beacons at an even pace, in turns
//! alone and beside as many heavy statements as one token may run; each statement is begun again when its limits end it.
//! A beacon is timed from when it was due, so that a server that stalls is not spared. `--quick` takes a minute less.
//! Numbers: `README.md`.

#![allow(clippy::expect_used, reason = "a measurement that cannot go on stops")]

use std::{
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::task::JoinSet;

const KEY: &str = "benchkey";
const TOKEN: (&str, &str) = ("bench", "bench");
/// Rounds, and how long each half of one lasts.
const ROUNDS: (usize, Duration) = (6, Duration::from_secs(10));
const QUICK_ROUNDS: (usize, Duration) = (2, Duration::from_secs(5));
/// Time between two beacons: some way below what one core takes.
const PACE: Duration = Duration::from_millis(4);
const READY: Duration = Duration::from_secs(120);
/// Each eats something else: all rows against all, memory, sorting, hashing, and one call that cannot be stopped.
const HEAVY: [&str; 4] = [
    "SELECT count() FROM numbers(1000000) AS a, numbers(1000000) AS b WHERE cityHash64(a.number, b.number) = 1",
    "SELECT uniqExact(number, toString(number)) FROM numbers(900000000)",
    "SELECT number FROM numbers(900000000) ORDER BY sipHash64(number) LIMIT 1000000, 1",
    "SELECT editDistance(repeat('a', 30000), repeat('b', 30000))",
];

struct Service {
    child: Child,
    http: SocketAddr,
    sql: SocketAddr,
    _data: TempDir,
}

#[tokio::main]
async fn main() {
    let quick = std::env::args().any(|word| word == "--quick");
    let (rounds, length) = if quick { QUICK_ROUNDS } else { ROUNDS };
    let service = Service::start().await;
    beacons(service.http, length / 2).await;
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        let quiet = beacons(service.http, length).await;
        let mut eaters: JoinSet<()> = HEAVY.into_iter().map(|text| eat(service.sql, text)).collect();
        let loud = beacons(service.http, length).await;
        eaters.shutdown().await;
        println!("round {round} alone {} beside {}", shown(&quiet), shown(&loud));
        alone.extend(quiet);
        beside.extend(loud);
        service.rest().await;
    }
    println!("\nall     alone {} beside {}", shown(&alone), shown(&beside));
    println!("p99 beside heavy SQL is {:+.0} %", 100.0 * (at(&beside, 99) / at(&alone, 99) - 1.0));
}

/// Milliseconds from when each beacon was due to its answer.
async fn beacons(to: SocketAddr, length: Duration) -> Vec<f64> {
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let begun = Instant::now();
    let mut sent = JoinSet::new();
    let mut due = begun;
    while due < begun + length {
        tokio::time::sleep_until(due.into()).await;
        let request = http.post(format!("http://{to}/in/{KEY}")).body(beacon());
        let was_due = due;
        sent.spawn(async move {
            let answer = request.send().await.expect("an answer");
            assert!(answer.status().is_success(), "{}", answer.status());
            was_due.elapsed().as_secs_f64() * 1000.0
        });
        due += PACE;
    }
    let mut delays = sent.join_all().await;
    delays.sort_by(f64::total_cmp);
    delays
}

fn beacon() -> String {
    let id = uuid::Uuid::new_v4();
    format!(
        r#"{{"v":1,"views":[{{"id":"{id}","set":{{"video_id":"title-1","viewer_id":"viewer-1"}},"events":[{{"seq":1,"t_ms":0,"type":"play"}},{{"seq":2,"t_ms":900,"type":"heartbeat","playhead_ms":500}}]}}]}}"#
    )
}

/// Asks one statement over and over.
async fn eat(sql: SocketAddr, text: &'static str) {
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    loop {
        let asked = http.post(format!("http://{sql}/")).basic_auth(TOKEN.0, Some(TOKEN.1)).body(text).send();
        // An error is an end as well, and a place that is not free yet is waited for.
        if asked.await.is_ok_and(|answer| !answer.status().is_success()) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// The value that so many per cent are below; the delays of several rounds are put in order first.
fn at(delays: &[f64], percent: usize) -> f64 {
    let mut sorted = delays.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get((sorted.len() * percent / 100).min(sorted.len() - 1)).copied().expect("there are beacons")
}

fn shown(delays: &[f64]) -> String {
    format!("p50 {:6.1} ms p99 {:6.1} ms of {}", at(delays, 50), at(delays, 99), delays.len())
}

impl Service {
    async fn start() -> Self {
        let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
        let [http, sql, admin] = [(); 3].map(|()| free_address());
        let child = Command::new(env!("CARGO_BIN_EXE_playhead"))
            .arg("serve")
            .env("PLAYHEAD_HTTP_ADDR", http.to_string())
            .env("PLAYHEAD_SQL_ADDR", sql.to_string())
            .env("PLAYHEAD_ADMIN_ADDR", admin.to_string())
            .env("PLAYHEAD_DATA_DIR", data.path())
            .env("PLAYHEAD_BOOTSTRAP_INGEST_KEY", KEY)
            .env("PLAYHEAD_BOOTSTRAP_TOKEN", format!("{}:{}", TOKEN.0, TOKEN.1))
            .env("PLAYHEAD_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("the server starts");
        let service = Self { child, http, sql, _data: data };
        let begun = Instant::now();
        while !service.answers("SELECT count() FROM views").await {
            assert!(begun.elapsed() < READY, "not ready after {READY:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        service
    }

    async fn answers(&self, text: &'static str) -> bool {
        let asked = reqwest::Client::new().post(format!("http://{}/", self.sql)).body(text);
        let asked = asked.basic_auth(TOKEN.0, Some(TOKEN.1)).send().await;
        asked.is_ok_and(|answer| answer.status().is_success())
    }

    /// Waits until nothing is left of the statements, those that cannot be stopped included.
    async fn rest(&self) {
        while !self.answers("SELECT throwIf(count() > 0) FROM system.processes").await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}
