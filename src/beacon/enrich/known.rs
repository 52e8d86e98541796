//! What was found out about senders lately: each sends a beacon every few seconds, and says the same about itself.
//!
//! Neither address nor user agent is kept for it, only a digest of both under a key of this process's own.

use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
};

use bytes::Bytes;
use parking_lot::Mutex;

/// Some megabytes. Of two senders that meet in one place the newer one stays, so it never grows.
const PLACES: usize = 1 << 14;

/// See the module.
pub struct KnownSenders {
    places: Box<[Mutex<(u64, Bytes)>]>,
    hasher: RandomState,
}

impl Default for KnownSenders {
    fn default() -> Self {
        Self { places: (0..PLACES).map(|_| Mutex::default()).collect(), hasher: RandomState::new() }
    }
}

impl KnownSenders {
    /// What is known of a sender, by `look_up` if it has not been here lately.
    pub fn get(
        &self,
        agent: Option<&str>,
        address: Option<IpAddr>,
        look_up: impl FnOnce() -> Bytes,
    ) -> Bytes {
        // Never 0, which is nobody.
        let digest = self.hasher.hash_one((agent, address)) | 1;
        let place = &self.places[(digest >> 1) as usize % PLACES];
        let (known, origin) = place.lock().clone();
        if known == digest {
            return origin;
        }
        let origin = look_up();
        *place.lock() = (digest, origin.clone());
        origin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_are_looked_up_once_and_never_taken_for_each_other() {
        let senders = KnownSenders::default();
        let address = |last: u8| Some(IpAddr::from([203, 0, 113, last]));
        let of = |agent, last, says: &'static str| {
            senders.get(agent, address(last), || Bytes::from_static(says.as_bytes()))
        };
        assert_eq!(of(Some("Firefox"), 1, "a"), "a");
        assert_eq!(of(Some("Firefox"), 1, "b"), "a");
        assert_eq!(of(Some("Firefox"), 2, "c"), "c");
        assert_eq!(of(Some("Safari"), 1, "d"), "d");
        assert_eq!(of(None, 1, "e"), "e");
        assert_eq!(senders.get(None, None, || Bytes::from_static(b"f")), "f");
    }

    #[test]
    fn a_crowd_larger_than_the_room_is_still_told_apart() {
        let senders = KnownSenders::default();
        for round in 0..2 {
            for number in 0..2 * PLACES as u32 {
                let own = Bytes::from(number.to_string());
                let found = senders.get(None, Some(IpAddr::from(number.to_be_bytes())), || own.clone());
                assert_eq!(found, own, "round {round}");
            }
        }
    }
}
