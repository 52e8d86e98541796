//! `VALUES ((…), (…))`: rows written out, as JDBC joins them to the list of types.
//!
//! The engine takes a text in the first place for the columns and their expressions. A row in parentheses with one text in
//! it is nothing but that text, so a row has two values or more here, and every value is a literal.

use super::cursor::Cursor;
use super::token::Token;
use crate::store::embedded::error::EngineError;

/// Words that are values.
const CONSTANTS: [&str; 3] = ["NULL", "TRUE", "FALSE"];

/// The rows, from the opening parenthesis.
pub fn values(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    cursor.out.fixed("values");
    cursor.expect_sign("(")?;
    cursor.list(row)?;
    cursor.expect_sign(")")
}

fn row(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    cursor.expect_sign("(")?;
    let values = cursor.list(value)?;
    if values < 2 {
        return Err(cursor.unexpected("a row of two values or more"));
    }
    cursor.expect_sign(")")
}

fn value(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    if cursor.word_of(&CONSTANTS).is_some() {
        return Ok(());
    }
    if matches!(cursor.peek(1), Some(Token::Number(_))) {
        let _ = cursor.sign("-");
    }
    match cursor.peek(0).cloned() {
        Some(Token::Number(digits)) => cursor.out.number(&digits),
        Some(Token::Text(text)) => cursor.out.text(&text),
        _ => return Err(cursor.unexpected("a number, a text or NULL")),
    }
    cursor.skip(1);
    Ok(())
}
