//! How playback went: how long each rendition played, and what stalls followed. What each view says of it stands in `views`.

use serde::Deserialize;

use super::{QueryError, Scope, statement::Statement};
use crate::store::Store;

/// More renditions than these are no ladder.
const MOST: i64 = 1_000;

/// How long a rendition played.
#[derive(Debug, Clone, PartialEq, clickhouse::Row, Deserialize)]
pub struct RenditionTime {
    /// Bit/s; 0: not said.
    pub bitrate: u64,
    /// Pixels; 0: not said.
    pub height: u32,
    pub playing_ms: u64,
    /// Of the playing time of all renditions, 0 to 1.
    pub share: f64,
    /// As many as the measured ones stand for.
    pub views: u64,
    /// How many renditions there are in all.
    pub renditions: u64,
}

/// Stalls that followed the same.
#[derive(Debug, Clone, PartialEq, clickhouse::Row, Deserialize)]
pub struct StallsAfter {
    pub after: String,
    pub stalls: u64,
    pub rebuffer_ms: u64,
    /// Of the time of all stalls, 0 to 1.
    pub share: f64,
    /// As many as the measured ones stand for.
    pub views: u64,
}

impl Store {
    /// The renditions of a scope, the longest played first, at most 1,000.
    pub async fn rendition_times(&self, scope: &Scope) -> Result<Vec<RenditionTime>, QueryError> {
        let mut statement = Statement::default();
        statement
            .sql(
                "SELECT bitrate, height, toUInt64(round(total)) AS playing_ms, \
                 ifNotFinite(total / sum(total) OVER (), 0) AS share, toUInt64(round(standing_for)) AS views, \
                 count() OVER () AS renditions \
                 FROM (SELECT played.1 AS bitrate, played.2 AS height, sum(played.3 * weight) AS total, \
                 sumIf(weight, is_first) AS standing_for FROM (SELECT weight, \
                 arrayJoin(arrayZip(rendition_times, arrayEnumerateUniq(arrayMap(time -> (time.1, time.2), rendition_times)))) \
                 AS told, told.1 AS played, told.2 = 1 AS is_first",
            );
        scope.source(&mut statement);
        statement
            .sql(" AND view_attempted) GROUP BY bitrate, height) ORDER BY total DESC, bitrate, height LIMIT ")
            .integer(MOST);
        self.rows(statement).await
    }

    /// The stalls of a scope by what they followed, the longest first.
    pub async fn stalls(&self, scope: &Scope) -> Result<Vec<StallsAfter>, QueryError> {
        let mut statement = Statement::default();
        statement
            .sql(
                "SELECT after, toUInt64(round(count)) AS stalls, toUInt64(round(total)) AS rebuffer_ms, \
                 ifNotFinite(total / sum(total) OVER (), 0) AS share, toUInt64(round(standing_for)) AS views \
                 FROM (SELECT stall.1 AS after, sum(weight) AS count, sum(stall.3 * weight) AS total, \
                 sumIf(weight, is_first) AS standing_for FROM (SELECT weight, \
                 arrayJoin(arrayZip(stalls, arrayEnumerateUniq(arrayMap(stall -> stall.1, stalls)))) AS told, \
                 told.1 AS stall, told.2 = 1 AS is_first",
            );
        scope.source(&mut statement);
        statement.sql(" AND view_attempted) GROUP BY after) ORDER BY total DESC, after");
        self.rows(statement).await
    }
}
