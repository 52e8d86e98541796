//! Inserting a block exactly once: one table, one partition, one block, one token.
//!
//! A repeat under the same token is dropped by ClickHouse, which guards one try against the transport repeating it. After any
//! doubt the batch is sent again under a new token, and the table's merge removes what was there already.

use std::time::Duration;

use clickhouse::{error::Error, native::Block};

use super::Store;
use crate::telemetry::{Metric, count_labelled};

/// A table the processor writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    EventRows,
    ViewStates,
}

impl Table {
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

/// ClickHouse's codes that blame the data: parse and type errors.
const BAD_DATA_CODES: [u32; 9] = [6, 26, 27, 33, 53, 69, 70, 117, 131];

impl Store {
    /// Inserts one block under `token`.
    ///
    /// # Errors
    /// When it is not known to be stored; see [`InsertError`] for what to do.
    pub async fn insert(&self, table: Table, block: &Block, token: &str) -> Result<(), InsertError> {
        let mut insert = self
            .client
            .insert_native(table.name())
            .with_timeouts(Some(SEND_TIMEOUT), Some(END_TIMEOUT))
            .with_setting("insert_deduplicate", "1")
            .with_setting("insert_deduplication_token", token)
            .with_setting("async_insert", "0")
            .with_setting("max_insert_threads", "1");
        let outcome = match insert.write(block).await {
            Ok(()) => insert.end().await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => {
                count_labelled(Metric::RowsInserted, "table", table.name(), block.num_rows() as u64);
                Ok(())
            }
            Err(error) => Err(classify(&error)),
        }
    }
}

fn classify(error: &Error) -> InsertError {
    let text = error.to_string();
    if exception_code(&text).is_some_and(|code| BAD_DATA_CODES.contains(&code)) {
        count_labelled(Metric::InsertErrors, "kind", "bad_data", 1);
        InsertError::BadData(text)
    } else {
        count_labelled(Metric::InsertErrors, "kind", "retryable", 1);
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
        assert!(matches!(of("Code: 252. DB::Exception: Too many parts"), InsertError::Retryable(_)));
        assert!(matches!(of("Code: 241. DB::Exception: Memory limit"), InsertError::Retryable(_)));
        assert!(matches!(of("connection reset"), InsertError::Retryable(_)));
    }
}
