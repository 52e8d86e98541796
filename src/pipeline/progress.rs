//! How far ClickHouse has got, for reads that wait for a position ("write, then read your own").

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use tokio::sync::watch;

use crate::log::Position;

/// Per partition, the next offset that is not yet in ClickHouse.
#[derive(Debug, Clone)]
pub struct Progress(watch::Sender<BTreeMap<u32, u64>>);

impl Default for Progress {
    fn default() -> Self {
        Self(watch::Sender::new(BTreeMap::new()))
    }
}

impl Progress {
    /// Everything of `partition` below `next` can be read.
    pub fn set(&self, partition: u32, next: u64) {
        self.0.send_modify(|known| {
            let known = known.entry(partition).or_default();
            *known = (*known).max(next);
        });
    }
}

#[async_trait]
impl crate::web::api::Progress for Progress {
    async fn wait(&self, positions: &[Position], timeout: Duration) -> bool {
        let mut watch = self.0.subscribe();
        let is_done = |known: &BTreeMap<u32, u64>| {
            positions.iter().all(|p| known.get(&p.partition).is_some_and(|next| *next > p.offset))
        };
        tokio::time::timeout(timeout, watch.wait_for(is_done)).await.is_ok_and(|found| found.is_ok())
    }
}
