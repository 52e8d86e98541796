//! When views began and whether their viewers were erased, asked of ClickHouse for those the processor does not remember.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use clickhouse::Row;
use serde::Deserialize;

use super::{
    memory::ViewKey,
    notes::{Noted, Notes},
};
use crate::store::{Store, query::MAX_QUERY_BYTES};

/// A view that began longer ago than this is not continued: an event row's day must stay within the open days.
pub const HORIZON_MS: i64 = 3 * 24 * 3_600_000;
/// Ids asked for at once: the longest, said twice with everything in them escaped, make half of the longest statement.
const CHUNK: usize = 2_000;

#[derive(Row, Deserialize)]
struct Line {
    environment: String,
    view_id: String,
    start_ms: i64,
    known_marks: u64,
    known_moments: u64,
    known_errors: u64,
    known_names: Vec<String>,
    is_erased: bool,
}

impl Line {
    fn noted(&self) -> Noted {
        let [marks, moments, errors] = [self.known_marks, self.known_moments, self.known_errors]
            .map(|known| usize::try_from(known).unwrap_or(usize::MAX / 2));
        Noted::of(Notes { marks, moments, errors, ..Notes::default() }, &self.known_names)
    }
}

/// What ClickHouse knows of a view.
#[derive(Debug, Clone)]
pub enum Start {
    /// It has rows.
    Known {
        /// When it began, Unix ms.
        start_ms: i64,
        /// How much of what grows it; what came twice may count twice.
        noted: Noted,
    },
    /// Its viewer was erased.
    Erased,
}

/// The known ones of `views` (given with the receive time of a record of theirs).
///
/// # Errors
/// When ClickHouse cannot be asked: the batch has to wait.
pub async fn look_up(
    store: &Store,
    views: &HashMap<ViewKey, i64>,
) -> Result<HashMap<ViewKey, Start>, clickhouse::error::Error> {
    let Some(earliest_ms) = views.values().min().map(|received_ms| received_ms - HORIZON_MS) else {
        return Ok(HashMap::new());
    };
    let keys: Vec<&ViewKey> = views.keys().collect();
    let mut starts = HashMap::new();
    for chunk in keys.chunks(CHUNK) {
        let environments: BTreeSet<&str> =
            chunk.iter().map(|(environment, _)| environment.as_ref()).collect();
        let ids: Vec<&str> = chunk.iter().map(|(_, id)| id.as_ref()).collect();
        let select = "SELECT environment, view_id, toUnixTimestamp64Milli(min(view_start)) AS start_ms, \
            sum(length(mapKeys(marks))) AS known_marks, \
            sum(length(mapKeys(moments))) AS known_moments, \
            sum(length(error_sequences)) AS known_errors, \
            groupUniqArrayArray(mapKeys(custom)) AS known_names, false AS is_erased \
            FROM view_states WHERE environment IN ? AND view_id IN ? AND view_start >= fromUnixTimestamp64Milli(?, 'UTC') \
            GROUP BY environment, view_id \
            UNION ALL SELECT environment, view_id, toInt64(0), toUInt64(0), toUInt64(0), toUInt64(0), \
            emptyArrayString(), true FROM erased_views WHERE environment IN ? AND view_id IN ?";
        let found = store.client.query(select).with_setting("max_query_size", MAX_QUERY_BYTES);
        let found = found.bind(&environments).bind(&ids).bind(earliest_ms);
        for line in found.bind(&environments).bind(&ids).fetch_all::<Line>().await? {
            let known = match line.is_erased {
                true => Start::Erased,
                false => Start::Known { start_ms: line.start_ms, noted: line.noted() },
            };
            let start = starts.entry((Arc::from(line.environment), Arc::from(line.view_id)));
            // Erased stays erased, whatever is left of the rows just then.
            start.and_modify(|start| *start = Start::Erased).or_insert(known);
        }
    }
    Ok(starts)
}
