//! Dashboards that do not keep up: one that takes its frames off too slowly, one that never does, and one whose machine is gone.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Map, Value, json};
use socket2::SockRef;
use tokio::{
    net::{TcpSocket, TcpStream},
    time::{sleep, timeout},
};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

use super::{QUICK, Shown, load::resident_mb, metric};
use crate::{
    rig::{Log, Rig},
    server::Server,
};

/// What the service promises for whoever reads nothing at all: 30 s with everything left where it is, up to a heartbeat until
/// that is looked at, and a goodbye that nobody takes.
const GIVEN_UP: Duration = Duration::from_secs(45);
/// A socket is watched for so long at most: the rest is a busy machine.
const WATCHED: Duration = Duration::from_secs(90);
/// The promise for a fresh figure is a quarter of a second; this is for a machine that has other things to do.
const IN_TIME: Duration = Duration::from_secs(30);
/// Shorter than the service waits for somebody who reads nothing at all.
const ASLEEP: Duration = Duration::from_secs(12);
/// What the network may hold for somebody who does not read.
const SMALL: u32 = 64 * 1024;
/// On a dashboard that does not keep up.
const TILES: usize = 50;

struct Dashboard(WebSocketStream<TcpStream>);

impl Dashboard {
    /// Signed in, with so many tiles of the newest views; `window` is how much it lets the network hold for it.
    async fn open(server: &Server, tiles: usize, window: Option<u32>) -> Self {
        let address = server.url().trim_start_matches("http://").to_owned();
        let socket = TcpSocket::new_v4().expect("a socket");
        if let Some(bytes) = window {
            socket.set_recv_buffer_size(bytes).expect("a small window");
        }
        let socket = socket.connect(address.parse().expect("an address")).await.expect("it is listened on");
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

    /// Whether the service has ended it, whatever still lies in the network.
    async fn has_ended(mut self) -> bool {
        timeout(IN_TIME, async { while let Some(Ok(_)) = self.0.next().await {} }).await.is_ok()
    }
}

pub async fn slow_reader(seed: u64) -> Shown {
    let rig = Arc::new(Rig::start(Log::Embedded, "t132", &[]).await);
    let crowd = rig.crowd(24, Duration::from_millis(20), seed);
    let mut quick = Dashboard::open(&rig.collector, 1, None).await;
    let mut slow = Dashboard::open(&rig.collector, TILES, Some(SMALL)).await;
    let deaf = Dashboard::open(&rig.collector, TILES, Some(SMALL)).await;
    let began = (quick.next_of("snapshot").await, slow.next_of("snapshot").await);
    let before_mb = resident_mb(rig.collector.pid());
    let (asked, mut deltas) = (Instant::now(), 0);
    let given_up = tokio::spawn({
        let rig = Arc::clone(&rig);
        async move {
            while connections(&rig).await > 2 && asked.elapsed() < WATCHED {
                sleep(QUICK).await;
            }
            asked.elapsed()
        }
    });
    while asked.elapsed() < ASLEEP {
        deltas += u32::from(quick.next_of("delta").await.is_some());
    }
    let memory_mb = resident_mb(rig.collector.pid());
    let lagging = slow.next_of("lagging").await;
    let again = slow.next_of("snapshot").await;
    let told = asked.elapsed() - ASLEEP;
    let dropped = lagging.as_ref().map_or(0, |frame| frame["dropped"].as_u64().unwrap_or_default());
    let event = json!({"seq": 1, "t_ms": 0, "type": "play"});
    let beacon =
        json!({"v": 1, "views": [{"id": "late-show", "set": {"video_id": "film"}, "events": [event]}]});
    let looking =
        tokio::spawn(
            async move { (quick.shows("late-show").await, slow.shows("late-show").await, quick, slow) },
        );
    rig.collector.beacon(&beacon).await;
    let (seen, slow_sees, _quick, _slow) = looking.await.expect("no panic");
    let answers = crowd.finish().await;
    let gone = given_up.await.expect("no panic");
    let ended = deaf.has_ended().await;
    let note = format!(
        "{deltas} deltas for who reads; who is slow was told of {dropped} left out after {told:.1?} and got a new snapshot; who \
        never reads was gone after {gone:.0?}; {before_mb} MB resident before, {memory_mb} MB then"
    );
    Shown::new(rig.compare().await, &answers, note)
        .but(began.0.is_none() || began.1.is_none(), || "there was nothing to see".into())
        .but(dropped == 0 || again.is_none(), || "who is slow was not told".into())
        .but(!seen || !slow_sees, || format!("a new view is shown to (quick, slow): {:?}", (seen, slow_sees)))
        .but(gone > GIVEN_UP || !ended, || "who never reads is still there".into())
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
    while connections(&rig).await > 1 && begun.elapsed() < WATCHED {
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
    metric(&rig.collector, "playhead_live_connections").await as u64
}
