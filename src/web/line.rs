//! Connections: how many there may be, and how long one may be held without asking for anything.
//!
//! A player sends every ten seconds and a balancer keeps its connections for a minute, so a connection may rest longer than
//! both; a server that lets go first makes their next request fail. The HTTP library watches over the head of a connection's
//! first request and over its rest between two. A client that begins a second head and never ends it, or does not take off
//! what it is sent, would hold its connection for ever; so each connection has a watcher here. It ends what has had no
//! request in progress for too long ([`silence`]). A request is in progress until its answer has been sent to the end, so
//! streams and websockets are. Whoever serves one of those has a [`Hold`] on its connection, and ends it when its client is
//! no use.

#![allow(unsafe_code, reason = "a socket that the HTTP library owns; the block says why it is sound")]

mod silence;

use std::{
    any::Any,
    cell::Cell,
    net::Shutdown,
    os::fd::{AsRawFd, BorrowedFd, RawFd},
    pin::Pin,
    rc::{Rc, Weak},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use actix_http::Request;
use actix_web::{
    Error, HttpRequest,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Extensions, ServiceRequest, ServiceResponse},
    middleware::Next,
    rt::{self, net::TcpStream, time::sleep},
    web::Bytes,
};
use rustix::process::{Resource, getrlimit, setrlimit};
use socket2::SockRef;

use self::silence::Silence;

/// A client has this long to send its headers.
pub const HEADER_DEADLINE: Duration = Duration::from_secs(10);
/// And this long to begin with the next request: longer than the minute balancers keep a connection, because a request that
/// meets its end half-way is lost to them.
pub const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long a client may leave what it is sent where it is.
pub const UNREAD: Duration = Duration::from_secs(30);
/// How often a watcher looks.
const LOOK: Duration = Duration::from_secs(5);
/// More than this in one worker is somebody's mistake.
const MOST: usize = 25_000;

thread_local! {
    /// Connections of this worker.
    static OPEN: Cell<usize> = const { Cell::new(0) };
}

/// One connection, kept beside it by the HTTP library, in the thread that serves it.
#[derive(Debug)]
struct Line {
    socket: RawFd,
    requests: Cell<usize>,
    quiet_since: Cell<Instant>,
}

impl Line {
    fn new(socket: RawFd) -> Self {
        OPEN.set(OPEN.get() + 1);
        Self { socket, requests: Cell::new(0), quiet_since: Cell::new(Instant::now()) }
    }

    fn with_socket(&self, act: impl FnOnce(SockRef<'_>) -> std::io::Result<()>) {
        // SAFETY: the line lives beside the stream, and both are dropped together in this very thread; so as long as the line
        // is there, the descriptor is that of the stream.
        let socket = unsafe { BorrowedFd::borrow_raw(self.socket) };
        if let Err(error) = act(SockRef::from(&socket)) {
            tracing::debug!(%error, "a connection has gone by itself");
        }
    }

    fn end(&self) {
        self.with_socket(|socket| socket.shutdown(Shutdown::Both));
    }
}

/// A hold on the connection of a request that goes on for long; it keeps nothing alive.
#[derive(Debug, Clone)]
pub struct Hold(Weak<Line>);

impl Hold {
    /// On the connection this request came by.
    pub fn on(request: &HttpRequest) -> Self {
        Self(request.conn_data::<Rc<Line>>().map(Rc::downgrade).unwrap_or_default())
    }

    /// Lets the kernel keep no more than so many bytes that it has not sent yet. Without this it keeps megabytes, and what a
    /// slow client sees is that much behind.
    pub fn keep_short(&self, bytes: u32) {
        if let Some(line) = self.0.upgrade() {
            line.with_socket(|socket| socket.set_tcp_notsent_lowat(bytes));
        }
    }

    /// Ends the connection at once, whatever still waits to be sent.
    pub fn cut(&self) {
        if let Some(line) = self.0.upgrade() {
            line.end();
        }
    }
}

/// A request in progress.
pub struct Turn(Rc<Line>);

impl Turn {
    /// Of the connection this request came by, if it is watched.
    pub fn of(request: &Request) -> Option<Self> {
        request.conn_data::<Rc<Line>>().map(Self::on)
    }

    fn on(line: &Rc<Line>) -> Self {
        line.requests.set(line.requests.get() + 1);
        Self(Rc::clone(line))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        OPEN.set(OPEN.get().saturating_sub(1));
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
        let line = Rc::new(Line::new(stream.as_raw_fd()));
        rt::spawn(end_when_quiet(Rc::downgrade(&line), most));
        kept.insert(line);
    }
}

async fn end_when_quiet(line: Weak<Line>, most: usize) {
    let mut silence = Silence::from(Instant::now());
    loop {
        sleep(LOOK).await;
        // The connection may have gone away meanwhile, and its line with it.
        let Some(line) = line.upgrade() else { return };
        if line.requests.get() > 0 {
            continue;
        }
        let mut received = None;
        line.with_socket(|socket| {
            received = silence::received_bytes(&*socket)?;
            Ok(())
        });
        silence.look(line.quiet_since.get(), received);
        if silence.is_too_long(OPEN.get() > most / 2) {
            return line.end();
        }
    }
}

/// Middleware around the application: from the head of a request to the end of its answer it is in progress.
pub async fn hold(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<Held>, Error> {
    let turn = request.request().conn_data::<Rc<Line>>().map(Turn::on);
    let response = next.call(request).await?;
    Ok(response.map_body(|_, body| Held::new(BoxBody::new(body), turn)))
}

/// An answer that keeps its request in progress until it is dropped.
pub struct Held {
    body: BoxBody,
    _turn: Option<Turn>,
}

impl Held {
    /// `turn` is over when the answer has been sent to the end.
    pub fn new(body: BoxBody, turn: Option<Turn>) -> Self {
        Self { body, _turn: turn }
    }
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
