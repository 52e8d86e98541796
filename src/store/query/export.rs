//! Everything of one environment, row by row. By hour, so that merging and placing rows takes an hour's memory and not
//! ninety days'.

use clickhouse::{Row, query::BytesCursor};
use serde::Deserialize;

use super::{QueryError, source_of, statement::Statement};
use crate::store::Store;

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exported {
    Views,
    Events,
}

const HOUR_MS: i64 = 3_600_000;
/// Whoever reads may be slow.
const EXPORT_MAX_SECONDS: &str = "3600";

#[derive(Row, Deserialize)]
struct Hour {
    hour_ms: i64,
}

impl Store {
    /// The hours in which views of an environment began, Unix ms, oldest first.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn hours(&self, environment: &str) -> Result<Vec<i64>, QueryError> {
        let mut statement = Statement::default();
        statement
            .sql("SELECT DISTINCT toInt64(toUnixTimestamp(toStartOfHour(view_start))) * 1000 AS hour_ms");
        source_of("view_states", environment, &mut statement);
        statement.sql(" ORDER BY hour_ms");
        Ok(self.rows::<Hour>(statement).await?.into_iter().map(|hour| hour.hour_ms).collect())
    }

    /// The rows of one hour as JSON lines, each with its `kind`.
    ///
    /// # Errors
    /// See [`QueryError`]; further ones may come while it is read.
    pub async fn export_hour(
        &self,
        what: Exported,
        environment: &str,
        hour_ms: i64,
    ) -> Result<BytesCursor, QueryError> {
        let mut statement = Statement::default();
        let table = match what {
            Exported::Views => {
                statement.sql("SELECT 'view' AS kind, *");
                "views"
            }
            Exported::Events => {
                statement.sql("SELECT 'event' AS kind, *");
                "events"
            }
        };
        source_of(table, environment, &mut statement);
        statement.sql(" AND view_start >= ").time(hour_ms);
        statement.sql(" AND view_start < ").time(hour_ms.saturating_add(HOUR_MS));
        let query = self
            .prepared(statement)
            .await?
            .with_setting("max_execution_time", EXPORT_MAX_SECONDS)
            .with_setting("date_time_output_format", "iso");
        Ok(query.fetch_bytes("JSONEachRow")?)
    }
}
