//! When a key or token was last used, to the minute: one write a minute and thing, beside the request.

use std::time::Duration;

use moka::future::Cache;
use sqlx::AnyPool;

use super::now_ms;

/// How exact the time is, and how seldom it is written.
const RESOLUTION: Duration = Duration::from_mins(1);

/// What was noted within the last minute.
#[derive(Clone)]
pub struct Used {
    update: &'static str,
    lately: Cache<String, ()>,
}

impl Used {
    /// `update` sets the time `$1` of the thing `$2`.
    pub fn new(update: &'static str) -> Self {
        Self { update, lately: Cache::builder().max_capacity(100_000).time_to_live(RESOLUTION).build() }
    }

    /// Notes a use. The caller waits for nothing, and an outage of the database only costs the note.
    pub async fn note(&self, pool: &AnyPool, id: &str) {
        if self.lately.contains_key(id) {
            return;
        }
        self.lately.insert(id.to_owned(), ()).await;
        let (pool, update, id) = (pool.clone(), self.update, id.to_owned());
        tokio::spawn(async move {
            if let Err(error) = sqlx::query(update).bind(now_ms()).bind(id).execute(&pool).await {
                tracing::debug!(%error, "the time of a use was not noted");
            }
        });
    }
}
