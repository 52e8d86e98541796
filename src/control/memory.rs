//! What the database said lately, so that it is neither asked for every beacon nor missed for a moment.
//!
//! Two ages of memory: an answer younger than [`FRESH`] is taken as it is (so a revocation counts within that time);
//! an older one only when the database cannot be asked. "There is no such thing" is remembered too, but only while
//! fresh: a guess must not cost a query each time, and a new key must work soon.

use std::{future::Future, time::Duration};

use moka::future::Cache;

use super::ControlError;

/// A revoked key or token works at most this long.
const FRESH: Duration = Duration::from_secs(5);
/// How long an outage of the database may last before known keys stop working.
const LAST_KNOWN: Duration = Duration::from_secs(3600);

#[derive(Clone)]
pub struct Memory<V> {
    fresh: Cache<String, Option<V>>,
    last_known: Cache<String, V>,
}

impl<V: Clone + Send + Sync + 'static> Memory<V> {
    pub fn new(capacity: u64) -> Self {
        Self {
            fresh: Cache::builder().max_capacity(capacity).time_to_live(FRESH).build(),
            last_known: Cache::builder().max_capacity(capacity).time_to_live(LAST_KNOWN).build(),
        }
    }

    /// The value of `key`, by `load` if it is not fresh. Concurrent callers share one load.
    pub async fn get(
        &self,
        key: &str,
        load: impl Future<Output = Result<Option<V>, ControlError>>,
    ) -> Result<Option<V>, ControlError> {
        let answer = async {
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
        };
        self.fresh.try_get_with_by_ref(key, answer).await.map_err(|error| error.as_ref().clone())
    }

    /// What is known without asking.
    pub async fn peek(&self, key: &str) -> Option<V> {
        self.fresh.get(key).await.flatten()
    }

    /// Forgets `key`, because this process just changed it.
    pub async fn forget(&self, key: &str) {
        self.fresh.invalidate(key).await;
        self.last_known.invalidate(key).await;
    }
}
