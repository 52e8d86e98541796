//! When views began, asked of ClickHouse for those the processor does not remember.

use std::{collections::HashMap, sync::Arc};

use clickhouse::Row;
use serde::Deserialize;

use super::memory::ViewKey;
use crate::store::Store;

/// A view that began longer ago than this is not continued: an event row's day must stay within the open days.
pub const HORIZON_MS: i64 = 3 * 24 * 3_600_000;
/// Ids asked for at once.
const CHUNK: usize = 5_000;

#[derive(Row, Deserialize)]
struct Start {
    environment: String,
    view_id: String,
    start_ms: i64,
}

/// The known starts of `views` (given with the receive time of a record of theirs), in Unix ms.
///
/// # Errors
/// When ClickHouse cannot be asked: the batch has to wait.
pub async fn look_up(
    store: &Store,
    views: &HashMap<ViewKey, i64>,
) -> Result<HashMap<ViewKey, i64>, clickhouse::error::Error> {
    let Some(earliest_ms) = views.values().min().map(|received_ms| received_ms - HORIZON_MS) else {
        return Ok(HashMap::new());
    };
    let keys: Vec<&ViewKey> = views.keys().collect();
    let mut starts = HashMap::new();
    for chunk in keys.chunks(CHUNK) {
        let environments: Vec<&str> = chunk.iter().map(|(environment, _)| environment.as_ref()).collect();
        let ids: Vec<&str> = chunk.iter().map(|(_, id)| id.as_ref()).collect();
        let select = "SELECT environment, view_id, toUnixTimestamp64Milli(min(view_start)) AS start_ms \
            FROM view_states WHERE environment IN ? AND view_id IN ? AND view_start >= fromUnixTimestamp64Milli(?, 'UTC') \
            GROUP BY environment, view_id";
        let found = store.client.query(select).bind(environments).bind(ids).bind(earliest_ms);
        for start in found.fetch_all::<Start>().await? {
            starts.insert((Arc::from(start.environment), Arc::from(start.view_id)), start.start_ms);
        }
    }
    Ok(starts)
}
