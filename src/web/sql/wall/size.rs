//! How large a statement becomes in the engine, which may be far more than what is written of it.
//!
//! The engine plans a statement before its limits of time and rows begin to count, and nothing stops it there: a WITH query
//! that joins the one before it with itself doubles at each step, and so does `SELECT *, *` of a query of the same kind;
//! three thousand tables side by side exhaust its stack. So what will be planned is counted here.

use std::collections::BTreeSet;

use crate::store::embedded::error::{EngineError, code};

/// Tables and SELECTs, those of a WITH query once for each time it is named.
const MOST_PARTS: usize = 300;

/// What is known of a statement's size so far.
#[derive(Debug, Default)]
pub struct Size {
    parts: usize,
    /// What `*` was written of in the list that is being read; empty for everything.
    stars: BTreeSet<String>,
    calls: usize,
}

impl Size {
    /// Tables and SELECTs so far.
    pub const fn parts(&self) -> usize {
        self.parts
    }

    /// So many more.
    pub fn add(&mut self, parts: usize) -> Result<(), EngineError> {
        self.parts += parts;
        if self.parts > MOST_PARTS {
            let text = format!(
                "The statement has more than {MOST_PARTS} tables and SELECTs, those of a WITH query counted each time it is named"
            );
            return Err(EngineError::raised(code::QUERY_IS_TOO_LARGE, "QUERY_IS_TOO_LARGE", text));
        }
        Ok(())
    }

    /// All columns, or those of one table. In the arguments of a function they become one value.
    pub fn star(&mut self, of: &str) -> Result<(), EngineError> {
        if self.calls > 0 {
            return Ok(());
        }
        let is_new = self.stars.insert(of.to_owned());
        if is_new && (self.stars.len() == 1 || !self.stars.contains("")) {
            return Ok(());
        }
        let text = "All columns are asked for more than once in one list";
        Err(EngineError::raised(code::QUERY_IS_TOO_LARGE, "QUERY_IS_TOO_LARGE", text))
    }

    /// A list of columns begins; what was known of the one around it.
    pub fn enter(&mut self) -> (BTreeSet<String>, usize) {
        (std::mem::take(&mut self.stars), std::mem::take(&mut self.calls))
    }

    /// The list around goes on.
    pub fn leave(&mut self, (stars, calls): (BTreeSet<String>, usize)) {
        (self.stars, self.calls) = (stars, calls);
    }

    /// The arguments of a function begin.
    pub const fn enter_call(&mut self) {
        self.calls += 1;
    }

    /// They end.
    pub const fn leave_call(&mut self) {
        self.calls -= 1;
    }
}
