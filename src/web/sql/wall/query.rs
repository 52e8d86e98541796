//! SELECT and everything in it that is no expression and no table.

use super::cursor::{Cursor, denied};
use super::expression::{aliased, expression, window};
use super::settings;
use super::token::Token;
use crate::store::embedded::error::EngineError;

/// Whether a query begins at the word so many ahead.
pub fn begins(cursor: &Cursor<'_>, ahead: usize) -> bool {
    cursor.any_word(ahead, &["SELECT", "WITH", "FROM"]).is_some()
}

/// One or more SELECTs joined by set operations.
pub fn query(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    cursor.deeper(|cursor| {
        one(cursor)?;
        more(cursor)
    })
}

/// The set operations after a first SELECT.
pub fn more(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    while cursor.word_of(&["UNION", "INTERSECT", "EXCEPT"]).is_some() {
        let _ = cursor.word_of(&["ALL", "DISTINCT"]);
        one(cursor)?;
    }
    Ok(())
}

/// One SELECT, or one query in parentheses. What WITH names is in sight until its end.
fn one(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    if cursor.sign("(") {
        query(cursor)?;
        return cursor.expect_sign(")");
    }
    let outside = cursor.queries.len();
    cursor.size.add(1)?;
    let around = cursor.size.enter();
    select(cursor)?;
    cursor.size.leave(around);
    cursor.queries.truncate(outside);
    Ok(())
}

fn select(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    with(cursor)?;
    let from_first = cursor.is_word(0, "FROM");
    if from_first {
        super::from::from(cursor)?;
    }
    cursor.expect_word("SELECT")?;
    if cursor.word("DISTINCT") && cursor.word("ON") {
        in_parentheses(cursor)?;
    }
    cursor.list(|cursor| aliased(cursor, true).map(drop))?;
    if !from_first {
        super::from::from(cursor)?;
    }
    conditions(cursor)?;
    groups(cursor)?;
    if cursor.word("HAVING") {
        expression(cursor)?;
    }
    windows(cursor)?;
    if cursor.word("QUALIFY") {
        expression(cursor)?;
    }
    order_by(cursor)?;
    limits(cursor)?;
    if cursor.drop_word("SETTINGS") {
        settings::clause(cursor)?;
    }
    if cursor.is_word(0, "INTO") {
        return Err(denied("A statement of this port writes nothing: INTO OUTFILE is not for it"));
    }
    Ok(())
}

/// `WITH name AS (query)`, `WITH expression AS name`, `WITH name (columns) AS (query)`.
fn with(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    if !cursor.word("WITH") {
        return Ok(());
    }
    if cursor.is_word(0, "RECURSIVE") && !cursor.is_word(1, "AS") {
        return Err(denied("WITH RECURSIVE is not available on this port"));
    }
    cursor
        .list(|cursor| {
            let is_query = cursor.is_word(1, "AS") && cursor.is_sign(2, "(") && begins_inside(cursor, 2);
            if !is_query {
                return aliased(cursor, false).map(drop);
            }
            let name = cursor.take_name()?;
            cursor.skip(1);
            cursor.out.name(&name);
            cursor.out.fixed("AS");
            cursor.expect_sign("(")?;
            let before = cursor.size.parts();
            query(cursor)?;
            let parts = cursor.size.parts() - before;
            cursor.expect_sign(")")?;
            // From here on only: inside its own query the name still meant something else.
            cursor.queries.push((name, parts));
            Ok(())
        })
        .map(drop)
}

/// Whether a query stands in the parentheses that begin so many words ahead.
pub fn begins_inside(cursor: &Cursor<'_>, mut ahead: usize) -> bool {
    while cursor.is_sign(ahead, "(") {
        ahead += 1;
    }
    begins(cursor, ahead)
}

/// PREWHERE and WHERE. Every table here is a query already, which has no PREWHERE of its own: both become WHERE.
fn conditions(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    let both = cursor.drop_word("PREWHERE");
    if both {
        cursor.out.fixed("WHERE");
        cursor.out.fixed("(");
        expression(cursor)?;
        cursor.out.fixed(")");
    }
    if cursor.drop_word("WHERE") {
        cursor.out.fixed(if both { "AND" } else { "WHERE" });
        cursor.out.fixed("(");
        aliased(cursor, false)?;
        cursor.out.fixed(")");
    }
    Ok(())
}

fn groups(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    if cursor.words(&["GROUP", "BY"]) && !cursor.word("ALL") {
        if cursor.words(&["GROUPING", "SETS"]) {
            cursor.expect_sign("(")?;
            cursor.list(in_parentheses)?;
            cursor.expect_sign(")")?;
        } else if cursor.is_sign(1, "(") && cursor.word_of(&["ROLLUP", "CUBE"]).is_some() {
            in_parentheses(cursor)?;
        } else {
            cursor.list(|cursor| aliased(cursor, false).map(drop))?;
        }
    }
    while cursor.words(&["WITH", "TOTALS"])
        || cursor.words(&["WITH", "ROLLUP"])
        || cursor.words(&["WITH", "CUBE"])
    {}
    Ok(())
}

/// A list of expressions in parentheses, which may be empty.
fn in_parentheses(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    cursor.expect_sign("(")?;
    if !cursor.is_sign(0, ")") {
        cursor.list(|cursor| expression(cursor).map(drop))?;
    }
    cursor.expect_sign(")")
}

fn windows(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    if cursor.word("WINDOW") {
        cursor.list(|cursor| {
            let name = cursor.take_name()?;
            cursor.out.name(&name);
            cursor.expect_word("AS")?;
            window(cursor)
        })?;
    }
    Ok(())
}

/// ORDER BY with everything ClickHouse lets follow a column.
pub fn order_by(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    if !cursor.words(&["ORDER", "BY"]) {
        return Ok(());
    }
    cursor.list(|cursor| {
        if cursor.word("ALL") {
            return direction(cursor);
        }
        aliased(cursor, false)?;
        direction(cursor)
    })?;
    if cursor.word("INTERPOLATE") && cursor.sign("(") {
        if !cursor.is_sign(0, ")") {
            cursor.list(|cursor| {
                let name = cursor.take_name()?;
                cursor.out.name(&name);
                if cursor.word("AS") { expression(cursor).map(drop) } else { Ok(()) }
            })?;
        }
        cursor.expect_sign(")")?;
    }
    Ok(())
}

fn direction(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    let _ = cursor.word_of(&["ASC", "DESC", "ASCENDING", "DESCENDING"]);
    if cursor.word("NULLS") && cursor.word_of(&["FIRST", "LAST"]).is_none() {
        return Err(cursor.unexpected("FIRST or LAST"));
    }
    if cursor.word("COLLATE") {
        match cursor.next() {
            Some(Token::Text(locale)) => cursor.out.text(&locale),
            _ => return Err(cursor.unexpected("a string")),
        }
    }
    if cursor.words(&["WITH", "FILL"]) {
        while cursor.word_of(&["FROM", "TO", "STEP", "STALENESS"]).is_some() {
            expression(cursor)?;
        }
    }
    Ok(())
}

/// LIMIT … BY, LIMIT, OFFSET and FETCH, in the orders ClickHouse takes them.
fn limits(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    while let Some(word) = cursor.word_of(&["LIMIT", "OFFSET", "FETCH"]) {
        if word == "FETCH" {
            let _ = cursor.word_of(&["FIRST", "NEXT"]);
        }
        expression(cursor)?;
        if cursor.sign(",") {
            expression(cursor)?;
        }
        let _ = cursor.word_of(&["ROW", "ROWS"]);
        let _ = cursor.word("ONLY") || cursor.words(&["WITH", "TIES"]);
        if word == "LIMIT" && cursor.is_word(0, "OFFSET") && limit_by_follows(cursor) {
            let _ = cursor.word("OFFSET");
            expression(cursor)?;
        }
        if word == "LIMIT" && cursor.word("BY") && !cursor.word("ALL") {
            cursor.list(|cursor| expression(cursor).map(drop))?;
        }
    }
    Ok(())
}

/// Whether an OFFSET here belongs to a LIMIT … BY: `LIMIT 1 OFFSET 2 BY a`.
fn limit_by_follows(cursor: &Cursor<'_>) -> bool {
    cursor.is_word(2, "BY")
}
