//! Where a list goes on: after a row, not after a number of rows, so that rows that arrive meanwhile shift nothing.

use serde::{Deserialize, Serialize};

use super::{dimension::Page, statement::Statement};

/// The row a list goes on after: what it is ordered by, and what tells it from others with the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Null: not known, and after everything that is. Kept as its bits, for a number in JSON may lose the last of them.
    pub key_bits: Option<u64>,
    pub id: String,
}

/// Which rows of an ordered answer: a page from its beginning, or what comes after a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub after: Option<Place>,
    /// From 1; 1 after a place.
    pub page: u32,
    pub limit: u32,
}

impl Part {
    /// The numbers of the first and last row, from 1, among those after the place.
    pub fn rows(&self) -> (i64, i64) {
        let first = i64::from(self.page.saturating_sub(1)) * i64::from(self.limit) + 1;
        (first, first + i64::from(self.limit) - 1)
    }
}

impl From<Page> for Part {
    fn from(page: Page) -> Self {
        Self { after: None, page: page.number, limit: page.limit }
    }
}

impl Place {
    /// The place of a row.
    pub fn new(key: Option<f64>, id: &str) -> Self {
        Self { key_bits: key.map(f64::to_bits), id: id.to_owned() }
    }

    /// What it is ordered by; null after everything else.
    pub(super) fn key(&self) -> Option<f64> {
        self.key_bits.map(f64::from_bits).filter(|key| key.is_finite())
    }

    /// The condition on rows after this place in an order by `key` (nulls last), then by `id` upwards.
    pub(super) fn precedes(&self, key: &str, id: &'static str, descending: bool, to: &mut Statement) {
        to.sql("(").sql(id).sql(" != ").text(&self.id).sql(" AND (");
        if let Some(bound) = self.key() {
            to.definition(key).sql(if descending { " < " } else { " > " }).number(bound);
            to.sql(" OR ").definition(key).sql(" IS NULL OR ").definition(key).sql(" = ").number(bound);
        } else {
            to.definition(key).sql(" IS NULL");
        }
        to.sql(" AND ").sql(id).sql(" > ").text(&self.id).sql("))");
    }
}
