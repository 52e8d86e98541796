//! What is stored of given views, for `playhead verify` and everybody who kept a ledger of what was acknowledged.

use std::time::Duration;

use actix_web::{
    HttpResponse,
    web::{Data, Json, Query},
};
use serde::Deserialize;
use tokio::time::{Instant, sleep, timeout_at};

use super::{api::ApiState, auth::Reader, error::ApiError};
use crate::{
    log::{EventLog, LogError},
    pipeline,
    store::query::ledger::Stored,
};

/// Largest list of ids, bytes.
pub const MAX_BODY: usize = 256 * 1024;
/// Most views at once.
const MAX_VIEWS: usize = 1000;
const MAX_WAIT_MS: u64 = 30_000;
/// Between two looks at how far the processors are.
const LOOK: Duration = Duration::from_millis(50);

/// How fresh.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Freshness {
    /// First wait, for at most this long, until everything that is in the log now can be read; 504 when it takes
    /// longer. At most 30000.
    #[param(value_type = Option<u64>, maximum = 4294967295u32)]
    pub wait_ms: Option<u32>,
}

#[utoipa::path(post, path = "/data/v1/ledger", tag = "views", params(Freshness), request_body = Vec<String>,
    responses((status = 200, body = Stored, content_type = "application/x-ndjson",
            description = "One line for each view of the list, in its order"),
        (status = 400, body = super::problem::Problem), (status = 504, body = super::problem::Problem)))]
pub async fn show(
    reader: Reader,
    freshness: Query<Freshness>,
    views: Json<Vec<String>>,
    state: Data<ApiState>,
    log: Data<dyn EventLog>,
) -> Result<HttpResponse, ApiError> {
    if views.len() > MAX_VIEWS {
        return Err(ApiError::InvalidBody(format!("{} views; at most {MAX_VIEWS} at once", views.len())));
    }
    if let Some(wait_ms) = freshness.wait_ms {
        settle(&**log, Duration::from_millis(u64::from(wait_ms).min(MAX_WAIT_MS))).await?;
    }
    let mut lines = Vec::new();
    for stored in state.store.stored(&reader.environment, &views).await? {
        serde_json::to_writer(&mut lines, &stored).map_err(|error| ApiError::Internal(error.to_string()))?;
        lines.push(b'\n');
    }
    Ok(HttpResponse::Ok().content_type("application/x-ndjson").body(lines))
}

/// Waits until the processors, whichever processes they run in, have committed all that the log holds now.
async fn settle(log: &dyn EventLog, wait: Duration) -> Result<(), ApiError> {
    let deadline = Instant::now() + wait;
    let unavailable = |error: LogError| ApiError::Unavailable(error.to_string());
    let done = async {
        let ends = log.end().await.map_err(unavailable)?;
        loop {
            let committed = log.committed(pipeline::GROUP).await.map_err(unavailable)?;
            if ends.iter().all(|(partition, end)| committed.get(partition).is_some_and(|next| next >= end)) {
                return Ok(());
            }
            sleep(LOOK).await;
        }
    };
    timeout_at(deadline, done).await.unwrap_or(Err(ApiError::PositionLate))
}
