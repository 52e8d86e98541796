//! Whether a beacon is taken in now: how many events a process takes per second, if that is limited, and how much room the
//! log has. What is beyond stays with the client.
//!
//! Each [`Importance`] may use the room down to a floor of its own, so heartbeats go first and the start, error and end
//! of known views go last. There is no memory of an overload: as room comes back, so do the floors, one after the other.

use std::{
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use governor::{DefaultDirectRateLimiter, Quota};

use super::{importance::Importance, refusal::Refusal};

/// The share of the room that has to be free for a beacon of each importance.
const fn floor(importance: Importance) -> f64 {
    match importance {
        Importance::Routine => 0.6,
        Importance::Newcomer => 0.4,
        Importance::Course => 0.2,
        Importance::Milestone => 0.0,
    }
}

/// See the module.
pub struct Admission {
    /// Events a second, if that is limited.
    limit: Option<Bucket>,
    /// How often it is said that the log is short of room: thousands of beacons a second may be refused for it.
    telling: DefaultDirectRateLimiter,
}

/// Events that may come in at once: a second's worth, filled up all the time.
struct Bucket {
    events_per_s: f64,
    level: Mutex<(Instant, f64)>,
}

impl Admission {
    /// `events_per_s` sustained; 0 is no limit.
    pub fn new(events_per_s: u32) -> Self {
        let events_per_s = f64::from(events_per_s);
        let bucket = Bucket { events_per_s, level: Mutex::new((Instant::now(), events_per_s)) };
        let telling = DefaultDirectRateLimiter::direct(Quota::per_minute(NonZeroU32::MIN));
        Self { limit: (events_per_s > 0.0).then_some(bucket), telling }
    }

    /// Lets `events` in, or says why not. `log_room` is the share of the log that is free, 0 to 1.
    ///
    /// # Errors
    /// [`Refusal::Full`] or [`Refusal::OverLimit`].
    pub fn admit(&self, events: usize, importance: Importance, log_room: f64) -> Result<(), Refusal> {
        // Without any room the log refuses for itself, with its own reason.
        if log_room < floor(importance) {
            if self.telling.check().is_ok() {
                let worth = importance.label();
                tracing::warn!(
                    log_room,
                    worth,
                    "the log or its disk is short of room: what matters less is refused"
                );
            }
            return Err(Refusal::Full);
        }
        match &self.limit {
            Some(bucket) if !bucket.takes(events as f64, importance, Instant::now()) => {
                Err(Refusal::OverLimit)
            }
            _ => Ok(()),
        }
    }
}

impl Bucket {
    /// Takes `events` if the level is above the floor. A large beacon may overdraw, by a second's worth at most: a beacon
    /// larger than the limit could never come in otherwise.
    fn takes(&self, events: f64, importance: Importance, now: Instant) -> bool {
        let mut state = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        let (then, level) = *state;
        let gained = now.saturating_duration_since(then).as_secs_f64() * self.events_per_s;
        let level = (level + gained).min(self.events_per_s);
        let is_taken = level > floor(importance) * self.events_per_s;
        let left = if is_taken { (level - events).max(-self.events_per_s) } else { level };
        *state = (now.max(then), left);
        is_taken
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A second at `times` the limit of 1,000, in beacons of ten events, all four kinds mixed; accepted by kind.
    fn second(bucket: &Bucket, begun: Instant, times: u32) -> [u32; 4] {
        let mut accepted = [0; 4];
        let beacons = 100 * times;
        for beacon in 0..beacons {
            let kind = (beacon % 4) as usize;
            let now = begun + Duration::from_secs(1) * beacon / beacons;
            accepted[kind] += u32::from(bucket.takes(10.0, Importance::ALL[kind], now));
        }
        accepted
    }

    fn bucket(begun: Instant) -> Bucket {
        Bucket { events_per_s: 1000.0, level: Mutex::new((begun, 1000.0)) }
    }

    #[test]
    fn at_ten_times_the_limit_only_the_most_important_come_in() {
        let begun = Instant::now();
        let bucket = bucket(begun);
        second(&bucket, begun, 10);
        let accepted = second(&bucket, begun + Duration::from_secs(1), 10);
        assert_eq!(accepted[..3], [0, 0, 0], "{accepted:?}");
        assert!((95..=105).contains(&accepted[3]), "{accepted:?}");
    }

    #[test]
    fn a_little_too_much_costs_the_least_important_alone() {
        let begun = Instant::now();
        let bucket = bucket(begun);
        let mut accepted = [0; 4];
        // 1.2 times the limit: a quarter of it is routine, and two thirds of that can come in.
        for round in 0..20 {
            let beacons = 120;
            for beacon in 0..beacons {
                let kind = beacon % 4;
                let now = begun
                    + Duration::from_secs(1) * round
                    + Duration::from_secs(1) * beacon as u32 / beacons as u32;
                accepted[kind] += u32::from(bucket.takes(10.0, Importance::ALL[kind], now));
            }
        }
        assert_eq!(accepted[1..], [600, 600, 600], "{accepted:?}");
        assert!((150..450).contains(&accepted[0]), "{accepted:?}");
    }

    #[test]
    fn an_overload_leaves_no_trace_after_two_seconds() {
        let begun = Instant::now();
        let bucket = bucket(begun);
        for at in 0..60 {
            second(&bucket, begun + Duration::from_secs(at), 10);
        }
        bucket.takes(10_000.0, Importance::Milestone, begun + Duration::from_secs(60));
        let after = begun + Duration::from_secs(63);
        assert!(bucket.takes(10.0, Importance::Routine, after), "heartbeats are back");
        let half = (0..100)
            .filter(|i| bucket.takes(5.0, Importance::Routine, after + Duration::from_millis(i * 10)));
        assert_eq!(half.count(), 100);
    }

    #[test]
    fn a_beacon_larger_than_the_limit_comes_in_alone() {
        let begun = Instant::now();
        let bucket = bucket(begun);
        assert!(bucket.takes(10_000.0, Importance::Routine, begun));
        assert!(!bucket.takes(1.0, Importance::Milestone, begun));
        assert!(bucket.takes(1.0, Importance::Milestone, begun + Duration::from_millis(1100)));
    }

    #[test]
    fn a_log_that_fills_up_closes_to_heartbeats_first() {
        let open = |room| Importance::ALL.map(|kind| Admission::new(0).admit(1, kind, room).is_ok());
        assert_eq!(open(1.0), [true; 4]);
        assert_eq!(open(0.5), [false, true, true, true]);
        assert_eq!(open(0.3), [false, false, true, true]);
        assert_eq!(open(0.0), [false, false, false, true], "the log itself says no to the last");
    }
}
