//! The program under test: a service on an engine that the bench holds itself, so that their CPU time can be told apart.

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use playhead::store::{
    Store,
    embedded::{EmbeddedClickHouse, Settings},
};
use tempfile::TempDir;

use crate::{cpu::used_s, relay::Relay};

/// Where history is copied from, and where it is read. Credentials of a server that ends with the bench.
pub const SEED: &str = "seed";
pub const READ: &str = "bench";
const TOKEN: [&str; 2] = ["reader", "benchmark"];
const READY: Duration = Duration::from_secs(120);
/// No row for so long means that none is to come.
const QUIET: Duration = Duration::from_secs(4);

pub struct Service {
    pub relay: Relay,
    engine: EmbeddedClickHouse,
    child: Child,
    address: SocketAddr,
    http: reqwest::Client,
    data: TempDir,
}

impl Service {
    /// Starts all of it in a new directory and waits until it answers.
    pub async fn start() -> Self {
        let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
        let mut settings = Settings::new(data.path().join("clickhouse"));
        settings.program = Some(program());
        let engine = EmbeddedClickHouse::start(settings).expect("the engine starts");
        engine.ready(READY).await.expect("the engine answers");
        let relay = Relay::start(&engine);
        let [address, admin] = [free_address(), free_address()];
        let credentials = data.path().join("credentials.json");
        std::fs::write(&credentials, environments()).expect("a file");
        let child = Command::new(program())
            .arg("serve")
            .env("PLAYHEAD_CLICKHOUSE_URL", relay.url())
            .env("PLAYHEAD_CLICKHOUSE_USER", engine.user())
            .env("PLAYHEAD_CLICKHOUSE_PASSWORD", engine.password())
            .env("PLAYHEAD_HTTP_ADDR", address.to_string())
            .env("PLAYHEAD_ADMIN_ADDR", admin.to_string())
            .env("PLAYHEAD_SQL_ADDR", "127.0.0.1:0")
            .env("PLAYHEAD_DATA_DIR", data.path().join("service"))
            .env("PLAYHEAD_BOOTSTRAP_FILE", &credentials)
            .env("PLAYHEAD_LOG", "error")
            .stdout(Stdio::null())
            .spawn()
            .expect("the service starts");
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let service = Self { relay, engine, child, address, http, data };
        let begun = Instant::now();
        while !service.is_ready(admin).await {
            assert!(begun.elapsed() < READY, "the service is not ready after {READY:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        service
    }

    async fn is_ready(&self, admin: SocketAddr) -> bool {
        let Ok(answer) = self.http.get(format!("http://{admin}/readyz")).send().await else { return false };
        let is_ready = answer.status().is_success();
        is_ready && answer.text().await.unwrap_or_default().contains(r#""clickhouse":"ok""#)
    }

    /// The answer of the API.
    pub async fn ask(&self, path: &str) -> String {
        let url = format!("http://{}/data/v1{path}", self.address);
        loop {
            let request = self.http.get(&url).basic_auth(TOKEN[0], Some(TOKEN[1]));
            let answer = request.send().await.expect("an answer");
            let status = answer.status();
            if status == reqwest::StatusCode::TOO_MANY_REQUESTS {
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
            let text = answer.text().await.expect("all of the answer");
            assert!(status.is_success(), "{path}: {status} {text}");
            return text;
        }
    }

    /// The answer of the engine, as tab-separated text.
    pub async fn sql(&self, statement: &str) -> String {
        let request = self.http.post(format!("{}/?database=playhead", self.relay.url()));
        let request = request.header("X-ClickHouse-User", self.engine.user());
        let request = request.header("X-ClickHouse-Key", self.engine.password());
        let answer = request.body(statement.to_owned()).send().await.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.expect("all of the answer");
        assert!(status.is_success(), "{statement}: {text}");
        text.trim_end().to_owned()
    }

    /// Waits until all that was sent is in ClickHouse: then nothing more comes.
    pub async fn all_rows(&self) {
        let mut before = String::new();
        loop {
            let rows = self.sql("SELECT count() FROM event_rows").await;
            if rows == before {
                return;
            }
            before = rows;
            tokio::time::sleep(QUIET).await;
        }
    }

    /// The engine's database.
    pub fn store(&self) -> Store {
        Store::new(&self.engine.url(), self.engine.user(), self.engine.password())
    }

    /// `playhead simulate` with these arguments, sending to an environment.
    pub fn simulate(&self, environment: &str, arguments: &[&str]) -> Child {
        let mut command = Command::new(program());
        command.args([
            "simulate",
            "--target",
            &format!("http://{}", self.address),
            "--ingest-key",
            environment,
        ]);
        command.arg("--ledger").arg(self.data.path().join("ledger")).args(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("viewers")
    }

    /// Lets the simulation send yesterday's views, so many events in each format, and waits for their rows.
    pub async fn yesterday(&self, sent: &[(&str, &str)]) {
        for (format, events) in sent {
            let arguments = ["--backfill-days", "1", "--events", events, "--format", format, "--seed", "7"];
            let mut viewers = self.simulate(SEED, &arguments);
            let ended = tokio::task::spawn_blocking(move || viewers.wait()).await.expect("a thread");
            assert!(ended.is_ok_and(|status| status.success()), "{format} views were not sent");
        }
        self.all_rows().await;
    }

    /// CPU time of service and engine so far.
    pub fn cpu_s(&self) -> f64 {
        used_s(self.child.id()) + self.engine.pid().map_or(0.0, used_s)
    }

    pub async fn stop(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.engine.stop().await;
    }
}

fn program() -> PathBuf {
    env!("CARGO_BIN_EXE_playhead").into()
}

fn environments() -> String {
    let of = |name: &str, tokens: &str| {
        format!(r#"{{"name": "{name}", "ingest_keys": ["{name}"], "tokens": [{tokens}]}}"#)
    };
    let token = format!(r#"{{"id": "{}", "secret": "{}"}}"#, TOKEN[0], TOKEN[1]);
    format!(r#"{{"environments": [{}, {}]}}"#, of(SEED, ""), of(READ, &token))
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}
