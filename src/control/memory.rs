//! What the database said lately, so that it is neither asked for every beacon nor missed for a moment.
//!
//! An answer is taken as it is for [`FRESH`], so a revocation counts within that time. One that is asked for again in the
//! second half of it is renewed beside the request: whoever sends all the time never waits for the database, be it slow
//! or busy with somebody else. When it cannot be asked, what it said last goes on counting for [`LAST_KNOWN`]. "There is
//! no such thing" is remembered too, but not renewed: a guess must not cost a query each time, and a new key must work soon.

use std::{
    collections::HashSet,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use moka::{Entry, future::Cache, ops::compute::Op};
use sqlx::{AnyPool, Row};

use super::ControlError;

/// A revoked key or token works at most this long.
const FRESH: Duration = Duration::from_secs(5);
/// At this age an answer is renewed if anybody asks.
const RENEW: Duration = Duration::from_millis(2500);
/// How long an outage of the database may last before known keys stop working.
const LAST_KNOWN: Duration = Duration::from_secs(3600);

/// What all things of a kind are called. There is one list of them, under [`ALL`].
pub type Names = Arc<HashSet<String>>;
/// See [`Names`].
pub const ALL: &str = "";

/// The list that `select` gives, in a column `name`.
pub async fn names(pool: &AnyPool, select: &'static str) -> Result<Option<Names>, ControlError> {
    let rows = sqlx::query(select).fetch_all(pool).await?;
    let names = rows.iter().map(|row| row.try_get("name")).collect::<Result<HashSet<String>, _>>()?;
    Ok(Some(Arc::new(names)))
}

/// Values by what they are called.
#[derive(Clone)]
pub struct Memory<V> {
    fresh: Cache<String, Heard<V>>,
    last_known: Cache<String, V>,
    renew: Duration,
}

/// An answer, and when it came.
#[derive(Clone)]
struct Heard<V> {
    value: Option<V>,
    at: Instant,
    being_renewed: Arc<AtomicBool>,
}

impl<V> Heard<V> {
    fn now(value: Option<V>) -> Self {
        Self { value, at: Instant::now(), being_renewed: Arc::default() }
    }

    /// True once.
    fn is_to_be_renewed(&self, age: Duration) -> bool {
        self.value.is_some() && self.at.elapsed() >= age && !self.being_renewed.swap(true, Ordering::Relaxed)
    }
}

impl<V: Clone + Send + Sync + 'static> Memory<V> {
    pub fn new(capacity: u64) -> Self {
        Self::with_ages(capacity, FRESH, RENEW)
    }

    fn with_ages(capacity: u64, fresh: Duration, renew: Duration) -> Self {
        Self {
            fresh: Cache::builder().max_capacity(capacity).time_to_live(fresh).build(),
            last_known: Cache::builder().max_capacity(capacity).time_to_live(LAST_KNOWN).build(),
            renew,
        }
    }

    /// The value of `key`, by what `load` begins if it is not fresh. Concurrent callers share one load.
    pub async fn get<L>(&self, key: &str, load: impl FnOnce() -> L) -> Result<Option<V>, ControlError>
    where
        L: Future<Output = Result<Option<V>, ControlError>> + Send + 'static,
    {
        if let Some(heard) = self.fresh.get(key).await {
            if heard.is_to_be_renewed(self.renew) {
                let (memory, key, load) = (self.clone(), key.to_owned(), load());
                tokio::spawn(async move { memory.renew(&key, heard.at, load).await });
            }
            return Ok(heard.value);
        }
        let answer = async { Ok(Heard::now(self.ask(key, load()).await?)) };
        let heard = self.fresh.try_get_with_by_ref(key, answer).await;
        heard.map(|heard| heard.value).map_err(|error: Arc<ControlError>| error.as_ref().clone())
    }

    /// What the database says, or what it said last while it cannot be asked.
    async fn ask(
        &self,
        key: &str,
        load: impl Future<Output = Result<Option<V>, ControlError>>,
    ) -> Result<Option<V>, ControlError> {
        match load.await {
            Ok(Some(value)) => {
                self.last_known.insert(key.to_owned(), value.clone()).await;
                Ok(Some(value))
            }
            Ok(None) => {
                self.last_known.invalidate(key).await;
                Ok(None)
            }
            Err(error) => match self.last_known.get(key).await {
                Some(value) => {
                    tracing::warn!(%error, "control database unavailable, taking the last known answer");
                    Ok(Some(value))
                }
                None => Err(error),
            },
        }
    }

    /// Puts a new answer in the place of the one heard at `of`, unless that was forgotten or replaced meanwhile.
    async fn renew(
        &self,
        key: &str,
        of: Instant,
        load: impl Future<Output = Result<Option<V>, ControlError>>,
    ) {
        // What cannot be had now is asked for again by whoever comes when the old answer has gone.
        let Ok(value) = self.ask(key, load).await else { return };
        let replace = async |entry: Option<Entry<String, Heard<V>>>| match entry {
            Some(entry) if entry.value().at == of => Op::Put(Heard::now(value)),
            Some(_) => Op::Nop,
            None => {
                self.last_known.invalidate(key).await;
                Op::Nop
            }
        };
        self.fresh.entry_by_ref(key).and_compute_with(replace).await;
    }

    /// Whether anything is remembered of `key`: asking for it makes no new work for the database.
    pub fn knows(&self, key: &str) -> bool {
        self.fresh.contains_key(key) || self.last_known.contains_key(key)
    }

    /// Forgets `key`, because this process just changed it.
    pub async fn forget(&self, key: &str) {
        self.fresh.invalidate(key).await;
        self.last_known.invalidate(key).await;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may stop")]
mod tests {
    use std::future::{pending, ready};

    use tokio::sync::oneshot;

    use super::*;

    fn unavailable() -> ControlError {
        ControlError::Unavailable("away".into())
    }

    /// A memory that renews at once, with `old` in it.
    async fn with_old() -> Memory<&'static str> {
        let memory = Memory::with_ages(10, Duration::from_secs(600), Duration::ZERO);
        assert_eq!(memory.get("key", || ready(Ok(Some("old")))).await.unwrap(), Some("old"));
        memory
    }

    async fn until_it_says(memory: &Memory<&'static str>, value: Option<&'static str>) {
        while memory.get("key", pending).await.unwrap() != value {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn who_asks_often_does_not_wait_for_the_database() {
        let memory = with_old().await;
        let (answer, answered) = oneshot::channel();
        let slow = async { Ok(answered.await.unwrap()) };
        assert_eq!(memory.get("key", || slow).await.unwrap(), Some("old"));
        assert_eq!(memory.get("key", pending).await.unwrap(), Some("old"), "one renewal at a time");
        answer.send(Some("new")).unwrap();
        until_it_says(&memory, Some("new")).await;
    }

    #[tokio::test]
    async fn what_is_gone_is_gone_at_the_next_renewal() {
        let memory = with_old().await;
        memory.get("key", || ready(Ok(None))).await.unwrap();
        until_it_says(&memory, None).await;
    }

    #[tokio::test]
    async fn a_renewal_does_not_bring_back_what_was_forgotten_meanwhile() {
        let memory = with_old().await;
        let before = memory.fresh.get("key").await.unwrap().at;
        memory.forget("key").await;
        memory.renew("key", before, ready(Ok(Some("old")))).await;
        assert!(memory.fresh.get("key").await.is_none());
        assert_eq!(memory.get("key", || ready(Ok(Some("new")))).await.unwrap(), Some("new"));
        memory.renew("key", before, ready(Ok(Some("old")))).await;
        assert_eq!(memory.fresh.get("key").await.unwrap().value, Some("new"));
    }

    #[tokio::test]
    async fn while_the_database_is_away_the_last_answer_counts() {
        let memory = with_old().await;
        memory.get("key", || ready(Err(unavailable()))).await.unwrap();
        until_it_says(&memory, Some("old")).await;
        memory.fresh.invalidate("key").await;
        assert_eq!(memory.get("key", || ready(Err(unavailable()))).await.unwrap(), Some("old"));
        assert!(memory.get("unknown", || ready(Err(unavailable()))).await.is_err());
    }
}
