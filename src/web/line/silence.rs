//! How long a connection may have no request in progress: for a rest, or for a head once bytes of one have come, and less
//! when half of the places are taken.

#![allow(unsafe_code, reason = "a count that only the kernel has; the block says why it is sound")]

use std::{
    io,
    os::fd::AsRawFd,
    time::{Duration, Instant},
};

use super::{HEADER_DEADLINE, KEEP_ALIVE};

/// Longest time without a request in progress, and the same where places are scarce.
const QUIET: Duration = HEADER_DEADLINE.saturating_add(KEEP_ALIVE);
const QUIET_IN_A_CROWD: Duration = HEADER_DEADLINE;

/// What a watcher knows of the time since the last request.
pub(super) struct Silence {
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
    pub fn look(&mut self, since: Instant, received: Option<u64>) {
        if since != self.since {
            *self = Self::from(since);
        }
        let (before, now) = (self.received, received);
        self.received = before.or(now);
        if before.is_some() && before != now {
            self.head_since.get_or_insert_with(Instant::now);
        }
    }

    pub fn is_too_long(&self, crowded: bool) -> bool {
        let rest = if crowded { QUIET_IN_A_CROWD } else { QUIET };
        let head = self.head_since.map(|since| since.elapsed());
        self.since.elapsed() >= rest || head.is_some_and(|head| head >= HEADER_DEADLINE)
    }
}

/// What the kernel has taken in on a connection since its beginning; none where it does not tell.
#[cfg(target_os = "linux")]
pub(super) fn received_bytes(socket: &impl AsRawFd) -> io::Result<Option<u64>> {
    // SAFETY: the structure is plain numbers, for which zeros are valid; the kernel writes no more than the length it is told,
    // and the descriptor is open while whoever owns it is borrowed.
    let (info, done) = unsafe {
        let mut info: libc::tcp_info = std::mem::zeroed();
        let mut length = size_of::<libc::tcp_info>() as libc::socklen_t;
        let to = (&raw mut info).cast();
        let done =
            libc::getsockopt(socket.as_raw_fd(), libc::IPPROTO_TCP, libc::TCP_INFO, to, &raw mut length);
        (info, done)
    };
    if done == 0 { Ok(Some(info.tcpi_bytes_received)) } else { Err(io::Error::last_os_error()) }
}

/// Not told here: a head that never ends is a long rest.
#[cfg(not(target_os = "linux"))]
pub(super) fn received_bytes(_socket: &impl AsRawFd) -> io::Result<Option<u64>> {
    Ok(None)
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
        silence.look(silence.since, Some(900));
        silence.look(silence.since, Some(900));
        assert!(!silence.is_too_long(false));
        assert!(silence.is_too_long(true));
        assert!(Silence::from(ago(86)).is_too_long(false));
    }

    #[test]
    fn a_head_that_does_not_end_is_no_rest() {
        let mut silence = Silence::from(ago(20));
        silence.look(silence.since, Some(900));
        silence.look(silence.since, Some(901));
        assert!(!silence.is_too_long(false), "it has just begun");
        silence.head_since = Some(ago(10));
        silence.look(silence.since, Some(902));
        assert!(silence.is_too_long(false));
        silence.look(ago(1), Some(2000));
        assert!(!silence.is_too_long(false), "there was a request meanwhile");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernel_counts_what_has_come() {
        use std::{io::Write, net};
        let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        assert_eq!(received_bytes(&server).unwrap(), Some(0));
        client.write_all(b"four").unwrap();
        server.peek(&mut [0]).unwrap();
        assert_eq!(received_bytes(&server).unwrap(), Some(4));
    }
}
