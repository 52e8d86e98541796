//! The tasks beside HTTP, each running until the stop or until it dies.

use std::time::Duration;

use tokio::sync::watch;

use crate::{
    pipeline::{Processor, timelines},
    privacy::Keeper,
    store::{
        Store,
        migrate::{self, MigrateError},
    },
};

/// Time between tries to reach ClickHouse at start.
const SCHEMA_RETRY: Duration = Duration::from_secs(1);

/// Brings the schema to this binary's version, however late ClickHouse comes up, and then watches over what it covers.
pub async fn bring_schema(
    store: Store,
    done: watch::Sender<bool>,
    mut stopping: watch::Receiver<bool>,
) -> Ended {
    let bring = async {
        loop {
            match migrate::migrate(&store).await {
                Ok(applied) => {
                    tracing::info!(?applied, "schema is up to date");
                    done.send_replace(true);
                    match store.watch_for_damage().await {}
                }
                Err(MigrateError::Refused(error)) => {
                    tracing::warn!(%error, "ClickHouse is not there yet; beacons are kept in the log meanwhile");
                    tokio::time::sleep(SCHEMA_RETRY).await;
                }
                // Waiting changes nothing: an operator has to look.
                Err(error) => return Ended::Died(format!("schema: {error}")),
            }
        }
    };
    tokio::select! {
        ended = bring => ended,
        _ = stopping.wait_for(|stopping| *stopping) => Ended::Stopped,
    }
}

/// Runs the processor once there is a schema to write to. It may be dropped between any two of its steps.
pub async fn process(
    processor: Processor,
    mut has_schema: watch::Receiver<bool>,
    mut stopping: watch::Receiver<bool>,
) -> Ended {
    let run = async {
        if has_schema.wait_for(|has_schema| *has_schema).await.is_err() {
            return Ended::Stopped;
        }
        if let Err(error) = timelines::catch_up(&processor.store).await {
            tracing::warn!(%error, "views an earlier version wrote last may be shown without their totals until the next start");
        }
        match processor.run().await {
            Ok(()) => Ended::Died("the processor returned".into()),
            Err(error) => Ended::Died(format!("processor: {error}")),
        }
    };
    tokio::select! {
        ended = run => ended,
        _ = stopping.wait_for(|stopping| *stopping) => Ended::Stopped,
    }
}

/// Runs the keeper once there is a schema to delete from.
pub async fn keep(keeper: Keeper, mut has_schema: watch::Receiver<bool>) {
    if has_schema.wait_for(|has_schema| *has_schema).await.is_ok() {
        return keeper.run().await;
    }
    // Nobody will bring one any more: the service stops.
    std::future::pending().await
}

/// Runs something that never ends by itself until the stop.
pub async fn until_stop(
    work: impl Future<Output = ()>,
    name: &str,
    mut stopping: watch::Receiver<bool>,
) -> Ended {
    tokio::select! {
        () = work => Ended::Died(name.to_owned()),
        _ = stopping.wait_for(|stopping| *stopping) => Ended::Stopped,
    }
}

/// How a task ended.
#[derive(Debug)]
pub enum Ended {
    Stopped,
    Died(String),
}
