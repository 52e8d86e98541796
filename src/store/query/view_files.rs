//! Whole days and hours of views, as files that are written while they are read.

use bytes::Bytes;
use clickhouse::query::BytesCursor;
use futures_util::{Stream, stream::try_unfold};

use super::{QueryError, source_of, statement::Statement, timeframe::Timeframe};
use crate::store::Store;

/// A file is read as fast as whoever asked for it takes it.
const MAX_SECONDS: &str = "3600";
const MAX_MEMORY_BYTES: &str = "1000000000";
/// An export has time; others have not.
const THREADS: &str = "1";

/// What a file looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    Csv,
    NdJson,
}

impl ExportFormat {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Csv, Self::NdJson];

    /// How names of such files end.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::NdJson => "ndjson",
        }
    }

    /// ClickHouse's word for it.
    const fn format(self) -> &'static str {
        match self {
            Self::Csv => "CSVWithNames",
            Self::NdJson => "JSONEachRow",
        }
    }
}

impl Store {
    /// The days, counted from 1970, on which views began, newest first.
    pub async fn export_days(&self, environment: &str) -> Result<Vec<u16>, QueryError> {
        let mut statement = Statement::default();
        statement.sql("SELECT DISTINCT toUInt16(toDate(view_start)) AS day");
        source_of("view_states", environment, &mut statement);
        statement.sql(" ORDER BY day DESC");
        self.rows(statement).await
    }

    /// Every column of every view that began in a timeframe, robots and set-ups included, chunk by chunk.
    pub async fn export(
        &self,
        environment: &str,
        timeframe: Timeframe,
        format: ExportFormat,
    ) -> Result<impl Stream<Item = Result<Bytes, QueryError>> + use<>, QueryError> {
        let mut statement = Statement::default();
        statement.sql("SELECT * EXCEPT (environment, numbered_ranges, marks_in_order, whole_weight)");
        source_of("views", environment, &mut statement);
        statement.sql(" AND view_start >= ").time(timeframe.from_ms);
        statement.sql(" AND view_start < ").time(timeframe.to_ms);
        let cursor = self
            .prepared(statement)
            .await?
            .with_setting("max_execution_time", MAX_SECONDS)
            .with_setting("max_memory_usage", MAX_MEMORY_BYTES)
            .with_setting("max_threads", THREADS)
            .with_setting("date_time_output_format", "iso")
            .with_setting("output_format_json_quote_64bit_integers", "0")
            .fetch_bytes(format.format())?;
        let next = async |mut cursor: BytesCursor| Ok(cursor.next().await?.map(|chunk| (chunk, cursor)));
        Ok(try_unfold(cursor, next))
    }
}
