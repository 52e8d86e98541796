//! The errors of the views of a scope, by their codes.

use serde::Deserialize;

use super::{QueryError, Scope, statement::Statement, view::ERROR_ID};
use crate::store::Store;

/// More codes than these are no codes.
const MOST: i64 = 1_000;

/// An error and the views that carry it as their last.
#[derive(Debug, Clone, PartialEq, clickhouse::Row, Deserialize)]
pub struct ErrorCount {
    pub id: u32,
    pub code: String,
    /// As it was last said.
    pub message: String,
    /// As many views as the measured ones stand for.
    pub views: u64,
    /// Of all views of the scope, 0 to 1.
    pub share: f64,
    /// Unix ms.
    pub last_seen_ms: i64,
    /// How many codes there are in all.
    pub codes: u64,
}

impl Store {
    /// The errors of a scope, the most frequent first, at most 1,000.
    pub async fn errors(&self, scope: &Scope) -> Result<Vec<ErrorCount>, QueryError> {
        let mut errors: Vec<ErrorCount> = self.rows(written(scope, Statement::default())).await?;
        // The views without an error are there for the share.
        errors.retain(|error| !error.code.is_empty());
        Ok(errors)
    }
}

/// The same for the SQL port: `id`, `code`, `message`, `views`, `share` and so on; the row without a code are the views
/// without an error.
pub fn in_sql(scope: &Scope) -> Option<String> {
    written(scope, Statement::for_analysts()).written()
}

fn written(scope: &Scope, mut to: Statement) -> Statement {
    to.sql("SELECT toUInt32(")
        .sql(ERROR_ID)
        .sql(
            ") AS id, error_code AS code, message, views, toFloat64(weights / whole) AS share, last_seen_ms, \
             countIf(error_code != '') OVER () AS codes FROM (SELECT error_code, \
             argMax(error_message, view_end) AS message, sum(weight) AS weights, sum(weights) OVER () AS whole, \
             toUInt64(round(weights)) AS views, toUnixTimestamp64Milli(max(view_end)) AS last_seen_ms",
        );
    scope.source(&mut to);
    to.sql(
        " AND (view_attempted OR playback_failure) GROUP BY error_code) \
         ORDER BY error_code = '', views DESC, code LIMIT ",
    )
    .integer(MOST);
    to
}
