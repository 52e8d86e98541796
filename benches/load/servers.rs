//! The servers under load, each a process of its own on a core of its own.

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use playhead::log::{LogSettings, kafka::KafkaSettings, segment::SegmentSettings};
use tempfile::TempDir;

use crate::{
    bare, cpu, peers,
    process::{self, SERVER_CORE, pinned},
    script::Format,
};

pub const KEY: &str = "benchkey";
pub const TOKEN: &str = "bench:bench";
const READY: Duration = Duration::from_secs(60);

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A handler that reads the body and answers 204.
    Bare,
    Nginx,
    Rotel,
    /// `playhead serve` that answers when the embedded log is synced.
    Embedded,
    /// `playhead serve --roles collect` that answers when Kafka has acknowledged.
    Kafka,
    /// Everything in one process, and ClickHouse in its child.
    Service,
}

impl Kind {
    pub const ALL: [Self; 6] =
        [Self::Bare, Self::Nginx, Self::Rotel, Self::Embedded, Self::Kafka, Self::Service];

    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Nginx => "nginx",
            Self::Rotel => "rotel",
            Self::Embedded => "embedded",
            Self::Kafka => "kafka",
            Self::Service => "service",
        }
    }

    pub fn formats(self) -> &'static [Format] {
        match self {
            Self::Nginx => &[Format::Native],
            Self::Rotel => &[Format::Otlp],
            Self::Bare | Self::Embedded | Self::Kafka | Self::Service => &[Format::Native, Format::Mux],
        }
    }

    fn is_ours(self) -> bool {
        matches!(self, Self::Embedded | Self::Kafka | Self::Service)
    }
}

/// A server that runs, with a directory of its own.
pub struct Server {
    pub kind: Kind,
    pub address: SocketAddr,
    child: Child,
    data: TempDir,
    broker: Option<(String, String)>,
}

/// What servers are started with.
pub struct Setup {
    /// The program `playhead`.
    pub playhead: PathBuf,
    /// Bootstrap servers, where there is a broker.
    pub brokers: Option<String>,
}

/// Starts a server and waits until it answers.
pub async fn start(kind: Kind, setup: &Setup) -> Server {
    let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let [address, admin] = [free_address(), free_address()];
    let broker = matches!(kind, Kind::Kafka | Kind::Rotel)
        .then(|| (setup.brokers.clone().expect("a broker"), format!("bench-{}", address.port())));
    let mut command = match kind {
        Kind::Bare => bare::command(address),
        Kind::Nginx => peers::nginx(address, data.path()),
        Kind::Rotel => peers::rotel(address, free_address(), broker.as_ref().expect("a broker")).await,
        Kind::Embedded | Kind::Kafka | Kind::Service => {
            playhead(kind, &setup.playhead, [address, admin], data.path(), broker.as_ref())
        }
    };
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("the server starts");
    let server = Server { kind, child, address, data, broker };
    let begun = Instant::now();
    while !server.answers(admin).await {
        assert!(begun.elapsed() < READY, "{} is not ready after {READY:?}", kind.name());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server
}

fn playhead(
    kind: Kind,
    program: &Path,
    [address, admin]: [SocketAddr; 2],
    data: &Path,
    broker: Option<&(String, String)>,
) -> Command {
    let roles = match kind {
        Kind::Kafka => "collect",
        Kind::Service => "collect,process,query",
        _ => "collect,process",
    };
    let mut command = pinned(SERVER_CORE, program);
    command
        .arg("serve")
        .env("PLAYHEAD_ROLES", roles)
        .env("PLAYHEAD_HTTP_ADDR", address.to_string())
        .env("PLAYHEAD_ADMIN_ADDR", admin.to_string())
        .env("PLAYHEAD_SQL_ADDR", "127.0.0.1:0")
        .env("PLAYHEAD_DATA_DIR", data)
        .env("PLAYHEAD_BOOTSTRAP_INGEST_KEY", KEY)
        .env("PLAYHEAD_BOOTSTRAP_TOKEN", TOKEN)
        .env("PLAYHEAD_TRUSTED_PROXIES", "127.0.0.0/8")
        .env("PLAYHEAD_LOG", "error");
    if let Some((brokers, topic)) = broker {
        command.env("PLAYHEAD_KAFKA_BROKERS", brokers).env("PLAYHEAD_KAFKA_TOPIC", topic);
    }
    if kind != Kind::Service {
        // The discard port: a ClickHouse that never comes, so that nothing is processed.
        command.env("PLAYHEAD_CLICKHOUSE_URL", "http://127.0.0.1:9");
    }
    command
}

impl Server {
    /// Ready, and where there is an engine, with it: its start is not the cost of a beacon.
    async fn answers(&self, admin: SocketAddr) -> bool {
        if !self.kind.is_ours() {
            return tokio::net::TcpStream::connect(self.address).await.is_ok();
        }
        let Ok(answer) = reqwest::get(format!("http://{admin}/readyz")).await else { return false };
        let ready = answer.status().is_success();
        let text = answer.text().await.unwrap_or_default();
        ready && (self.kind != Kind::Service || text.contains(r#""clickhouse":"ok""#))
    }

    /// CPU time of the process and of those it has started.
    pub fn cpu_s(&self) -> f64 {
        let own = self.child.id();
        let engine = cpu::children(own);
        assert_eq!(engine.len(), usize::from(self.kind == Kind::Service), "the engine is the one child");
        cpu::used_s(own) + engine.into_iter().map(cpu::used_s).sum::<f64>()
    }

    /// Waits until everything acknowledged is where it belongs: it is part of the cost.
    pub async fn settled(&self) {
        if self.kind == Kind::Service {
            let url = format!("http://{}/data/v1/ledger?wait_ms=30000", self.address);
            let (id, secret) = TOKEN.split_once(':').expect("a pair");
            let no_views: [&str; 0] = [];
            let answer =
                reqwest::Client::new().post(url).basic_auth(id, Some(secret)).json(&no_views).send().await;
            assert!(answer.expect("an answer").status().is_success(), "not settled within 30 s");
        }
    }

    /// Where the server puts what it logs.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Its log, readable once it has stopped; none where it has no log of ours.
    pub fn log(&self) -> Option<LogSettings> {
        match self.kind {
            Kind::Embedded => {
                Some(LogSettings::Embedded(SegmentSettings::new(self.data.path().join("log"), &[])))
            }
            Kind::Kafka => {
                let (brokers, topic) = self.broker.as_ref()?;
                Some(LogSettings::Kafka(KafkaSettings::new(brokers, topic)))
            }
            Kind::Bare | Kind::Nginx | Kind::Rotel | Kind::Service => None,
        }
    }

    /// Ends it; its directory stays.
    pub fn stop(&mut self) {
        process::stop(&mut self.child);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}
