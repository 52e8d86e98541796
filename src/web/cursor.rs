//! Where a list goes on, as the API hands it out: opaque, but no secret.
//!
//! It holds the last row's place and the timeframe of the first page, so that all pages are of one list: a relative
//! timeframe does not move on between them, and rows that arrive meanwhile shift nothing.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::store::query::{place::Place, timeframe::Timeframe};

/// Where a list goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    pub timeframe: Timeframe,
    /// The order the place is in.
    pub order: String,
    pub place: Place,
}

#[derive(Serialize, Deserialize)]
struct Written {
    timeframe: [i64; 2],
    order: String,
    place: Place,
}

impl Cursor {
    /// The text of it.
    pub fn write(timeframe: Timeframe, order: &str, place: Place) -> String {
        let written = Written { timeframe: timeframe.seconds(), order: order.to_owned(), place };
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&written).unwrap_or_default())
    }

    /// Reads one; `None` if it is none of ours.
    pub fn read(text: &str, now_ms: i64) -> Option<Self> {
        let written: Written = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let [from, to] = written.timeframe.map(|second| second.to_string());
        let timeframe = Timeframe::parse(&[&from, &to], now_ms)?;
        Some(Self { timeframe, order: written.order, place: written.place })
    }
}

/// The word for an order in a cursor.
pub fn order(by: &str, descending: bool) -> String {
    format!("{by} {}", if descending { "desc" } else { "asc" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let timeframe = Timeframe { from_ms: 1_000_000, to_ms: 2_000_000 };
        for key in [None, Some(0.1 + 0.2), Some(-1.5e300)] {
            let place = Place::new(key, "ä \"b\"");
            let text = Cursor::write(timeframe, "value desc", place.clone());
            let cursor = Cursor::read(&text, 0).unwrap();
            assert_eq!(cursor, Cursor { timeframe, order: "value desc".to_owned(), place });
        }
        for bad in ["", "x", "e30", "bnVsbA", "%"] {
            assert_eq!(Cursor::read(bad, 0), None, "{bad}");
        }
    }
}
