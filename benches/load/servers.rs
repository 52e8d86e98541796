//! The servers under load, each a process of its own, and what it has used of the CPU.

use std::{
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use actix_web::{App, HttpResponse, HttpServer, web};
use tempfile::TempDir;

use crate::client::KEY;

/// Makes this program be the bare server.
pub const BARE: &str = "--bare";
const TOKEN: &str = "bench:bench";
const READY: Duration = Duration::from_secs(60);
/// The kernel counts CPU time in these (`man 5 proc`): hundredths of a second on every Linux.
const TICKS_PER_S: f64 = 100.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Bare,
    Collector,
    Service,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Bare, Self::Collector, Self::Service];

    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Collector => "collector",
            Self::Service => "service",
        }
    }
}

pub struct Server {
    kind: Kind,
    child: Child,
    pub address: SocketAddr,
    _data: TempDir,
}

/// Starts a server and waits until it answers.
pub async fn start(kind: Kind) -> Server {
    let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let [address, admin] = [free_address(), free_address()];
    let mut command = if kind == Kind::Bare {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args([BARE, &address.to_string()]);
        command
    } else {
        let mut command = Command::new(env!("CARGO_BIN_EXE_playhead"));
        command
            .arg("serve")
            .env(
                "PLAYHEAD_ROLES",
                if kind == Kind::Collector { "collect,process" } else { "collect,process,query" },
            )
            .env("PLAYHEAD_HTTP_ADDR", address.to_string())
            .env("PLAYHEAD_ADMIN_ADDR", admin.to_string())
            .env("PLAYHEAD_SQL_ADDR", "127.0.0.1:0")
            .env("PLAYHEAD_DATA_DIR", data.path())
            .env("PLAYHEAD_BOOTSTRAP_INGEST_KEY", KEY)
            .env("PLAYHEAD_BOOTSTRAP_TOKEN", TOKEN)
            .env("PLAYHEAD_LOG", "error");
        if kind == Kind::Collector {
            // The discard port: a ClickHouse that never comes, so that nothing is processed.
            command.env("PLAYHEAD_CLICKHOUSE_URL", "http://127.0.0.1:9");
        }
        command
    };
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("the server starts");
    let server = Server { kind, child, address, _data: data };
    let health =
        if kind == Kind::Bare { format!("http://{address}/") } else { format!("http://{admin}/readyz") };
    let begun = Instant::now();
    while !answers(&health, kind).await {
        assert!(begun.elapsed() < READY, "{} is not ready after {READY:?}", kind.name());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server
}

/// Ready, and where there is an engine, with it: its start is not the cost of a beacon.
async fn answers(health: &str, kind: Kind) -> bool {
    let Ok(answer) = reqwest::get(health).await else { return false };
    if kind == Kind::Bare {
        return true;
    }
    let ready = answer.status().is_success();
    let text = answer.text().await.unwrap_or_default();
    ready && text.contains(r#""clickhouse":"ok""#)
}

impl Server {
    /// CPU time of the process and, for the service, of the engine's process.
    pub fn cpu_s(&self) -> f64 {
        let own = used_s(self.child.id());
        if self.kind != Kind::Service {
            return own;
        }
        let engine = children(self.child.id());
        assert_eq!(engine.len(), 1, "the engine is the one child of the service");
        own + engine.into_iter().map(used_s).sum::<f64>()
    }

    /// Waits until everything acknowledged is in ClickHouse.
    pub async fn settled(&self) {
        if self.kind != Kind::Service {
            return;
        }
        let url = format!("http://{}/data/v1/ledger?wait_ms=30000", self.address);
        let (id, secret) = TOKEN.split_once(':').expect("a pair");
        let no_views: [&str; 0] = [];
        let answer =
            reqwest::Client::new().post(url).basic_auth(id, Some(secret)).json(&no_views).send().await;
        assert!(answer.expect("an answer").status().is_success(), "not settled within 30 s");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The kernel lists children by the thread that made them.
fn children(pid: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("the process runs");
    let lists =
        threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("children")).ok());
    let text: String = lists.collect();
    text.split_whitespace().filter_map(|id| id.parse().ok()).collect()
}

fn used_s(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in parentheses may hold spaces; user and system time are the 12th and 13th field after it.
    let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let fields = after_name.split(' ').skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_S
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}

/// Reads the body and answers 204: what HTTP itself costs here.
pub fn serve_bare(address: &str) {
    let address: SocketAddr = address.parse().expect("an address");
    let accept = |body: web::Bytes| async move {
        assert!(!body.is_empty());
        HttpResponse::NoContent().finish()
    };
    let app = move || {
        App::new().route("/in/{key}", web::post().to(accept)).route("/", web::get().to(HttpResponse::Ok))
    };
    let serve = async { HttpServer::new(app).bind(address).expect("the address is free").run().await };
    actix_web::rt::System::new().block_on(serve).expect("it serves until it is killed");
}
