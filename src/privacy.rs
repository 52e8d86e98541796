//! What is kept no longer: viewers who were to be erased, and days that an environment does not keep.
//!
//! Runs beside the processor, since both are about what ClickHouse holds. Requests lie in the control database, so they may
//! come from the API or the command line, with or without a running service, and outlive a crash at any step.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::{
    clock::Clock,
    control::{Control, ControlError, Erasure, MAX_RETENTION_DAYS},
    event::Record,
    log::{AppendError, EventLog, LogError, NewRecord},
    pipeline::caught_up::caught_up,
    store::{Store, query::QueryError},
};

/// Between two looks for requests.
const LOOK: Duration = Duration::from_secs(2);
/// Between two rounds over the environments: retention goes by whole days.
const RETENTION_ROUND: Duration = Duration::from_hours(1);
/// How long the processors may take for what the log holds, before the request is put back.
const CATCH_UP: Duration = Duration::from_mins(5);
/// After a failure the same request is tried again not before this.
const RETRY: Duration = Duration::from_secs(30);
const DAY_MS: i64 = 24 * 3600 * 1000;

/// What it needs.
pub struct Keeper {
    pub control: Control,
    pub store: Store,
    pub log: Arc<dyn EventLog>,
    pub clock: Clock,
}

/// Why something was not done yet.
#[derive(Debug, thiserror::Error)]
enum Undone {
    #[error(transparent)]
    Control(#[from] ControlError),
    #[error(transparent)]
    Store(#[from] QueryError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error("the processors have not caught up with the log")]
    Behind,
}

impl Keeper {
    /// Runs until it is dropped.
    pub async fn run(self) {
        let mut round = Instant::now();
        loop {
            if let Err(error) = self.erase_all().await {
                tracing::warn!(%error, "erasures are pending");
            }
            if round <= Instant::now() {
                match self.retain().await {
                    Ok(()) => round = Instant::now() + RETENTION_ROUND,
                    Err(error) => {
                        tracing::warn!(%error, "retention is pending");
                        round = Instant::now() + RETRY;
                    }
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn erase_all(&self) -> Result<(), Undone> {
        while let Some(erasure) = self.control.claim_erasure().await? {
            if let Err(error) = self.erase(&erasure).await {
                self.control.release_erasure(&erasure.id, RETRY).await?;
                return Err(error);
            }
        }
        Ok(())
    }

    /// First what was received before the request has to be in ClickHouse, or it would come in after the deletion. A view that
    /// is still running tells its totals in every beacon, so whoever has it in memory is told by the log that it is erased, and
    /// the deletion waits until they have heard.
    async fn erase(&self, erasure: &Erasure) -> Result<(), Undone> {
        let Erasure { id, environment, viewer_id, .. } = erasure;
        self.catch_up().await?;
        let views = self.store.shun_views_of(environment, viewer_id).await?;
        let records = views.iter().map(|view_id| {
            let record = Record::erasure(environment, view_id, self.clock.now_ms());
            NewRecord { key: record.key(), payload: record.to_bytes() }
        });
        let records: Vec<_> = records.collect();
        if !records.is_empty() {
            self.log.append(records).await?;
            self.catch_up().await?;
        }
        let erased = self.store.erase_views(environment, &views).await?;
        self.control.finish_erasure(id, erased).await?;
        tracing::info!(receipt = id, environment, ?erased, "a viewer was erased");
        Ok(())
    }

    /// Waits until everything in the log has been processed.
    async fn catch_up(&self) -> Result<(), Undone> {
        if caught_up(&*self.log, CATCH_UP).await? { Ok(()) } else { Err(Undone::Behind) }
    }

    /// Deletes whole days that an environment keeps no longer. Those of ninety days ClickHouse drops by itself.
    async fn retain(&self) -> Result<(), Undone> {
        let now_ms = self.clock.now_ms();
        for tenant in self.control.tenants().await? {
            if tenant.retention_days >= MAX_RETENTION_DAYS {
                continue;
            }
            let before_ms = first_kept_ms(now_ms, tenant.retention_days);
            let rows = self.store.drop_before(&tenant.environment.id, before_ms).await?;
            if rows > 0 {
                tracing::info!(environment = tenant.environment.id, rows, "retention is over for old rows");
            }
        }
        let lines = self.control.trim_audit(now_ms).await?;
        if lines > 0 {
            tracing::info!(lines, "retention is over for old lines of the audit log");
        }
        Ok(())
    }
}

/// The beginning, UTC, of the oldest day that is kept: so many days back from now, and that day as a whole.
const fn first_kept_ms(now_ms: i64, days: u32) -> i64 {
    (now_ms - days as i64 * DAY_MS).div_euclid(DAY_MS) * DAY_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_kept_whole() {
        let noon = 20_000 * DAY_MS + DAY_MS / 2;
        assert_eq!(first_kept_ms(noon, 1), 19_999 * DAY_MS);
        assert_eq!(first_kept_ms(20_000 * DAY_MS, 7), 19_993 * DAY_MS);
    }
}
