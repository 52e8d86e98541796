//! The load: keep-alive connections that send one beacon after the other, each waiting for its answer. Written on bare
//! sockets, because the client shares the machine with what it measures.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

pub const KEY: &str = "benchkey";
/// Events of a beacon, and beacons of a view.
pub const EVENTS: usize = 5;
const BEACONS_OF_A_VIEW: u64 = 20;

/// Views are never sent twice within a process.
static NEXT_VIEW: AtomicU64 = AtomicU64::new(0);

pub struct Outcome {
    pub beacons: u64,
    pub wall: Duration,
    pub p99_ms: f64,
}

/// Sends for as long as `length` over so many connections.
pub async fn load(address: SocketAddr, connections: usize, length: Duration) -> Outcome {
    let begun = Instant::now();
    let mut senders = JoinSet::new();
    for _ in 0..connections {
        senders.spawn(send(address, begun + length));
    }
    let mut delays: Vec<Duration> = senders.join_all().await.into_iter().flatten().collect();
    let wall = begun.elapsed();
    delays.sort_unstable();
    let p99 = delays[(delays.len() * 99 / 100).min(delays.len() - 1)];
    Outcome { beacons: delays.len() as u64, wall, p99_ms: p99.as_secs_f64() * 1000.0 }
}

async fn send(address: SocketAddr, until: Instant) -> Vec<Duration> {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("a socket option");
    let (mut delays, mut answer) = (Vec::new(), Vec::new());
    let (mut view, mut beacon) = (0, BEACONS_OF_A_VIEW);
    while Instant::now() < until {
        if beacon == BEACONS_OF_A_VIEW {
            (view, beacon) = (NEXT_VIEW.fetch_add(1, Ordering::Relaxed), 0);
        }
        let asked = Instant::now();
        stream.write_all(request(view, beacon).as_bytes()).await.expect("the server takes it");
        let status = read_answer(&mut stream, &mut answer).await;
        assert!((200..300).contains(&status), "answer {status}: {}", String::from_utf8_lossy(&answer));
        delays.push(asked.elapsed());
        beacon += 1;
    }
    delays
}

/// Reads head and body of one answer; the status comes back.
async fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> u16 {
    answer.clear();
    loop {
        let read = stream.read_buf(answer).await.expect("an answer");
        assert!(read > 0, "the server closed the connection: {}", String::from_utf8_lossy(answer));
        let Some(head) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |number| number.trim().parse::<usize>().expect("a length"));
        if answer.len() >= head + 4 + length {
            return text[9..12].parse().expect("a status");
        }
    }
}

fn request(view: u64, beacon: u64) -> String {
    let body = body(view, beacon);
    format!(
        "POST /in/{KEY} HTTP/1.1\r\nhost: localhost\r\nuser-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 \
         (KHTML, like Gecko) Chrome/155.0.0.0 Safari/537.36\r\naccept: */*\r\norigin: https://watch.example\r\n\
         content-type: text/plain;charset=UTF-8\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A beacon as our SDK writes it; the first of a view says what is watched.
fn body(view: u64, beacon: u64) -> String {
    let facts = if beacon == 0 {
        format!(
            r#","set":{{"video_id":"title-{:03}","video_title":"Open Water, part {:03}","viewer_id":"viewer-{view:09}","cdn":"edge-north","stream_type":"on-demand"}}"#,
            view % 240,
            view % 240
        )
    } else {
        String::new()
    };
    let events: Vec<String> = (0..EVENTS as u64)
        .map(|index| {
            let number = beacon * EVENTS as u64 + index;
            let at = 1_000_000 + number * 2_000;
            let kind = ["playing", "heartbeat", "rebufferstart", "rebufferend", "heartbeat"][index as usize];
            format!(
                r#"{{"seq":{},"t_ms":{at},"type":"{kind}","playhead_ms":{at},"c":{{"playing_ms":{at},"watch_ms":{at},"rebuffer_ms":{number},"rebuffer_count":{beacon},"seek_ms":0,"seek_count":0,"dropped_frames":0,"bitrate_ms":2800000000,"upscale_ms":0,"downscale_ms":0}},"seg":[0,0,{at}]}}"#,
                number + 1
            )
        })
        .collect();
    format!(
        r#"{{"v":1,"sent_ms":1795313029786,"views":[{{"id":"00000000-0000-4000-8000-{view:012x}"{facts},"t_sent_ms":2000000,"events":[{}]}}]}}"#,
        events.join(",")
    )
}

/// The size of most bodies.
pub fn body_bytes() -> usize {
    body(1, 1).len()
}
