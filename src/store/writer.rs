//! Inserting a block exactly once: one table, one partition, one block, one token.
//!
//! A repeat under the same token is dropped by ClickHouse, which guards one try against the transport repeating it. After any
//! doubt the batch is sent again under a new token, and the table's merge removes what was there already.

use std::time::Duration;

use clickhouse::error::Error;

use super::{Store, native::Block};
use crate::telemetry::{Metric, count_labelled};

/// A table the processor writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    EventRows,
    ViewStates,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::EventRows, Self::ViewStates];

    /// Its name in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::EventRows => "event_rows",
            Self::ViewStates => "view_states",
        }
    }
}

/// What a failed insert means for the next step.
#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// Send the same block again later.
    #[error("ClickHouse cannot take rows now: {0}")]
    Retryable(String),
    /// The rows themselves were refused; sending them again changes nothing.
    #[error("ClickHouse refused the rows: {0}")]
    BadData(String),
}

/// Longest time one try may take.
const SEND_TIMEOUT: Duration = Duration::from_secs(20);
const END_TIMEOUT: Duration = Duration::from_secs(60);

/// ClickHouse's codes that blame the data: parse, type and size errors, values out of range, violated constraints. Codes
/// that blame the table (no such column) are not among them: they pass when the schema is right.
const BAD_DATA_CODES: [u32; 14] = [6, 26, 27, 33, 53, 69, 70, 117, 128, 131, 321, 349, 395, 469];

impl Store {
    /// Inserts one block under `token`.
    ///
    /// # Errors
    /// When it is not known to be stored; see [`InsertError`] for what to do.
    pub async fn insert(&self, table: Table, block: &Block, token: &str) -> Result<(), InsertError> {
        let outcome = self.send(table.name(), block, token).await;
        let kind = match &outcome {
            Ok(()) => {
                count_labelled(Metric::RowsInserted, "table", table.name(), block.rows as u64);
                return outcome;
            }
            Err(InsertError::Retryable(_)) => "retryable",
            Err(InsertError::BadData(_)) => "refused",
        };
        count_labelled(Metric::InsertErrors, "kind", kind, 1);
        outcome
    }

    /// Sends one block to a table of this name.
    pub(super) async fn send(&self, table: &str, block: &Block, token: &str) -> Result<(), InsertError> {
        let mut insert = self
            .client
            .insert_formatted_with(format!("INSERT INTO {table} FORMAT Native"))
            .with_timeouts(Some(SEND_TIMEOUT), Some(END_TIMEOUT))
            .with_setting("insert_deduplicate", "1")
            .with_setting("insert_deduplication_token", token)
            .with_setting("async_insert", "0")
            // A block says of no row twice what it is, so merging it with itself would change nothing.
            .with_setting("optimize_on_insert", "0")
            .with_setting("max_insert_threads", "1");
        let outcome = match insert.send(block.bytes.clone()).await {
            Ok(()) => insert.end().await,
            Err(error) => Err(error),
        };
        outcome.map_err(|error| classify(&error))
    }

    /// Takes back the event rows of whole records that turned out to be refused by the other table.
    ///
    /// # Errors
    /// When they may still be there.
    pub async fn take_back(&self, partition: u32, offsets: &[u64], day: i64) -> Result<(), Error> {
        let delete = format!(
            "ALTER TABLE {} DELETE WHERE toYYYYMMDD(view_start) = toYYYYMMDD(toDate(?)) AND log_partition = ? AND log_offset IN ?",
            Table::EventRows.name()
        );
        let statement = self.client.query(&delete).bind(day).bind(partition).bind(offsets);
        statement.with_setting("mutations_sync", "1").execute().await
    }
}

fn classify(error: &Error) -> InsertError {
    let text = error.to_string();
    if exception_code(&text).is_some_and(|code| BAD_DATA_CODES.contains(&code)) {
        InsertError::BadData(text)
    } else {
        InsertError::Retryable(text)
    }
}

/// The number in `Code: 241. DB::Exception: …`.
fn exception_code(text: &str) -> Option<u32> {
    let digits = text.split("Code: ").nth(1)?;
    digits.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_errors_about_the_data_are_for_good() {
        let of = |text: &str| classify(&Error::BadResponse(text.to_owned()));
        assert!(matches!(of("Code: 53. DB::Exception: Type mismatch"), InsertError::BadData(_)));
        assert!(matches!(of("Code: 469. DB::Exception: Constraint"), InsertError::BadData(_)));
        assert!(matches!(of("Code: 16. DB::Exception: No such column"), InsertError::Retryable(_)));
        assert!(matches!(of("Code: 252. DB::Exception: Too many parts"), InsertError::Retryable(_)));
        assert!(matches!(of("Code: 241. DB::Exception: Memory limit"), InsertError::Retryable(_)));
        assert!(matches!(of("connection reset"), InsertError::Retryable(_)));
    }
}
