//! Connections: how many there may be, and how long one may be held without asking for anything.
//!
//! A player sends every ten seconds and a balancer keeps its connections for a minute, so a connection may rest longer than
//! both; a server that lets go first makes their next request fail. The HTTP library watches over the head of a connection's
//! first request and over its rest between two. A client that begins a second head and never ends it, or does not take off
//! what it is sent, would hold its connection for ever; so each connection has a watcher here. It ends what has had no
//! request in progress for too long: for a rest, or for a head once bytes of one have come, and less when half of the places
//! are taken. A request is in progress until its answer has been sent to the end, so streams and websockets are.

#![allow(unsafe_code, reason = "a socket that the HTTP library owns, and a count that only the kernel has; the blocks say why they are sound")]

use std::{
    any::Any,
    cell::Cell,
    io,
    net::Shutdown,
    os::fd::{AsRawFd, BorrowedFd},
    pin::Pin,
    rc::{Rc, Weak},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use actix_web::{
    Error,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Extensions, ServiceRequest, ServiceResponse},
    middleware::Next,
    rt::{self, net::TcpStream, time::sleep},
    web::Bytes,
};
use rustix::process::{Resource, getrlimit, setrlimit};
use socket2::SockRef;

use super::http::{HEADER_DEADLINE, KEEP_ALIVE};

/// Longest time without a request in progress, and the same where places are scarce.
const QUIET: Duration = HEADER_DEADLINE.saturating_add(KEEP_ALIVE);
const QUIET_IN_A_CROWD: Duration = HEADER_DEADLINE;
/// How often a watcher looks.
const LOOK: Duration = Duration::from_secs(5);
/// How long a client may leave what it is sent where it is.
const UNREAD: Duration = Duration::from_secs(30);
/// More than this in one worker is somebody's mistake.
const MOST: usize = 25_000;

thread_local! {
    /// Connections of this worker.
    static OPEN: Cell<usize> = const { Cell::new(0) };
}

/// One connection, kept beside it by the HTTP library, in the thread that serves it.
#[derive(Debug)]
struct Line {
    requests: Cell<usize>,
    quiet_since: Cell<Instant>,
}

impl Line {
    fn new() -> Self {
        OPEN.set(OPEN.get() + 1);
        Self { requests: Cell::new(0), quiet_since: Cell::new(Instant::now()) }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        OPEN.set(OPEN.get().saturating_sub(1));
    }
}

/// A request in progress.
struct Turn(Rc<Line>);

impl Turn {
    fn of(line: &Rc<Line>) -> Self {
        line.requests.set(line.requests.get() + 1);
        Self(Rc::clone(line))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.requests.set(self.0.requests.get().saturating_sub(1));
        self.0.quiet_since.set(Instant::now());
    }
}

/// Sets a watcher on each new connection of a listener that gets one in `share` of the process's descriptors.
pub fn watch(share: usize) -> impl Fn(&dyn Any, &mut Extensions) + Clone {
    let most = most_per_worker(share);
    move |stream, kept| {
        let Some(stream) = stream.downcast_ref::<TcpStream>() else { return };
        if let Err(error) = SockRef::from(stream).set_tcp_user_timeout(Some(UNREAD)) {
            tracing::debug!(%error, "a connection may be read as slowly as its client likes");
        }
        let line = Rc::new(Line::new());
        rt::spawn(end_when_quiet(Rc::downgrade(&line), stream.as_raw_fd(), most));
        kept.insert(line);
    }
}

async fn end_when_quiet(line: Weak<Line>, socket: i32, most: usize) {
    let mut silence = Silence::from(Instant::now());
    loop {
        sleep(LOOK).await;
        // The connection may have gone away meanwhile, and its line with it.
        let Some(line) = line.upgrade() else { return };
        // SAFETY: the line lives beside the stream, and both are dropped together in this very thread; so as long as the line
        // is there, the descriptor is that of the stream.
        let socket = unsafe { BorrowedFd::borrow_raw(socket) };
        if line.requests.get() > 0 {
            continue;
        }
        silence.look(line.quiet_since.get(), || received_bytes(socket));
        if silence.is_too_long(OPEN.get() > most / 2) {
            let ended: io::Result<()> = SockRef::from(&socket).shutdown(Shutdown::Both);
            tracing::debug!(?ended, "a connection that asked for nothing was ended");
            return;
        }
    }
}

/// What a watcher knows of the time since the last request.
struct Silence {
    since: Instant,
    /// When it was first looked at.
    received: Option<u64>,
    /// Since when there are bytes of a next request.
    head_since: Option<Instant>,
}

impl From<Instant> for Silence {
    fn from(since: Instant) -> Self {
        Self { since, received: None, head_since: None }
    }
}

impl Silence {
    fn look(&mut self, since: Instant, received: impl FnOnce() -> Option<u64>) {
        if since != self.since {
            *self = Self::from(since);
        }
        let (before, now) = (self.received, received());
        self.received = before.or(now);
        if before.is_some() && before != now {
            self.head_since.get_or_insert_with(Instant::now);
        }
    }

    fn is_too_long(&self, crowded: bool) -> bool {
        let rest = if crowded { QUIET_IN_A_CROWD } else { QUIET };
        let head = self.head_since.map(|since| since.elapsed());
        self.since.elapsed() >= rest || head.is_some_and(|head| head >= HEADER_DEADLINE)
    }
}

/// What the kernel has taken in on a connection since its beginning.
#[cfg(target_os = "linux")]
fn received_bytes(socket: BorrowedFd<'_>) -> Option<u64> {
    // SAFETY: the structure is plain numbers, for which zeros are valid; the kernel writes no more than the length it is told,
    // and the descriptor is open while it is borrowed.
    let (info, done) = unsafe {
        let mut info: libc::tcp_info = std::mem::zeroed();
        let mut length = size_of::<libc::tcp_info>() as libc::socklen_t;
        let to = (&raw mut info).cast();
        let done =
            libc::getsockopt(socket.as_raw_fd(), libc::IPPROTO_TCP, libc::TCP_INFO, to, &raw mut length);
        (info, done)
    };
    (done == 0).then_some(info.tcpi_bytes_received)
}

/// Not told here: a head that never ends is a long rest.
#[cfg(not(target_os = "linux"))]
fn received_bytes(_socket: BorrowedFd<'_>) -> Option<u64> {
    None
}

/// Middleware around everything: from the head of a request to the end of its answer it is in progress.
pub async fn hold(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<Held>, Error> {
    let turn = request.request().conn_data::<Rc<Line>>().map(Turn::of);
    let response = next.call(request).await?;
    Ok(response.map_body(|_, body| Held { body: BoxBody::new(body), _turn: turn }))
}

/// An answer that keeps its request in progress until it is dropped.
pub struct Held {
    body: BoxBody,
    _turn: Option<Turn>,
}

impl MessageBody for Held {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        self.body.try_into_bytes().map_err(|body| Self { body, _turn: self._turn })
    }
}

/// Lets the process have as many descriptors as it may: the usual thousand are few for a crowd of players.
pub fn raise_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

/// How many connections one worker of a listener may have that gets one in `share` of the process's descriptors. Further
/// ones wait in the kernel until there is room.
pub fn most_per_worker(share: usize) -> usize {
    let files =
        getrlimit(Resource::Nofile).current.map_or(MOST, |files| usize::try_from(files).unwrap_or(MOST));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    (files / share / workers).clamp(1, MOST)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may stop")]
mod tests {
    use super::*;

    fn ago(seconds: u64) -> Instant {
        Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap()
    }

    #[test]
    fn a_rest_is_long_and_shorter_in_a_crowd() {
        let mut silence = Silence::from(ago(70));
        silence.look(silence.since, || Some(900));
        silence.look(silence.since, || Some(900));
        assert!(!silence.is_too_long(false));
        assert!(silence.is_too_long(true));
        assert!(Silence::from(ago(86)).is_too_long(false));
    }

    #[test]
    fn a_head_that_does_not_end_is_no_rest() {
        let mut silence = Silence::from(ago(20));
        silence.look(silence.since, || Some(900));
        silence.look(silence.since, || Some(901));
        assert!(!silence.is_too_long(false), "it has just begun");
        silence.head_since = Some(ago(10));
        silence.look(silence.since, || Some(902));
        assert!(silence.is_too_long(false));
        silence.look(ago(1), || Some(2000));
        assert!(!silence.is_too_long(false), "there was a request meanwhile");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernel_counts_what_has_come() {
        use std::{io::Write, net, os::fd::AsFd};
        let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        assert_eq!(received_bytes(server.as_fd()), Some(0));
        client.write_all(b"four").unwrap();
        server.peek(&mut [0]).unwrap();
        assert_eq!(received_bytes(server.as_fd()), Some(4));
    }
}
