//! The names of data types: `Array(Nullable(DateTime64(3, 'UTC')))`.

use super::cursor::Cursor;
use super::token::Token;
use crate::store::embedded::error::EngineError;

/// A type, which is a word with arguments of its own kind perhaps.
pub fn data_type(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    cursor.deeper(|cursor| {
        let Some(Token::Word(name)) = cursor.peek(0).cloned() else {
            return Err(cursor.unexpected("a data type"));
        };
        cursor.skip(1);
        cursor.out.word(&name);
        if cursor.sign("(") {
            if !cursor.is_sign(0, ")") {
                cursor.list(argument)?;
            }
            cursor.expect_sign(")")?;
        }
        Ok(())
    })
}

/// A number, `'name' = number`, a type, or `name Type`.
fn argument(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    match cursor.peek(0).cloned() {
        Some(Token::Number(digits)) => {
            cursor.skip(1);
            cursor.out.number(&digits);
            Ok(())
        }
        Some(Token::Text(text)) => {
            cursor.skip(1);
            cursor.out.text(&text);
            if cursor.sign("=") {
                let _ = cursor.sign("-");
                let Some(Token::Number(digits)) = cursor.next() else {
                    return Err(cursor.unexpected("a number"));
                };
                cursor.out.number(&digits);
            }
            Ok(())
        }
        Some(Token::Quoted(name)) => {
            cursor.skip(1);
            cursor.out.name(&name);
            data_type(cursor)
        }
        Some(Token::Word(name)) if matches!(cursor.peek(1), Some(Token::Word(_))) => {
            cursor.skip(1);
            cursor.out.name(&name);
            data_type(cursor)
        }
        _ => data_type(cursor),
    }
}
