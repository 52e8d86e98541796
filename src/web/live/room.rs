//! How much one websocket may have waiting for a client that does not take it off.
//!
//! Between a session and the kernel lie a queue of the websocket library and a buffer of the HTTP library. Neither tells what is
//! in it, and a frame may have a hundred bytes or a hundred thousand. So what a session hands over is counted here until
//! the HTTP library has asked the body of the answer for it, which it does when its own buffer is nearly empty.

use std::{
    cell::Cell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use actix_web::{
    HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    web::Bytes,
};
use tokio::{sync::Notify, time::Instant};

/// Bytes that may wait in a session, and once more in each buffer behind it. One frame may go beyond: it is not cut in pieces.
pub const ROOM: usize = 128 * 1024;
/// What a frame counts for at least, so that many small ones do not fill the library's queue, which has 32 places.
const LEAST: usize = ROOM / 16;

/// The room of one websocket, shared by its session and the body of its answer; both live in one thread.
#[derive(Debug, Clone, Default)]
pub struct Room(Rc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    waiting: Cell<usize>,
    /// Since when there is no room.
    full_since: Cell<Option<Instant>>,
    taken: Notify,
}

impl Room {
    /// Counts what the answer's body still has in it.
    pub fn around(&self, answer: HttpResponse) -> HttpResponse {
        let room = self.clone();
        answer.map_body(|_, body| Counted { body, room }).map_into_boxed_body()
    }

    /// A frame of so many bytes was handed over.
    pub fn take(&self, bytes: usize) {
        let waiting = self.0.waiting.get() + bytes.max(LEAST);
        self.0.waiting.set(waiting);
        if waiting >= ROOM && self.0.full_since.get().is_none() {
            self.0.full_since.set(Some(Instant::now()));
        }
    }

    /// Waits until there is room for a frame. One task at a time may wait.
    pub async fn free(&self) {
        while self.full_since().is_some() {
            self.0.taken.notified().await;
        }
    }

    /// Since when nothing was taken off, if there is no room.
    pub fn full_since(&self) -> Option<Instant> {
        self.0.full_since.get()
    }

    /// The body gives everything at once, so nothing waits any more.
    fn empty(&self) {
        self.0.waiting.set(0);
        self.0.full_since.set(None);
        self.0.taken.notify_one();
    }
}

/// The body of an answer that tells its room when it was taken from.
struct Counted {
    body: BoxBody,
    room: Room,
}

impl MessageBody for Counted {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let taken = ready!(Pin::new(&mut self.body).poll_next(cx));
        self.room.empty();
        Poll::Ready(taken)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn room_ends_and_comes_back() {
        let room = Room::default();
        room.take(ROOM - 1);
        assert!(room.full_since().is_none());
        room.free().now_or_never().expect("a byte of room is room for a frame");
        room.take(1);
        let since = room.full_since();
        room.take(ROOM);
        assert!(since.is_some() && room.full_since() == since, "it is full since it was");
        assert!(room.free().now_or_never().is_none());
        let mut body = Counted { body: BoxBody::new("frames"), room: room.clone() };
        assert!(Pin::new(&mut body).poll_next(&mut Context::from_waker(std::task::Waker::noop())).is_ready());
        room.free().now_or_never().expect("all was taken");
        assert!(room.full_since().is_none());
    }

    #[tokio::test]
    async fn small_frames_do_not_fill_the_queue_of_the_library() {
        const PLACES: usize = 32;
        let room = Room::default();
        let handed = (0..PLACES).take_while(|_| room.full_since().is_none()).map(|_| room.take(2)).count();
        assert!(handed < PLACES, "{handed}");
    }
}
