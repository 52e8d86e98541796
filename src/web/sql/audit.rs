//! Who asked what, and what it took: a line of the audit log per statement, one under the log target `playhead::sql`, and
//! one count.

use std::{net::IpAddr, time::Instant};

use serde_json::json;

use super::asker::Asker;
use crate::{
    control::{AuditEntry, Control, Deed},
    store::embedded::error::EngineError,
    telemetry::{Metric, count_labelled},
};

/// As much of a statement as a line of the log holds.
const LONGEST_QUERY: usize = 4_000;

/// What is known of a statement; written when it is dropped, whichever way the statement ended.
pub struct Record {
    pub asker: Asker,
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
    control: Control,
}

impl Record {
    /// A statement that begins now.
    pub fn new(control: &Control, asker: Asker, address: Option<IpAddr>, query_id: &str) -> Self {
        Self {
            asker,
            address,
            query_id: query_id.to_owned(),
            query: String::new(),
            code: 0,
            complete: false,
            summary: String::new(),
            sent_bytes: 0,
            begun: Instant::now(),
            control: control.clone(),
        }
    }

    /// Notes that it failed.
    pub fn failed(&mut self, error: EngineError) -> EngineError {
        self.code = error.code();
        error
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
            environment = &*self.asker.environment,
            by = self.asker.name,
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
        let read: serde_json::Value = serde_json::from_str(&self.summary).unwrap_or_default();
        self.control.audit_soon(AuditEntry {
            environment: Some(self.asker.environment.to_string()),
            actor: self.asker.name.clone(),
            address: self.address,
            deed: Deed::SqlAsked,
            subject: self.query_id.clone(),
            detail: json!({
                "query": query,
                "outcome": outcome,
                "code": self.code,
                "elapsed_ms": u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
                "read_rows": read["read_rows"],
                "read_bytes": read["read_bytes"],
                "sent_bytes": self.sent_bytes,
            }),
        });
    }
}
