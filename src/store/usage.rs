//! What the tables take on ClickHouse's disk, and what is left there. For operators: it is of all environments.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Store;

/// Nobody waits longer for a figure about disks.
const TIMEOUT: Duration = Duration::from_secs(3);

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, clickhouse::Row, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TableUsage {
    pub table: String,
    pub rows: u64,
    /// Compressed, on the disk.
    pub bytes: u64,
    /// Files that are merged in the background; thousands mean that merging does not keep up.
    pub parts: u64,
}

/// The disk the tables are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clickhouse::Row, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Disk {
    pub free_bytes: u64,
    pub total_bytes: u64,
}

impl Store {
    /// ClickHouse's version, its tables and its disk.
    ///
    /// # Errors
    /// Its reason, also when it takes too long.
    pub async fn holdings(&self) -> Result<(String, Vec<TableUsage>, Disk), String> {
        let version = self.client.query("SELECT version()").fetch_one::<String>();
        let tables = self
            .client
            .query(
                "SELECT table, sum(rows) AS rows, sum(bytes_on_disk) AS bytes, count() AS parts FROM system.parts \
                 WHERE active AND database = ? GROUP BY table ORDER BY bytes DESC",
            )
            .bind(Self::DATABASE)
            .fetch_all::<TableUsage>();
        let disk = self
            .client
            .query("SELECT sum(free_space) AS free_bytes, sum(total_space) AS total_bytes FROM system.disks")
            .fetch_one::<Disk>();
        let all = async { tokio::try_join!(version, tables, disk) };
        match tokio::time::timeout(TIMEOUT, all).await {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(_) => Err("no answer in time".to_owned()),
        }
    }
}
