//! Who may ask how much: tokens and sessions by what they are, strangers by their address.
//!
//! Addresses are only charged for failures (a wrong or missing credential) and for tries to sign in. Whoever has
//! shown who they are is never slowed down for what a neighbour behind the same address does.

use std::{
    hash::Hash,
    net::IpAddr,
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DefaultKeyedStateStore,
};
use moka::sync::Cache;

use super::error::ApiError;
use crate::control::digest;

/// So many times the burst may be refused at once and each still be told a time of its own to come back.
const TURNS: u32 = 10;
/// After this many checks those who have not been seen for long are forgotten.
const SWEEP_EVERY: u32 = 4096;

/// A sustained rate and how far one may run ahead of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub burst: NonZeroU32,
    /// Time until one more is allowed.
    pub refill: Duration,
}

impl Rate {
    /// `per_second` sustained, `burst` at once. Zeroes count as one.
    pub fn per_second(per_second: u32, burst: u32) -> Self {
        Self {
            burst: NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN),
            refill: Duration::from_secs(1) / per_second.max(1),
        }
    }

    fn quota(self) -> Quota {
        let refill = self.refill.max(Duration::from_nanos(1));
        Quota::with_period(refill).unwrap_or(Quota::per_second(NonZeroU32::MIN)).allow_burst(self.burst)
    }
}

/// The settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// API requests of one token or session.
    pub requests: Rate,
    /// Requests of one address without valid credentials.
    pub failures: Rate,
    /// Tries to sign in from one address.
    pub sign_ins: Rate,
    /// Tries to sign in to one account, from wherever.
    pub accounts: Rate,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            requests: Rate::per_second(50, 100),
            failures: Rate::per_second(1, 20),
            sign_ins: Rate { refill: Duration::from_secs(6), ..Rate::per_second(1, 10) },
            accounts: Rate { refill: Duration::from_secs(30), ..Rate::per_second(1, 10) },
        }
    }
}

/// How much is left, as the `RateLimit-*` headers say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    pub limit: u32,
    pub remaining: u32,
    /// Until all of it is there again.
    pub reset_s: u64,
}

impl Left {
    /// Writes the headers.
    pub fn write(self, to: &mut HeaderMap) {
        for (name, value) in [
            ("ratelimit-limit", u64::from(self.limit)),
            ("ratelimit-remaining", self.remaining.into()),
            ("ratelimit-reset", self.reset_s),
        ] {
            to.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
}

/// A request over the limit.
#[derive(Debug, Clone, Copy)]
pub struct Refused {
    pub left: Left,
    pub wait: Duration,
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        Self::RateLimited { retry_after_s: whole_seconds(refused.wait).max(1) }
    }
}

/// One kind of limit over many keys.
struct Keyed<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock, StateInformationMiddleware>,
    rate: Rate,
    checks: AtomicU32,
}

impl<K: Hash + Eq + Clone> Keyed<K> {
    fn new(rate: Rate) -> Self {
        let limiter = RateLimiter::keyed(rate.quota()).with_middleware::<StateInformationMiddleware>();
        Self { limiter, rate, checks: AtomicU32::new(0) }
    }

    /// Takes `count` at once, or none.
    fn check(&self, key: &K, count: NonZeroU32) -> Result<Left, Refused> {
        if self.checks.fetch_add(1, Ordering::Relaxed).is_multiple_of(SWEEP_EVERY) {
            self.limiter.retain_recent();
        }
        match self.limiter.check_key_n(key, count) {
            Ok(Ok(snapshot)) => Ok(self.left(snapshot.remaining_burst_capacity())),
            Ok(Err(refusal)) => {
                let wait = refusal.wait_time_from(DefaultClock::default().now());
                Err(Refused { left: self.left(0), wait })
            }
            // More than there ever is: nobody waits for that, but the limit says what would go.
            Err(_) => Err(Refused { left: self.left(0), wait: self.rate.refill * count.get() }),
        }
    }

    fn left(&self, remaining: u32) -> Left {
        let limit = self.rate.burst.get();
        let missing = limit.saturating_sub(remaining);
        Left { limit, remaining, reset_s: whole_seconds(self.rate.refill * missing) }
    }
}

/// All limits of the API.
pub struct Limits {
    requests: Keyed<String>,
    /// Those that were refused and will come back, at the pace at which they can be let in: what is used up of it is how many
    /// come before the next.
    turns: Keyed<String>,
    failures: Keyed<IpAddr>,
    sign_ins: Keyed<IpAddr>,
    accounts: Keyed<String>,
    /// Addresses over their failures, and until when: they are turned away before their credentials are looked at.
    barred: Cache<IpAddr, Instant>,
}

impl Limits {
    /// Limits with nothing used up.
    pub fn new(rates: Rates) -> Self {
        let Rate { burst, refill } = rates.requests;
        let turns = Rate {
            burst: NonZeroU32::new(burst.get().saturating_mul(TURNS)).unwrap_or(burst),
            // `Retry-After` is in seconds, and no more than the burst can come in one.
            refill: refill.max(Duration::from_secs(1) / burst.get()),
        };
        Self {
            requests: Keyed::new(rates.requests),
            turns: Keyed::new(turns),
            failures: Keyed::new(rates.failures),
            sign_ins: Keyed::new(rates.sign_ins),
            accounts: Keyed::new(rates.accounts),
            barred: Cache::builder()
                .max_capacity(100_000)
                .time_to_live(rates.failures.refill.max(Duration::from_secs(1)) * 2)
                .build(),
        }
    }

    /// Counts a request of a token or session.
    pub fn request(&self, who: &str) -> Result<Left, Refused> {
        self.work(who, NonZeroU32::MIN)
    }

    /// Counts what is as much work as `count` requests.
    pub fn work(&self, who: &str, count: NonZeroU32) -> Result<Left, Refused> {
        let who = who.to_owned();
        self.requests.check(&who, count).map_err(|refused| self.in_turn(&who, count, refused))
    }

    /// Those that are refused together would come back together and be refused again: each is told a time of its own.
    fn in_turn(&self, who: &String, count: NonZeroU32, refused: Refused) -> Refused {
        let Rate { burst, refill } = self.turns.rate;
        let remaining = self.turns.check(who, count).map_or(0, |left| left.remaining);
        let before = burst.get().saturating_sub(remaining).saturating_sub(count.get());
        Refused { wait: refused.wait + refill * before, ..refused }
    }

    /// Counts a try to sign in.
    pub fn sign_in(&self, address: IpAddr) -> Result<Left, Refused> {
        self.sign_ins.check(&address, NonZeroU32::MIN)
    }

    /// Counts a try to sign in to an account, whether or not there is one of that address.
    pub fn account(&self, email: &str) -> Result<Left, Refused> {
        self.accounts.check(&digest(&email.to_lowercase()), NonZeroU32::MIN)
    }

    /// Counts a request without valid credentials.
    pub fn failure(&self, address: IpAddr) -> Result<Left, Refused> {
        let checked = self.failures.check(&address, NonZeroU32::MIN);
        if let Err(refused) = checked {
            self.barred.insert(address, Instant::now() + refused.wait);
        }
        checked
    }

    /// Whether credentials from this address may be looked at.
    pub fn may_try(&self, address: IpAddr) -> Result<(), Refused> {
        let now = Instant::now();
        match self.barred.get(&address) {
            Some(until) if until > now => Err(Refused { left: self.failures.left(0), wait: until - now }),
            _ => Ok(()),
        }
    }
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_burst_goes_through_at_once() {
        let slow = Rate { refill: Duration::from_secs(3600), ..Rate::per_second(1, 5) };
        let limits = Limits::new(Rates { requests: slow, ..Rates::default() });
        let remaining: Vec<_> = (0..5).map(|_| limits.request("a").unwrap().remaining).collect();
        assert_eq!(remaining, [4, 3, 2, 1, 0]);
        let refused = limits.request("a").unwrap_err();
        assert!(refused.wait > Duration::from_secs(3590) && refused.wait <= Duration::from_secs(3600));
        assert_eq!(limits.request("b").unwrap(), Left { limit: 5, remaining: 4, reset_s: 3600 });
    }

    #[test]
    fn those_refused_together_come_back_one_after_the_other() {
        let slow = Rate { refill: Duration::from_secs(3600), ..Rate::per_second(1, 3) };
        let limits = Limits::new(Rates { requests: slow, ..Rates::default() });
        let refused: Vec<_> = (0..10).filter_map(|_| limits.request("a").err()).collect();
        let waits: Vec<_> =
            refused.iter().map(|refused| whole_seconds(refused.wait).div_ceil(3600)).collect();
        assert_eq!(waits, [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(limits.request("b").map(|left| left.remaining).ok(), Some(2));
    }

    #[test]
    fn failures_bar_an_address_and_no_other() {
        let slow = Rate { refill: Duration::from_secs(60), ..Rate::per_second(1, 2) };
        let limits = Limits::new(Rates { failures: slow, ..Rates::default() });
        let [bad, good] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse::<IpAddr>().unwrap());
        assert!(limits.failure(bad).is_ok() && limits.failure(bad).is_ok());
        assert!(limits.may_try(bad).is_ok());
        assert!(limits.failure(bad).is_err());
        assert!(limits.may_try(bad).is_err());
        assert!(limits.may_try(good).is_ok());
    }
}
