//! The wall: what a tenant's statement becomes before the engine sees it.
//!
//! ```text
//!  text ─ token ─▶ words ─ statement, query, from, expression ─▶ text
//!                            │ tables: catalog     the tenant's filter
//!                            │ functions: call     by allow-list
//!                            │ settings, format    by allow-list
//! ```
//!
//! Nothing of the client's text is sent on. The statement is read by a grammar that knows what it lets through and
//! nothing else, and written anew from what was understood: a table's name becomes a query with the tenant's filter in it
//! ([`catalog`]), a literal is decoded and encoded again ([`output`]), a comment is gone. So there is no second reading of
//! the same text to be exploited, and what a later engine adds to its language is refused until it is added here.
//!
//! Behind this stand two walls that do not read statements: the engine itself filters the rows of the tables below by
//! tenant before anything else sees them, and it runs the statement read-only ([`super::upstream`]).

mod absent;
mod call;
pub mod catalog;
mod cursor;
mod expression;
pub mod filters;
mod format;
mod from;
pub mod functions;
mod output;
mod query;
pub mod settings;
mod size;
mod statement;
mod token;
mod types;
mod values;
mod words;

pub use self::format::allowed as allowed_format;
pub use self::output::literal;
pub use self::statement::{Statement, no_database};
use crate::store::embedded::error::{EngineError, code};
use catalog::Catalog;

/// The longest statement, in bytes.
pub const LONGEST_STATEMENT: usize = 256 << 10;

/// Reads a statement and writes what may be run of it.
///
/// # Errors
/// What is wrong with it, in ClickHouse's form. Never anything about tables the token cannot see.
pub fn translate(text: &str, catalog: &Catalog<'_>) -> Result<Statement, EngineError> {
    if text.len() > LONGEST_STATEMENT {
        let text = format!("The statement is longer than {LONGEST_STATEMENT} bytes");
        return Err(EngineError::raised(code::QUERY_IS_TOO_LARGE, "QUERY_IS_TOO_LARGE", text));
    }
    let statement = statement::statement(cursor::Cursor::new(text, catalog)?)?;
    let Statement::Query { settings, .. } = &statement else { return Ok(statement) };
    // They stand at the end of a statement, or outside it, and change how its tables are written.
    match settings.get(filters::SETTING).map(String::as_str).or(catalog.wished_filters) {
        None => Ok(statement),
        Some(wished) => {
            let filtered = Catalog { filters: filters::read(wished, catalog)?, ..catalog.clone() };
            statement::statement(cursor::Cursor::new(text, &filtered)?)
        }
    }
}

#[cfg(test)]
mod tests;
