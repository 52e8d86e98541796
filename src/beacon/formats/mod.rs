//! Foreign and own wire formats, each turned into log records: its quirks and nothing else in its own file.

mod clock;
pub mod cmcd;
pub mod digest;
pub mod epas;
pub mod field;
pub mod json;
pub mod mux;
mod mux_keys;
mod mux_names;
mod mux_said;
pub mod native;
pub mod private;
pub mod repair;

use crate::event::Record;

/// One event (or view) of a beacon that was refused while its neighbours were kept.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Rejected {
    /// Client's view id, if it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub view: Option<String>,
    /// Client's sequence number, if it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// Why, as a word.
    pub code: &'static str,
}

/// What a body held: records for the log (one per view) and what was refused.
#[derive(Debug, Default)]
pub struct Decoded<'a> {
    pub records: Vec<Record<'a>>,
    pub rejected: Vec<Rejected>,
}

impl Decoded<'_> {
    /// The same on its own, whatever body it was borrowed from.
    pub fn into_owned(self) -> Decoded<'static> {
        let records = self.records.into_iter().map(Record::into_owned).collect();
        Decoded { records, rejected: self.rejected }
    }

    /// Events that go to the log.
    pub fn accepted(&self) -> usize {
        self.records.iter().map(|record| record.events.len()).sum()
    }
}

/// What every decoder is told about the request.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// Server clock, Unix ms.
    pub received_ms: i64,
}
