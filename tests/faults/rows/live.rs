//! Dashboards that do not keep up: one that takes its frames off too slowly, one that never does, and one whose machine is gone.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Map, Value, json};
use socket2::SockRef;
use tokio::{
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use super::{QUICK, Shown};
use crate::{
    rig::{Log, Rig},
    server::Server,
};

/// The service gives up on a connection whose client takes nothing off for 30 s; the rest is a busy machine.
const GIVEN_UP: Duration = Duration::from_secs(90);
/// The promise for a fresh figure is a quarter of a second; this is for a machine that has other things to do.
const IN_TIME: Duration = Duration::from_secs(30);
/// Shorter than the service waits for somebody who reads nothing at all.
const ASLEEP: Duration = Duration::from_secs(12);
/// What the network may hold for somebody who does not read.
const SMALL: usize = 4096;

/// On a dashboard that does not keep up, for more than the network itself can hold.
const TILES: usize = 50;

struct Dashboard(WebSocketStream<TcpStream>);

impl Dashboard {
    /// Signed in, with so many tiles of the newest views; `window` is how much it lets the network hold for it.
    async fn open(server: &Server, tiles: usize, window: Option<usize>) -> Self {
        let address = server.url().trim_start_matches("http://").to_owned();
        let socket = TcpStream::connect(&address).await.expect("it is listened on");
        if let Some(bytes) = window {
            SockRef::from(&socket).set_recv_buffer_size(bytes).expect("a small window");
        }
        let (socket, _) = client_async(format!("ws://{address}/live"), socket).await.expect("an upgrade");
        let mut dashboard = Self(socket);
        dashboard.send(&json!({"type": "auth", "token": Server::TOKEN})).await;
        for tile in 0..tiles {
            let query = json!({"limit": 100});
            let ask = json!({"type": "subscribe", "id": format!("{tile}"), "topic": "views", "query": query});
            dashboard.send(&ask).await;
        }
        dashboard
    }

    /// From now on it takes off what comes: what has gathered would take minutes through so small a window.
    fn wake(&self) {
        SockRef::from(self.0.get_ref()).set_recv_buffer_size(4 << 20).expect("a large window");
    }

    /// The kernel drops whatever comes in for this socket before TCP sees it.
    fn fall_asleep(&self) {
        const RETURN: u16 = 6;
        let nothing = socket2::SockFilter::new(RETURN, 0, 0, 0);
        SockRef::from(self.0.get_ref()).attach_filter(&[nothing]).expect("a filter");
    }

    async fn send(&mut self, frame: &Value) {
        self.0.send(Message::text(frame.to_string())).await.expect("sent");
    }

    /// The next frame of this type; none when it does not come in time.
    async fn next_of(&mut self, kind: &str) -> Option<Value> {
        let look = async {
            loop {
                let Ok(Message::Text(text)) = self.0.next().await? else { continue };
                let frame = serde_json::from_str::<Value>(&text).expect("JSON");
                if frame["type"] == kind {
                    return Some(frame);
                }
            }
        };
        timeout(IN_TIME, look).await.ok()?
    }

    /// Whether a view shows up within the time.
    async fn shows(&mut self, view: &str) -> bool {
        let shown = |rows: &Map<String, Value>| rows.contains_key(view);
        let look = async {
            while let Some(frame) = self.next_of("delta").await {
                if frame["changes"]["rows"].as_object().is_some_and(shown) {
                    return true;
                }
            }
            false
        };
        timeout(IN_TIME, look).await.unwrap_or(false)
    }
}

pub async fn slow_reader(seed: u64) -> Shown {
    let rig = Rig::start(Log::Embedded, "t132", &[]).await;
    let crowd = rig.crowd(24, Duration::from_millis(20), seed);
    let mut quick = Dashboard::open(&rig.collector, 1, None).await;
    let mut slow = Dashboard::open(&rig.collector, TILES, Some(SMALL)).await;
    let deaf = Dashboard::open(&rig.collector, TILES, Some(SMALL)).await;
    let began = (quick.next_of("snapshot").await, slow.next_of("snapshot").await);
    let (asked, mut deltas) = (Instant::now(), 0);
    // More than the network and the service keep for somebody who does not read.
    while asked.elapsed() < ASLEEP {
        deltas += u32::from(quick.next_of("delta").await.is_some());
    }
    slow.wake();
    let memory_mb = super::load::resident_mb(rig.collector.pid());
    let lagging = slow.next_of("lagging").await;
    let again = slow.next_of("snapshot").await;
    let dropped = lagging.as_ref().map_or(0, |frame| frame["dropped"].as_u64().unwrap_or_default());
    let answers = crowd.finish().await;
    let event = json!({"seq": 1, "t_ms": 0, "type": "play"});
    let beacon =
        json!({"v": 1, "views": [{"id": "late-show", "set": {"video_id": "film"}, "events": [event]}]});
    let looking =
        tokio::spawn(async move { (quick.shows("late-show").await, slow.shows("late-show").await) });
    rig.collector.beacon(&beacon).await;
    let shown = looking.await.unwrap_or_default();
    while connections(&rig).await > 0 && asked.elapsed() < GIVEN_UP {
        sleep(QUICK).await;
    }
    let (left, gone) = (connections(&rig).await, asked.elapsed());
    drop(deaf);
    let note = format!(
        "{deltas} deltas for who reads, {dropped} left out and a new snapshot for who is slow, who never reads was gone after \
        {gone:.0?}; {memory_mb} MB resident"
    );
    Shown::new(rig.compare().await, &answers, note)
        .but(began.0.is_none() || began.1.is_none(), || "there was nothing to see".into())
        .but(dropped == 0 || again.is_none(), || "who is slow was not told".into())
        .but(shown != (true, true), || format!("a new view is shown to (quick, slow): {shown:?}"))
        .but(left > 0, || format!("{left} sockets are still open"))
}

/// The laptop is shut: nothing that reaches it is acknowledged any more, and it says nothing of its own.
pub async fn half_open(seed: u64) -> Shown {
    let rig = Rig::start(Log::Embedded, "t133", &[]).await;
    let crowd = rig.crowd(12, QUICK, seed);
    let mut there = Dashboard::open(&rig.collector, 1, None).await;
    let mut gone = Dashboard::open(&rig.collector, 1, None).await;
    let began = (there.next_of("snapshot").await, gone.next_of("snapshot").await);
    gone.fall_asleep();
    let begun = Instant::now();
    while connections(&rig).await > 1 && begun.elapsed() < GIVEN_UP {
        there.next_of("delta").await;
    }
    let (left, took) = (connections(&rig).await, begun.elapsed());
    let still = there.next_of("delta").await.is_some();
    let answers = crowd.finish().await;
    let note = format!("a socket that acknowledges nothing was given up after {took:.0?}");
    Shown::new(rig.compare().await, &answers, note)
        .but(began.0.is_none() || began.1.is_none(), || "there was nothing to see".into())
        .but(left != 1, || format!("{left} sockets are open"))
        .but(took < QUICK * 10, || "it was never half open".into())
        .but(!still, || "who is awake sees nothing".into())
}

/// Open live sockets, as the service counts them.
async fn connections(rig: &Rig) -> u64 {
    let server = &rig.collector;
    let answer = server.http.get(format!("{}/metrics", server.admin_url())).send().await.expect("an answer");
    let text = answer.text().await.expect("text");
    let of = text.lines().find_map(|line| line.strip_prefix("playhead_live_connections "));
    of.and_then(|count| count.parse::<f64>().ok()).unwrap_or_default() as u64
}
