//! A statement that failed, as a problem: ClickHouse's code and text, and the place in the statement.

use actix_web::http::StatusCode;
use serde::Serialize;

use crate::store::embedded::error::{EngineError, code};

/// What is wrong with a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Fault {
    /// ClickHouse's number for it.
    pub code: i32,
    /// Its name, such as `UNKNOWN_IDENTIFIER`.
    pub name: String,
    /// Where in the statement, if the error says so.
    pub place: Option<Place>,
    #[serde(skip)]
    text: String,
}

/// A part of a statement, in characters from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Place {
    pub begin: usize,
    pub end: usize,
}

impl Fault {
    /// What an error means for a statement.
    pub fn new(error: &EngineError, statement: &str) -> Self {
        let message = error.to_string();
        let text = message.split_once("DB::Exception: ").map_or(&*message, |(_, text)| text);
        let name = text.rsplit('(').find_map(|part| {
            let word = part.split(')').next()?;
            let is_name =
                word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
            (is_name && !word.is_empty()).then(|| word.to_owned())
        });
        Self {
            code: error.code(),
            name: name.unwrap_or_default(),
            place: place(&message, statement),
            text: text.to_owned(),
        }
    }

    /// What the caller may read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The word for it that programs may rely on.
    pub const fn word(&self) -> &'static str {
        match self.code {
            code::SYNTAX_ERROR => "sql_syntax",
            code::ACCESS_DENIED | 164 => "sql_refused",
            158 | 159 | 160 | 241 | 307 | code::QUERY_IS_TOO_LARGE => "sql_too_heavy",
            396 => "sql_result_too_large",
            201 | 202 => "sql_busy",
            394 => "sql_cancelled",
            210 | 209 => "unavailable",
            code::STD_EXCEPTION => "internal",
            _ => "sql_failed",
        }
    }

    /// HTTP status. A statement that fails is its writer's fault, whatever ClickHouse thinks of it.
    pub const fn status(&self) -> StatusCode {
        match self.code {
            code::ACCESS_DENIED | 164 => StatusCode::FORBIDDEN,
            394 => StatusCode::CONFLICT,
            201 | 202 => StatusCode::TOO_MANY_REQUESTS,
            210 | 209 => StatusCode::SERVICE_UNAVAILABLE,
            code::STD_EXCEPTION => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// Where an error is: at the position it names, if what stands there is what it says, or at the first name it quotes.
fn place(message: &str, statement: &str) -> Option<Place> {
    failed_at(message, statement).or_else(|| quoted(message, statement))
}

/// `failed at position 8 (word), …`, counted from 1, in bytes.
fn failed_at(message: &str, statement: &str) -> Option<Place> {
    let (_, rest) = message.split_once("failed at position ")?;
    let (digits, rest) = rest.split_once(" (")?;
    let begin = digits.parse::<usize>().ok()?.checked_sub(1)?;
    let word = rest.split(')').next()?;
    let found = statement.get(begin..)?;
    let length =
        if found.starts_with(word) { word.len() } else { found.chars().next().map_or(0, char::len_utf8) };
    Some(characters(statement, begin, begin + length))
}

/// The first name between backquotes that the statement has as a word.
fn quoted(message: &str, statement: &str) -> Option<Place> {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    message.split('`').skip(1).step_by(2).filter(|name| !name.is_empty()).find_map(|name| {
        let mut found = statement.match_indices(name).filter(|(at, _)| {
            let before = statement.get(..*at).and_then(|text| text.chars().next_back());
            let after = statement.get(at + name.len()..).and_then(|text| text.chars().next());
            !before.is_some_and(is_part) && !after.is_some_and(is_part)
        });
        found.next().map(|(at, _)| characters(statement, at, at + name.len()))
    })
}

/// Places in bytes as places in characters.
fn characters(statement: &str, begin: usize, end: usize) -> Place {
    let count = |to: usize| statement.char_indices().take_while(|(at, _)| *at < to).count();
    Place { begin: count(begin), end: count(end) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(message: &str, statement: &str) -> Fault {
        Fault::new(&EngineError::from_message(message.to_owned()), statement)
    }

    #[test]
    fn the_place_is_found_by_position_and_by_name() {
        let message =
            "Code: 62. DB::Exception: Syntax error: failed at position 13 (FORM), expected x. (SYNTAX_ERROR)";
        let found = fault(message, "SELECT 'ä', FORM views");
        assert_eq!((found.code, &*found.name), (62, "SYNTAX_ERROR"));
        assert_eq!(
            found.place,
            Some(Place { begin: 11, end: 12 }),
            "in characters, though the position is of bytes"
        );
        let message = "Code: 47. DB::Exception: Unknown expression identifier `vido`. (UNKNOWN_IDENTIFIER) (version 26.7)";
        let found = fault(message, "SELECT x.vidos, 'ü', vido FROM views");
        assert_eq!(found.place, Some(Place { begin: 21, end: 25 }));
        assert_eq!(
            (&*found.name, found.word(), found.status().as_u16()),
            ("UNKNOWN_IDENTIFIER", "sql_failed", 400)
        );
        assert_eq!(
            fault("Code: 241. DB::Exception: Memory. (MEMORY_LIMIT_EXCEEDED)", "SELECT 1").place,
            None
        );
    }
}
