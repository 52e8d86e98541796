//! How this node is, on one page: what `/readyz` and `/metrics` tell an operator's monitoring, what the log and ClickHouse
//! hold, and how the last hour went. It is about all environments at once, so it is for owners.

mod counters;
mod course;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use actix_web::web::{Data, Json};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;

pub use self::course::Course;
use self::{counters::Series, course::Point};
use super::{error::ApiError, permission::Owner};
use crate::{
    clock::Clock,
    health::{Health, Part},
    log::EventLog,
    pipeline::GROUP,
    store::usage::{Disk, TableUsage},
};

/// What the answer is made of.
pub struct System {
    pub health: Health,
    pub quarantine: Arc<dyn EventLog>,
    pub metrics: PrometheusHandle,
    pub course: Arc<Course>,
    pub clock: Clock,
    pub started_ms: i64,
    pub roles: Vec<&'static str>,
    /// Where the embedded log lies; none where Kafka is the log.
    pub log_dir: Option<PathBuf>,
    pub has_embedded_engine: bool,
}

/// How the node is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SystemAnswer {
    pub data: SystemState,
}

/// One node, as it sees itself.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SystemState {
    pub version: &'static str,
    /// Unix ms.
    pub started_ms: i64,
    pub now_ms: i64,
    /// `collect`, `process`, `query`: what this node does.
    pub roles: Vec<&'static str>,
    /// It can acknowledge beacons durably.
    pub ready: bool,
    /// It is about to stop.
    pub draining: bool,
    pub parts: Vec<Part>,
    pub log: LogState,
    /// Records ever put into quarantine; the oldest give way when it is full.
    pub quarantined: Option<u64>,
    pub clickhouse: ClickHouseState,
    /// Since the start, as `/metrics` of the admin address exports them.
    pub counters: Vec<Series>,
    /// Every ten seconds of the last hour, oldest first.
    pub course: Vec<Point>,
}

/// The log.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LogState {
    /// `embedded` or `kafka`.
    pub host: &'static str,
    /// On this machine's disk; null where Kafka is the log.
    pub bytes: Option<u64>,
    /// How far it is from refusing beacons: 1 is nowhere near, 0 refuses.
    pub room: f64,
    pub partitions: Vec<PartitionState>,
}

/// One partition of the log.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PartitionState {
    pub partition: u32,
    /// The offset the next record will get.
    pub end: u64,
    /// Everything below is in ClickHouse.
    pub processed: u64,
    pub lag: u64,
}

/// ClickHouse.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ClickHouseState {
    /// `embedded` or `server`.
    pub host: &'static str,
    /// Null while it does not answer.
    pub version: Option<String>,
    /// What the tables hold, of all environments.
    pub tables: Vec<TableUsage>,
    pub disk: Option<Disk>,
}

/// How the node is that answers: its parts, the log and how far behind reading it is, ClickHouse and its disk, every
/// counter, and the last hour. The same counters are exported for monitoring at `/metrics` of the admin address.
#[utoipa::path(get, path = "/data/v1/system", tag = "system",
    responses((status = 200, body = SystemAnswer), (status = 403, description = "Not an owner's session", body = super::problem::Problem)))]
pub async fn show(_owner: Owner, system: Data<System>) -> Result<Json<SystemAnswer>, ApiError> {
    let (readiness, log, clickhouse, quarantined) = tokio::join!(
        system.health.readiness(),
        system.log_state(),
        system.clickhouse_state(),
        system.quarantine.end()
    );
    Ok(Json(SystemAnswer {
        data: SystemState {
            version: env!("CARGO_PKG_VERSION"),
            started_ms: system.started_ms,
            now_ms: system.clock.now_ms(),
            roles: system.roles.clone(),
            ready: readiness.ready,
            draining: readiness.draining,
            parts: readiness.parts,
            log,
            quarantined: quarantined.ok().map(|ends| ends.values().sum()),
            clickhouse,
            counters: counters::read(&system.metrics.render()),
            course: system.course.points(),
        },
    }))
}

impl System {
    async fn log_state(&self) -> LogState {
        let log = &self.health.log;
        let (ends, committed) = tokio::join!(log.end(), log.committed(GROUP));
        // A log that cannot be asked is told by its part.
        let (ends, committed) = (ends.unwrap_or_default(), committed.unwrap_or_default());
        LogState {
            host: if self.log_dir.is_some() { "embedded" } else { "kafka" },
            bytes: self.log_bytes().await,
            room: log.room(),
            partitions: partitions(&ends, &committed),
        }
    }

    /// The segments' sizes; one that is reclaimed meanwhile counts nothing.
    async fn log_bytes(&self) -> Option<u64> {
        let mut files = tokio::fs::read_dir(self.log_dir.as_ref()?).await.ok()?;
        let mut bytes = 0;
        while let Ok(Some(file)) = files.next_entry().await {
            bytes += file.metadata().await.map_or(0, |known| known.len());
        }
        Some(bytes)
    }

    async fn clickhouse_state(&self) -> ClickHouseState {
        let host = if self.has_embedded_engine { "embedded" } else { "server" };
        match self.health.store.holdings().await {
            Ok((version, tables, disk)) => {
                ClickHouseState { host, version: Some(version), tables, disk: Some(disk) }
            }
            Err(error) => {
                tracing::debug!(%error, "ClickHouse does not tell what it holds");
                ClickHouseState { host, version: None, tables: Vec::new(), disk: None }
            }
        }
    }
}

fn partitions(ends: &BTreeMap<u32, u64>, committed: &BTreeMap<u32, u64>) -> Vec<PartitionState> {
    let state = |(&partition, &end): (&u32, &u64)| {
        let processed = committed.get(&partition).copied().unwrap_or_default();
        PartitionState { partition, end, processed, lag: end.saturating_sub(processed) }
    };
    ends.iter().map(state).collect()
}
