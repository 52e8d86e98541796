//! What ClickHouse has found damaged on its disk. It puts such a part of a table aside when it starts and goes on without it, so
//! nothing fails and every figure is too small: somebody has to say so.

use std::{convert::Infallible, time::Duration};

use clickhouse::error::Error;

use super::Store;
use crate::telemetry::{Metric, gauge};

/// Parts are put aside when an engine starts, and that may be at any time.
const INTERVAL: Duration = Duration::from_secs(600);

impl Store {
    /// The damaged parts: table and name.
    async fn damaged(&self) -> Result<Vec<(String, String)>, Error> {
        let select = "SELECT table, name FROM system.detached_parts \
            WHERE database = ? AND startsWith(ifNull(reason, ''), 'broken') ORDER BY table, name";
        self.client.query(select).bind(Self::DATABASE).fetch_all().await
    }

    /// Looks again and again until it is dropped, and tells the log and the metrics.
    pub async fn watch_for_damage(&self) -> Infallible {
        let mut known = Vec::new();
        loop {
            if let Ok(damaged) = self.damaged().await {
                gauge(Metric::DamagedParts, damaged.len() as f64);
                if !damaged.is_empty() && damaged != known {
                    tracing::error!(
                        parts = damaged.len(),
                        ?damaged,
                        "ClickHouse has put damaged parts of tables aside; what was in them may be missing"
                    );
                }
                known = damaged;
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }
}
