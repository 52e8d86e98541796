//! The load: keep-alive connections that send one beacon after the other, each waiting for its answer. Written on bare
//! sockets, because the client shares the machine with what it measures.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use crate::script::Repertoire;

/// Views are never sent twice within a process.
static NEXT_VIEW: AtomicU64 = AtomicU64::new(1);

/// A beacon that was answered with a 2xx: the view's number, and which of its beacons.
pub type Acknowledged = (u64, u16);

pub struct Outcome {
    pub acknowledged: Vec<Acknowledged>,
    pub wall: Duration,
    /// Answer times, ascending.
    pub delays: Vec<Duration>,
}

/// How fast.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// As fast as answers come.
    Flat,
    /// So many beacons a second over all connections, whether answers come or not; an answer that keeps the next beacon
    /// waiting is the later for it.
    PerSecond(f64),
}

/// Sends for as long as `length` over so many connections.
pub async fn load(
    address: SocketAddr,
    repertoire: &Arc<Repertoire>,
    (connections, pace): (usize, Pace),
    length: Duration,
) -> Outcome {
    let begun = Instant::now();
    let mut senders = JoinSet::new();
    for number in 0..connections {
        let interval = match pace {
            Pace::Flat => Duration::ZERO,
            Pace::PerSecond(rate) => Duration::from_secs_f64(connections as f64 / rate),
        };
        // Spread over the interval, or all would speak at once.
        let first = begun + interval * number as u32 / connections as u32;
        senders.spawn(send(address, Arc::clone(repertoire), (first, interval), begun + length));
    }
    let (mut acknowledged, mut delays) = (Vec::new(), Vec::new());
    for (own, waited) in senders.join_all().await {
        acknowledged.extend(own);
        delays.extend(waited);
    }
    let wall = begun.elapsed();
    delays.sort_unstable();
    Outcome { acknowledged, wall, delays }
}

async fn send(
    address: SocketAddr,
    repertoire: Arc<Repertoire>,
    (mut due, interval): (Instant, Duration),
    until: Instant,
) -> (Vec<Acknowledged>, Vec<Duration>) {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("a socket option");
    let (mut acknowledged, mut delays) = (Vec::new(), Vec::new());
    let (mut request, mut answer) = (Vec::new(), Vec::new());
    let (mut view, mut beacon) = (0, usize::MAX);
    while Instant::now().max(due) < until {
        if repertoire.script(view).len() <= beacon {
            (view, beacon) = (NEXT_VIEW.fetch_add(1, Ordering::Relaxed), 0);
        }
        repertoire.script(view)[beacon].write(view, &mut request);
        match interval.is_zero() {
            true => due = Instant::now(),
            false => tokio::time::sleep_until(due.into()).await,
        }
        stream.write_all(&request).await.expect("the server takes it");
        let status = read_answer(&mut stream, &mut answer).await;
        assert!((200..300).contains(&status), "answer {status}: {}", String::from_utf8_lossy(&answer));
        delays.push(due.elapsed());
        acknowledged.push((view, beacon as u16));
        beacon += 1;
        due += interval;
    }
    (acknowledged, delays)
}

/// Reads head and body of one answer; the status comes back.
async fn read_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> u16 {
    answer.clear();
    loop {
        let read = stream.read_buf(answer).await.expect("an answer");
        assert!(read > 0, "the server closed the connection: {}", String::from_utf8_lossy(answer));
        let Some(head) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
        if answer.len() >= head + 4 + body_length(&answer[..head]) {
            return std::str::from_utf8(&answer[9..12])
                .ok()
                .and_then(|text| text.parse().ok())
                .expect("a status");
        }
    }
}

fn body_length(head: &[u8]) -> usize {
    const NAME: &[u8] = b"\ncontent-length: ";
    let found = head.windows(NAME.len()).position(|bytes| bytes.eq_ignore_ascii_case(NAME));
    let Some(at) = found.map(|at| at + NAME.len()) else { return 0 };
    head[at..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'))
}
