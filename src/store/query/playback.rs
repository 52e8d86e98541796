//! How playback went, by the marks of views: how long each rendition played, and what stalls followed.

use serde::Deserialize;

use super::{QueryError, Scope, statement::Statement};
use crate::store::Store;

/// More renditions than these are no ladder.
const MOST: i64 = 1_000;

/// The renditions of a view with the time each played: from its mark to the next, the last to the end.
const RENDITION_TIMES: &str = "arrayFilter(mark -> mark.1 = 1, marks_in_order) AS shown, \
    arrayShiftLeft(arrayMap(mark -> mark.2, shown), 1, toUInt32(playing_ms)) AS until_ms, \
    arrayMap((mark, until) -> (mark.3, mark.4, greatest(toInt64(until) - mark.2, 0)), shown, until_ms) AS times";

/// The stalls of a view with what each followed and how long it was, of the view's rebuffering time by its begin and end.
const STALLS: &str = "arrayEnumerate(marks_in_order) AS places, \
    arrayFilter(stall -> stall.1 = 2, arrayMap((mark, place) -> (mark.1, mark.2, mark.3, place), marks_in_order, places)) AS begun, \
    arrayMap(stall -> ( \
        multiIf( \
            arrayExists((mark, place) -> mark.1 = 4 AND place < stall.4 AND stall.2 - mark.2 <= 1000, marks_in_order, places), 'seek', \
            stall.2 <= 3000, 'start', \
            arrayExists((mark, place) -> mark.1 = 1 AND place < stall.4 AND stall.2 - mark.2 <= 1000, marks_in_order, places), \
                'rendition_change', \
            'nothing' \
        ), \
        arrayFirst((mark, place) -> mark.1 = 3 AND place > stall.4, marks_in_order, places) AS over, \
        greatest(toInt64(if(over.1 = 0, rebuffer_ms, over.3)) - toInt64(stall.3), 0) \
    ), begun) AS stalls";

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
                 sumIf(weight, is_first) AS standing_for FROM (SELECT weight, ",
            )
            .sql(RENDITION_TIMES)
            .sql(", arrayJoin(arrayZip(times, arrayEnumerateUniq(arrayMap(time -> (time.1, time.2), times)))) AS told, \
                  told.1 AS played, told.2 = 1 AS is_first");
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
                 sumIf(weight, is_first) AS standing_for FROM (SELECT weight, ",
            )
            .sql(STALLS)
            .sql(", arrayJoin(arrayZip(stalls, arrayEnumerateUniq(arrayMap(stall -> stall.1, stalls)))) AS told, \
                  told.1 AS stall, told.2 = 1 AS is_first");
        scope.source(&mut statement);
        statement.sql(" AND view_attempted) GROUP BY after) ORDER BY total DESC, after");
        self.rows(statement).await
    }
}
