//! How many events a process takes in per second, if that is limited: what is beyond stays with the client.

use std::num::NonZeroU32;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use super::refusal::MAX_EVENTS;

/// The limit, or none.
pub struct Admission(Option<DefaultDirectRateLimiter>);

impl Admission {
    /// `events_per_s` sustained; 0 is no limit. A burst of one full beacon always fits.
    pub fn new(events_per_s: u32) -> Self {
        Self(NonZeroU32::new(events_per_s).map(|rate| {
            let burst = rate.max(NonZeroU32::new(MAX_EVENTS as u32).unwrap_or(NonZeroU32::MIN));
            RateLimiter::direct(Quota::per_second(rate).allow_burst(burst))
        }))
    }

    /// Whether `events` more fit now; they count if they do.
    pub fn admits(&self, events: usize) -> bool {
        let (Some(limit), Some(events)) = (&self.0, u32::try_from(events).ok().and_then(NonZeroU32::new))
        else {
            return true;
        };
        limit.check_n(events).is_ok_and(|fits| fits.is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_the_burst_has_to_wait() {
        let admission = Admission::new(1);
        assert!(admission.admits(MAX_EVENTS));
        assert!(!admission.admits(100));
        assert!(Admission::new(0).admits(1_000_000));
    }
}
