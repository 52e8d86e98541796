//! How far the processor is behind the log, told every second whatever it is busy with.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::{
    log::EventLog,
    telemetry::{Metric, gauge},
};

const INTERVAL: Duration = Duration::from_secs(1);

/// How far each partition of this processor is in ClickHouse: the next offset to write.
#[derive(Debug, Default)]
pub struct Lag(Mutex<BTreeMap<u32, u64>>);

impl Lag {
    /// These partitions it has now.
    pub fn set(&self, done: BTreeMap<u32, u64>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = done;
    }

    /// Tells it until it is dropped. While the log does not say where it ends, the last figure stands.
    pub async fn tell(&self, log: &dyn EventLog) -> Infallible {
        loop {
            if let Ok(ends) = log.end().await {
                gauge(Metric::LagRecords, self.records(&ends) as f64);
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    fn records(&self, ends: &BTreeMap<u32, u64>) -> u64 {
        let done = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        done.iter().map(|(number, next)| ends.get(number).map_or(0, |end| end.saturating_sub(*next))).sum()
    }
}
