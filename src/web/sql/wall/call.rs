//! Calls of functions, those with a grammar of their own, and what may follow them and `*`.

use super::cursor::{Cursor, denied};
use super::expression::{Shape, aliased, expression, window};
use super::functions::{self, Function};
use super::query::{begins, query};
use super::token::Token;
use super::types::{data_type, makes_state, no_states};
use super::words::UNITS;
use crate::store::embedded::error::EngineError;

/// Date functions whose first argument may be a bare unit of time. Some of them the engine knows as syntax only.
const TAKE_UNIT: [&str; 13] = [
    "dateadd",
    "date_add",
    "datesub",
    "date_sub",
    "datediff",
    "date_diff",
    "timestampadd",
    "timestamp_add",
    "timestampsub",
    "timestamp_sub",
    "timestampdiff",
    "timestamp_diff",
    "age",
];

/// A call; the cursor stands on the opening parenthesis.
pub fn call(cursor: &mut Cursor<'_>, name: &str) -> Result<(), EngineError> {
    match name.to_ascii_lowercase().as_str() {
        "cast" => return cast(cursor),
        "extract" if cursor.any_word(1, &UNITS).is_some() && cursor.is_word(2, "FROM") => {
            return extract(cursor);
        }
        "substring" | "substr" => return with_words(cursor, "substring", &["FROM", "FOR"]),
        "position" => return position(cursor),
        "trim" | "ltrim" | "rtrim" => return trim(cursor, name),
        "columns" => return columns(cursor),
        // Who asks is whoever this port says, and the server is this one.
        "currentuser" | "current_user" | "user" | "session_user" => return constant(cursor, Constant::User),
        "currentdatabase" | "current_database" | "database" | "schema" => {
            return constant(cursor, Constant::Database);
        }
        "hostname" | "fullhostname" | "fqdn" | "displayname" => return constant(cursor, Constant::Host),
        _ => {}
    }
    let function = functions::allowed(name)
        .or_else(|| takes_unit(name).then(Function::default))
        .ok_or_else(|| unavailable(name))?;
    cursor.out.word(name);
    cursor.size.enter_call();
    arguments(cursor, name, function)?;
    // Parameters come first: quantiles(0.5, 0.9)(x).
    if cursor.is_sign(0, "(") {
        arguments(cursor, name, function)?;
    }
    cursor.size.leave_call();
    after(cursor)
}

fn takes_unit(name: &str) -> bool {
    TAKE_UNIT.contains(&name.to_ascii_lowercase().as_str())
}

fn unavailable(name: &str) -> EngineError {
    denied(format_args!("The function {name} does not exist or is not available on this port"))
}

fn arguments(cursor: &mut Cursor<'_>, name: &str, function: Function) -> Result<(), EngineError> {
    cursor.expect_sign("(")?;
    let _ = cursor.word("DISTINCT");
    let mut first = None;
    if takes_unit(name) && cursor.is_sign(1, ",") && cursor.word_of(&UNITS).is_some() {
        let _ = cursor.sign(",");
    }
    if begins(cursor, 0) {
        // any(SELECT …), the operator.
        query(cursor)?;
    } else if !cursor.is_sign(0, ")") {
        let count = cursor.list(|cursor| {
            let shape = aliased(cursor, false)?;
            first.get_or_insert(shape);
            Ok(())
        })?;
        // Here the engine would take a name for a function, whichever it is.
        if function.takes_lambda && count > 1 && matches!(first, Some(Shape::Name(_))) {
            let text = format!("The first argument of {name} has to be a lambda, such as x -> x + 1");
            return Err(denied(text));
        }
    }
    cursor.expect_sign(")")
}

/// NULLS, FILTER and OVER.
fn after(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    let _ = cursor.words(&["RESPECT", "NULLS"]) || cursor.words(&["IGNORE", "NULLS"]);
    if cursor.is_word(0, "FILTER") && cursor.is_sign(1, "(") {
        let _ = cursor.word("FILTER");
        cursor.expect_sign("(")?;
        cursor.expect_word("WHERE")?;
        expression(cursor)?;
        cursor.expect_sign(")")?;
    }
    if cursor.word("OVER") { window(cursor) } else { Ok(()) }
}

/// `CAST(x AS Type)` and `CAST(x, 'Type')`.
fn cast(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    cursor.out.fixed("CAST");
    cursor.expect_sign("(")?;
    expression(cursor)?;
    if cursor.word("AS") {
        data_type(cursor)?;
    } else {
        cursor.expect_sign(",")?;
        let Some(Token::Text(name)) = cursor.next() else {
            return Err(cursor.unexpected("the name of a type as a text"));
        };
        if makes_state(&String::from_utf8_lossy(&name)) {
            return Err(no_states());
        }
        cursor.out.text(&name);
    }
    cursor.expect_sign(")")
}

fn extract(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    cursor.out.fixed("EXTRACT");
    cursor.expect_sign("(")?;
    let _ = cursor.word_of(&UNITS);
    cursor.expect_word("FROM")?;
    expression(cursor)?;
    cursor.expect_sign(")")
}

/// A function whose arguments are told apart by words or by commas.
fn with_words(
    cursor: &mut Cursor<'_>,
    name: &'static str,
    words: &[&'static str],
) -> Result<(), EngineError> {
    cursor.out.fixed(name);
    cursor.expect_sign("(")?;
    aliased(cursor, false)?;
    while cursor.sign(",") || cursor.word_of(words).is_some() {
        aliased(cursor, false)?;
    }
    cursor.expect_sign(")")
}

/// `position(needle IN haystack)` is `position(haystack, needle)`.
fn position(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    cursor.out.fixed("position");
    cursor.expect_sign("(")?;
    if let (Some(Token::Text(needle)), true) = (cursor.peek(0).cloned(), cursor.is_word(1, "IN")) {
        cursor.skip(2);
        expression(cursor)?;
        cursor.out.fixed(",");
        cursor.out.text(&needle);
    } else {
        cursor.list(|cursor| expression(cursor).map(drop))?;
    }
    cursor.expect_sign(")")
}

fn trim(cursor: &mut Cursor<'_>, name: &str) -> Result<(), EngineError> {
    cursor.out.word(name);
    cursor.expect_sign("(")?;
    if cursor.word_of(&["BOTH", "LEADING", "TRAILING"]).is_some() {
        expression(cursor)?;
        cursor.expect_word("FROM")?;
    }
    cursor.list(|cursor| expression(cursor).map(drop))?;
    cursor.expect_sign(")")
}

/// `COLUMNS('pattern')` or `COLUMNS(a, b)`.
fn columns(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    cursor.size.star("")?;
    cursor.out.fixed("COLUMNS");
    cursor.expect_sign("(")?;
    cursor.list(|cursor| expression(cursor).map(drop))?;
    cursor.expect_sign(")")?;
    column_modifiers(cursor)
}

/// `EXCEPT`, `REPLACE` and `APPLY` after `*`.
pub fn column_modifiers(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    loop {
        // `SELECT * EXCEPT SELECT …` is a set operation.
        if cursor.is_word(0, "EXCEPT") && !begins(cursor, 1) && !super::query::begins_inside(cursor, 1) {
            let _ = cursor.word("EXCEPT");
            one_or_many(cursor, |cursor| match cursor.peek(0).cloned() {
                Some(Token::Text(pattern)) => {
                    cursor.skip(1);
                    cursor.out.text(&pattern);
                    Ok(())
                }
                _ => {
                    let name = cursor.take_name()?;
                    cursor.out.name(&name);
                    Ok(())
                }
            })?;
        } else if cursor.word("REPLACE") {
            one_or_many(cursor, |cursor| aliased(cursor, false).map(drop))?;
        } else if cursor.word("APPLY") {
            apply(cursor)?;
        } else {
            return Ok(());
        }
    }
}

fn one_or_many(
    cursor: &mut Cursor<'_>,
    mut one: impl FnMut(&mut Cursor<'_>) -> Result<(), EngineError>,
) -> Result<(), EngineError> {
    if !cursor.sign("(") {
        return one(cursor);
    }
    cursor.list(&mut one)?;
    cursor.expect_sign(")")
}

/// `APPLY(function)`, `APPLY(function(parameters))`, `APPLY(x -> …)`: a function by its name.
fn apply(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    let framed = cursor.sign("(");
    if framed && cursor.is_sign(1, "->") {
        expression(cursor)?;
        return cursor.expect_sign(")");
    }
    let name = cursor.take_name()?;
    functions::allowed(&name).ok_or_else(|| unavailable(&name))?;
    cursor.out.word(&name);
    if cursor.sign("(") {
        cursor.list(|cursor| expression(cursor).map(drop))?;
        cursor.expect_sign(")")?;
    }
    if framed { cursor.expect_sign(")") } else { Ok(()) }
}

enum Constant {
    User,
    Database,
    Host,
}

fn constant(cursor: &mut Cursor<'_>, which: Constant) -> Result<(), EngineError> {
    if !cursor.drop_sign("(") || !cursor.drop_sign(")") {
        return Err(cursor.unexpected("()"));
    }
    let value = match which {
        Constant::User => cursor.catalog.user,
        Constant::Database => cursor.catalog.database.name(),
        Constant::Host => "playhead",
    };
    cursor.out.text(value.as_bytes());
    Ok(())
}
