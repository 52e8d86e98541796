//! Clients that mean no good: they open many connections and say nothing, little or too slowly, or do not listen. Beside each
//! of them real players have to get their answers as always.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use socket2::{Domain, SockRef, Socket, Type};
use tokio::{task::block_in_place, time::sleep};

use super::{QUICK, Shown, count};
use crate::{
    rig::{Log, Rig},
    server::Server,
};

/// A body takes 10 s at most and a connection without a request in progress 15; the others are what a busy machine adds.
const LONGEST: Duration = Duration::from_secs(40);
/// A player beside ten thousand strangers waits no longer for an answer.
const BESIDE_MS: u64 = 5000;

/// Connections of one kind, opened all at once and then fed now and then.
struct Strangers {
    sockets: Vec<TcpStream>,
    opened: Instant,
}

impl Strangers {
    fn open(rig: &Rig, number: usize, begin_with: &[u8]) -> Self {
        let address = address(&rig.collector);
        let connect = |_| {
            let mut socket = TcpStream::connect(address).expect("it is listened on");
            socket.write_all(begin_with).expect("it is taken");
            socket
        };
        let sockets = (0..number).map(connect).collect();
        Self { sockets, opened: Instant::now() }
    }

    /// Sends this on each of them at each turn until all have been ended by the other side; how long that took and what
    /// share was answered with `status`.
    fn drip(mut self, drop: &[u8], turn: Duration, status: &str) -> Result<(Duration, usize), String> {
        let (mut answered, number) = (0, self.sockets.len());
        for socket in &self.sockets {
            socket.set_nonblocking(true).expect("a socket");
        }
        while !self.sockets.is_empty() {
            if self.opened.elapsed() > LONGEST {
                return Err(format!("{} of {number} are still open after {LONGEST:?}", self.sockets.len()));
            }
            self.sockets.retain_mut(|socket| {
                let _ = socket.write_all(drop);
                let mut buffer = [0; 4096];
                loop {
                    match socket.read(&mut buffer) {
                        Ok(0) => return false,
                        Ok(read)
                            if buffer[..read].windows(status.len()).any(|text| text == status.as_bytes()) =>
                        {
                            answered += 1;
                        }
                        Ok(_) => {}
                        Err(error) => return error.kind() == ErrorKind::WouldBlock,
                    }
                }
            });
            std::thread::sleep(turn);
        }
        Ok((self.opened.elapsed(), answered))
    }
}

/// One kind of strangers after the other, beside a crowd.
async fn beside(seed: u64, name: &'static str, what: impl Fn(&Rig) -> Result<String, String>) -> Shown {
    raise_own_limit();
    let rig = Rig::start(Log::Embedded, name, &[]).await;
    let crowd = rig.crowd(8, QUICK, seed);
    sleep(Duration::from_secs(2)).await;
    let before = descriptors(&rig);
    let seen = block_in_place(|| what(&rig));
    let slowest = count(&crowd.answers.slowest_ms);
    let answers = crowd.finish().await;
    sleep(Duration::from_secs(2)).await;
    let after = descriptors(&rig);
    let (note, trouble) = match seen {
        Ok(note) => (note, None),
        Err(trouble) => (String::new(), Some(trouble)),
    };
    let note = format!(
        "{note}; slowest answer beside them {slowest} ms, descriptors {before} before and {after} after"
    );
    let mut shown = Shown::new(rig.compare().await, &answers, note)
        .but(slowest > BESIDE_MS, || format!("a player waited {slowest} ms"))
        .but(after > before + 50, || "descriptors are still held".into());
    shown.trouble = shown.trouble.or(trouble);
    shown
}

pub async fn endless_body(seed: u64) -> Shown {
    beside(seed, "t019", |rig| {
        let head = format!(
            "POST /in/{} HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n",
            Server::INGEST_KEY
        );
        let (took, answered) =
            Strangers::open(rig, 200, head.as_bytes()).drip(b"1\r\n \r\n", Duration::from_secs(1), " 408 ")?;
        match answered {
            200 => Ok(format!("200 bodies without end were answered 408 within {took:.0?}")),
            _ => Err(format!("{answered} of 200 were answered 408")),
        }
    })
    .await
}

pub async fn slow_heads(seed: u64) -> Shown {
    beside(seed, "t020", |rig| {
        let first = Strangers::open(rig, 5000, b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: ");
        let (took, _) = first.drip(b"a", Duration::from_secs(2), " 408 ")?;
        // Whose first request was well-behaved is no better.
        let second = Strangers::open(
            rig,
            1000,
            b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\nGET /healthz HTTP/1.1\r\nx: ",
        );
        let (again, _) = second.drip(b"a", Duration::from_secs(2), " 408 ")?;
        Ok(format!("5,000 slow heads were gone after {took:.0?}, 1,000 slow second heads after {again:.0?}"))
    })
    .await
}

pub async fn silent_sockets(seed: u64) -> Shown {
    beside(seed, "t021", |rig| {
        let (took, _) = Strangers::open(rig, 10_000, b"").drip(b"", Duration::from_secs(1), " 408 ")?;
        Ok(format!("10,000 silent connections were gone after {took:.0?}"))
    })
    .await
}

/// Asks for a lot and takes nothing off.
pub async fn deaf_readers(seed: u64) -> Shown {
    const READERS: usize = 50;
    beside(seed, "t022", |rig| {
        let ask = "GET /data/v1/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(50);
        let readers: Vec<Socket> = (0..READERS)
            .map(|_| {
                let mut socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
                socket.set_recv_buffer_size(4096).expect("a small window");
                socket.connect(&address(&rig.collector).into()).expect("it is listened on");
                socket.write_all(ask.as_bytes()).expect("it is taken");
                socket
            })
            .collect();
        // By then they all have been taken in.
        std::thread::sleep(Duration::from_secs(3));
        let (before, asked) = (descriptors(rig), Instant::now());
        while descriptors(rig) + READERS > before + 10 {
            if asked.elapsed() > Duration::from_secs(120) {
                return Err(format!(
                    "they are served for ever: {before} descriptors, now {}",
                    descriptors(rig)
                ));
            }
            std::thread::sleep(Duration::from_secs(1));
        }
        drop(readers);
        Ok(format!("{READERS} who read nothing were gone after {:.0?}", asked.elapsed()))
    })
    .await
}

/// A connection for each request, as many as there can be in a while.
pub async fn storm(seed: u64) -> Shown {
    const LENGTH: Duration = Duration::from_secs(15);
    beside(seed, "t086", |rig| {
        let address = address(&rig.collector);
        let begun = Instant::now();
        let one = move || {
            let mut socket = TcpStream::connect(address)?;
            // Closed by a reset, or the ports of this machine would not suffice.
            SockRef::from(&socket).set_linger(Some(Duration::ZERO))?;
            socket.set_read_timeout(Some(Duration::from_secs(10)))?;
            socket.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")?;
            let mut status = [0; 12];
            socket.read_exact(&mut status)?;
            Ok::<bool, std::io::Error>(&status[9..] == b"200")
        };
        let blow = move || {
            let (mut answered, mut asked) = (0_u32, 0_u32);
            while begun.elapsed() < LENGTH {
                asked += 1;
                answered += u32::from(matches!(one(), Ok(true)));
            }
            (answered, asked)
        };
        let storms: Vec<_> = (0..16).map(|_| std::thread::spawn(blow)).collect();
        let counts = storms.into_iter().map(|storm| storm.join().unwrap_or_default());
        let (answered, asked) = counts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        match answered == asked {
            true => Ok(format!("{asked} connections of one request each in {LENGTH:?}, all answered")),
            false => Err(format!("{answered} of {asked} were answered")),
        }
    })
    .await
}

/// As many descriptors as are in use and a few more.
pub async fn no_descriptors(seed: u64) -> Shown {
    raise_own_limit();
    let rig = Rig::start(Log::Embedded, "t119", &[]).await;
    let crowd = rig.crowd(8, QUICK, seed);
    sleep(Duration::from_secs(3)).await;
    let pid = rig.collector.pid();
    let usual = limit(pid, descriptors(&rig) as u64 + 20);
    // Twenty of them are let in at a time, the others wait in the kernel.
    let strangers = Strangers::open(&rig, 200, b"");
    sleep(Duration::from_secs(15)).await;
    let during = rig.ledger.len();
    drop(strangers);
    sleep(Duration::from_secs(3)).await;
    let goes_on = rig.ledger.len() > during;
    limit(pid, usual);
    let answers = crowd.finish().await;
    let note = format!("20 descriptors for 200 strangers and 8 players, {during} events meanwhile");
    Shown::new(rig.compare().await, &answers, note)
        .but(!goes_on, || "nothing came in when the strangers were gone".into())
}

fn address(server: &Server) -> SocketAddr {
    server.url().trim_start_matches("http://").parse().expect("an address")
}

fn descriptors(rig: &Rig) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", rig.collector.pid())).map_or(0, Iterator::count)
}

/// Lets a process have so many descriptors; how many it might have before.
fn limit(pid: i32, descriptors: u64) -> u64 {
    let mut old = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the structures live as long as the calls, and the process is a child of this run.
    unsafe {
        libc::prlimit(pid, libc::RLIMIT_NOFILE, std::ptr::null(), &mut old);
        let new = libc::rlimit { rlim_cur: descriptors, ..old };
        libc::prlimit(pid, libc::RLIMIT_NOFILE, &new, std::ptr::null_mut());
    }
    old.rlim_cur
}

/// Strangers need descriptors, too.
fn raise_own_limit() {
    let mut now = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the structures live as long as the calls.
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut now);
        libc::setrlimit(libc::RLIMIT_NOFILE, &libc::rlimit { rlim_cur: now.rlim_max, ..now });
    }
}
