//! Who asked what, and what it took: one line per statement under the log target `playhead::sql`, and one count.

use std::{net::IpAddr, sync::Arc, time::Instant};

use crate::telemetry::{Metric, count_labelled};

/// As much of a statement as a line of the log holds.
const LONGEST_QUERY: usize = 4_000;

/// What is known of a statement; written when it is dropped, whichever way the statement ended.
pub struct Record {
    pub environment: Arc<str>,
    /// The token's id.
    pub token: String,
    pub address: Option<IpAddr>,
    pub query_id: String,
    /// The client's own text.
    pub query: String,
    /// ClickHouse's number for how it failed, 0 when it did not.
    pub code: i32,
    /// Its answer was sent to the end.
    pub complete: bool,
    /// The engine's account of what was read.
    pub summary: String,
    /// Bytes of the answer that were sent, before content coding.
    pub sent_bytes: u64,
    begun: Instant,
}

impl Record {
    /// A statement that begins now.
    pub fn new(environment: Arc<str>, token: &str, address: Option<IpAddr>, query_id: &str) -> Self {
        Self {
            environment,
            token: token.to_owned(),
            address,
            query_id: query_id.to_owned(),
            query: String::new(),
            code: 0,
            complete: false,
            summary: String::new(),
            sent_bytes: 0,
            begun: Instant::now(),
        }
    }

    /// Nanoseconds since it began.
    pub fn elapsed_ns(&self) -> u128 {
        self.begun.elapsed().as_nanos()
    }

    fn outcome(&self) -> &'static str {
        match (self.code, self.complete) {
            (0, true) => "answered",
            (0, false) => "abandoned",
            (497 | 164 | 60 | 62 | 73, _) => "refused",
            _ => "failed",
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let outcome = self.outcome();
        count_labelled(Metric::SqlStatements, "outcome", outcome, 1);
        let query: String = self.query.chars().take(LONGEST_QUERY).collect();
        tracing::info!(
            target: "playhead::sql",
            environment = &*self.environment,
            token = self.token,
            address = self.address.map(tracing::field::display),
            query_id = self.query_id,
            outcome,
            code = self.code,
            elapsed_ms = self.begun.elapsed().as_millis(),
            sent_bytes = self.sent_bytes,
            summary = self.summary,
            query = query.escape_debug().to_string(),
            "sql statement"
        );
    }
}
