//! How many events a key takes in per second, if that is limited: one tenant's flood is that tenant's alone.
//!
//! A bucket per key holds a second's worth and may be overdrawn by one beacon, so a beacon of any size comes in and the
//! rate still holds over time. Each collector counts for itself.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use moka::sync::Cache;
use parking_lot::Mutex;

/// Nobody waits longer than this for a beacon that was too large.
const LONGEST_WAIT_S: f64 = 60.0;
/// A bucket that was not touched for so long is full again.
const FORGET: Duration = Duration::from_mins(2);
const MOST_KEYS: u64 = 100_000;

/// The buckets of all keys that have a quota.
pub struct Quotas(Cache<(String, u32), Arc<Mutex<Level>>>);

/// How many events fit, and when that was so. Below zero, what was overdrawn.
struct Level {
    at: Instant,
    events: f64,
}

impl Default for Quotas {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(MOST_KEYS).time_to_idle(FORGET).build())
    }
}

impl Quotas {
    /// Takes `events` from the quota of `key`.
    ///
    /// # Errors
    /// The time until something fits again.
    pub fn take(&self, key: &str, events_per_s: u32, events: usize) -> Result<(), Duration> {
        let now = Instant::now();
        let rate = f64::from(events_per_s.max(1));
        let full = || Arc::new(Mutex::new(Level { at: now, events: rate }));
        // A quota that was changed begins anew.
        let level = self.0.get_with((key.to_owned(), events_per_s), full);
        level.lock().take(events, rate, now)
    }
}

impl Level {
    fn take(&mut self, events: usize, rate: f64, now: Instant) -> Result<(), Duration> {
        let gained = now.saturating_duration_since(self.at).as_secs_f64() * rate;
        self.at = self.at.max(now);
        self.events = (self.events + gained).min(rate);
        if self.events <= 0.0 {
            return Err(Duration::from_secs_f64(-self.events / rate));
        }
        self.events = (self.events - events as f64).max(-LONGEST_WAIT_S * rate);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_time_the_quota_holds_whatever_the_size_of_beacons() {
        for size in [1, 7, 150] {
            let begun = Instant::now();
            let mut level = Level { at: begun, events: 100.0 };
            let mut taken = 0;
            // A hundred seconds of ten times too much.
            for step in 0..(100_000 / size) {
                let now = begun + Duration::from_secs_f64(step as f64 * size as f64 / 1000.0);
                taken += if level.take(size, 100.0, now).is_ok() { size } else { 0 };
            }
            assert!((9_900..=10_300).contains(&taken), "{taken} in beacons of {size}");
        }
    }

    #[test]
    fn whoever_waits_as_told_gets_in() {
        let begun = Instant::now();
        let mut level = Level { at: begun, events: 10.0 };
        assert_eq!(level.take(50, 10.0, begun), Ok(()));
        let wait = level.take(1, 10.0, begun).unwrap_err();
        assert_eq!(wait, Duration::from_secs(4));
        assert!(level.take(1, 10.0, begun + wait).is_err(), "the very moment is too early");
        assert!(level.take(1, 10.0, begun + wait + Duration::from_millis(1)).is_ok());
        // However large a beacon was.
        assert_eq!(level.take(10_000, 10.0, begun + Duration::from_secs(9)), Ok(()));
        let wait = level.take(1, 10.0, begun + Duration::from_secs(9)).unwrap_err();
        assert_eq!(wait, Duration::from_secs(60));
    }

    #[test]
    fn keys_have_a_bucket_each() {
        let quotas = Quotas::default();
        assert!(quotas.take("a", 1, 100).is_ok());
        assert!(quotas.take("a", 1, 1).is_err());
        assert!(quotas.take("b", 1, 1).is_ok());
    }
}
