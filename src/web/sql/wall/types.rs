//! The names of data types: `Array(Nullable(DateTime64(3, 'UTC')))`.

use super::cursor::{Cursor, denied};
use super::token::Token;
use crate::store::embedded::error::EngineError;

/// A type, which is a word with arguments of its own kind perhaps.
pub fn data_type(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    cursor.deeper(|cursor| {
        let Some(Token::Word(name)) = cursor.peek(0).cloned() else {
            return Err(cursor.unexpected("a data type"));
        };
        if makes_state(&name) {
            return Err(no_states());
        }
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

/// Whether a type is that of an aggregate function's state, or has one in it. Such a state is made of a statement's own bytes
/// then, which the engine takes for its own. States that functions make (`sumState`) are of that type without naming it.
pub fn makes_state(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.match_indices("aggregatefunction")
        .any(|(at, _)| !name.get(..at).is_some_and(|before| before.ends_with("simple")))
}

/// That it is not to be had here.
pub fn no_states() -> EngineError {
    denied(
        "States of aggregate functions cannot be made of bytes on this port; functions such as sumState make them",
    )
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
