//! One live page on many sockets of the real service: frames per CPU-second, and memory of a connection.

use std::{
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;

use crate::parts::cpu::{resident_bytes, used_s};

const KEY: &str = "benchkey";
const TOKEN: &str = "bench:bench";
/// How long frames are counted, and how often something happens meanwhile.
const COUNTED: Duration = Duration::from_secs(20);
const STEP: Duration = Duration::from_secs(1);
/// Connections that are opened side by side.
const OPENED: usize = 50;

struct Server {
    child: Child,
    address: SocketAddr,
    _data: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Prints the cost of each number of sockets, on a server of its own.
pub async fn measure(sockets: &[usize]) {
    for count in sockets {
        let server = start().await;
        let idle_bytes = resident_bytes(server.child.id());
        let frames = Arc::new(AtomicU64::new(0));
        let mut clients = open(&server, *count, &frames).await;
        let bytes = resident_bytes(server.child.id()) - idle_bytes;
        let (quiet_s, _) = watch(&server, &frames, false).await;
        let (used_s, sent) = watch(&server, &frames, true).await;
        println!(
            "{count} sockets: {:.0} frames per CPU-second ({sent} frames, {used_s:.2} s; {quiet_s:.2} s with nothing new), \
             {} bytes a connection",
            sent as f64 / used_s,
            bytes / *count as u64
        );
        clients.abort_all();
    }
}

async fn start() -> Server {
    let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let [address, admin] = [free_address(), free_address()];
    let child = Command::new(env!("CARGO_BIN_EXE_playhead"))
        .arg("serve")
        .env("PLAYHEAD_HTTP_ADDR", address.to_string())
        .env("PLAYHEAD_ADMIN_ADDR", admin.to_string())
        .env("PLAYHEAD_SQL_ADDR", "127.0.0.1:0")
        .env("PLAYHEAD_DATA_DIR", data.path())
        .env("PLAYHEAD_BOOTSTRAP_INGEST_KEY", KEY)
        .env("PLAYHEAD_BOOTSTRAP_TOKEN", TOKEN)
        .env("PLAYHEAD_LOG", "error")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("the server starts");
    let server = Server { child, address, _data: data };
    while !reqwest::get(format!("http://{admin}/readyz"))
        .await
        .is_ok_and(|answer| answer.status().is_success())
    {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    server
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}

/// Clients that ask for the overview and count what they hear.
async fn open(server: &Server, count: usize, frames: &Arc<AtomicU64>) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for begun in (0..count).step_by(OPENED) {
        let opening = (begun..count.min(begun + OPENED)).map(|_| connect(server.address));
        for mut socket in futures_util::future::join_all(opening).await {
            let frames = Arc::clone(frames);
            clients.spawn(async move {
                while let Some(Ok(message)) = socket.next().await {
                    frames.fetch_add(u64::from(message.is_text()), Ordering::Relaxed);
                }
            });
        }
    }
    clients
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn connect(address: SocketAddr) -> Socket {
    let (mut socket, _) =
        tokio_tungstenite::connect_async(format!("ws://{address}/live")).await.expect("a connection");
    for frame in [
        json!({"type": "auth", "token": TOKEN}),
        json!({"type": "subscribe", "id": "page", "topic": "overview"}),
    ] {
        socket.send(Message::text(frame.to_string())).await.expect("it is heard");
    }
    socket
}

/// CPU time of the server and frames heard, with a view beginning each second or with nothing happening.
async fn watch(server: &Server, frames: &AtomicU64, happens: bool) -> (f64, u64) {
    let http = reqwest::Client::new();
    let (before_s, before) = (used_s(server.child.id()), frames.load(Ordering::Relaxed));
    let begun = tokio::time::Instant::now();
    let mut ticks = tokio::time::interval(STEP);
    while begun.elapsed() < COUNTED {
        ticks.tick().await;
        if happens {
            let events =
                json!([{"seq": 1, "t_ms": 0, "type": "play"}, {"seq": 2, "t_ms": 300, "type": "playing"}]);
            let view = json!({"id": uuid::Uuid::new_v4(), "set": {"video_id": "film"}, "events": events});
            let beacon = http.post(format!("http://{}/in/{KEY}", server.address));
            let answer = beacon.json(&json!({"v": 1, "views": [view]})).send().await;
            assert!(answer.expect("an answer").status().is_success());
        }
    }
    (used_s(server.child.id()) - before_s, frames.load(Ordering::Relaxed) - before)
}
