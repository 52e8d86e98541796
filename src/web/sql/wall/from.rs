//! FROM: which tables a query reads. The one place where a name becomes a table.

use super::cursor::{Cursor, denied};
use super::expression::{aliased, expression};
use super::query::{begins_inside, query};
use super::token::Token;
use super::values::values;
use crate::store::embedded::error::EngineError;

/// Functions that make rows out of numbers.
pub const ROW_MAKERS: [&str; 4] = ["numbers", "numbers_mt", "generateSeries", "generate_series"];
/// What may stand before JOIN.
const JOINS: [&str; 14] = [
    "GLOBAL", "ANY", "ALL", "ASOF", "SEMI", "ANTI", "INNER", "LEFT", "RIGHT", "FULL", "OUTER", "CROSS",
    "PASTE", "NATURAL",
];
/// Words after a table that are not its alias.
const NO_ALIAS: [&str; 22] = [
    "FINAL",
    "SAMPLE",
    "ARRAY",
    "JOIN",
    "ON",
    "USING",
    "PREWHERE",
    "WHERE",
    "GROUP",
    "HAVING",
    "WINDOW",
    "QUALIFY",
    "ORDER",
    "LIMIT",
    "OFFSET",
    "FETCH",
    "SETTINGS",
    "FORMAT",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "INTO",
];

/// The FROM clause with its joins, if there is one; ARRAY JOIN alone counts too.
pub fn from(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    if cursor.word("FROM") {
        table(cursor)?;
    }
    loop {
        if cursor.sign(",") {
            table(cursor)?;
        } else if cursor.words(&["ARRAY", "JOIN"])
            || cursor.words(&["LEFT", "ARRAY", "JOIN"])
            || cursor.words(&["INNER", "ARRAY", "JOIN"])
        {
            cursor.list(|cursor| aliased(cursor, true).map(drop))?;
        } else if cursor.is_word(0, "JOIN") || cursor.any_word(0, &JOINS).is_some() {
            join(cursor)?;
        } else {
            return Ok(());
        }
    }
}

fn join(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    while cursor.word_of(&JOINS).is_some() {}
    cursor.expect_word("JOIN")?;
    table(cursor)?;
    if cursor.word("ON") {
        expression(cursor)?;
    } else if cursor.word("USING") {
        let framed = cursor.sign("(");
        cursor.list(|cursor| expression(cursor).map(drop))?;
        if framed {
            cursor.expect_sign(")")?;
        }
    }
    Ok(())
}

/// One table, query or row maker, with its alias.
fn table(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    cursor.deeper(|cursor| {
        let own_name = if cursor.is_sign(0, "(") { in_parentheses(cursor)? } else { named(cursor)? };
        // Analysts' tables are merged already.
        let _ = cursor.drop_word("FINAL");
        if cursor.is_word(0, "SAMPLE") {
            return Err(denied(
                "The tables of this port have no SAMPLE; `WHERE cityHash64(view_id) % 10 = 0` samples views",
            ));
        }
        let given = alias(cursor)?;
        if let (Some(own_name), Some(given)) = (&own_name, &given) {
            cursor.renamed.insert(own_name.clone(), given.clone());
        }
        match given.or(own_name) {
            None => Ok(()),
            Some(name) => {
                cursor.out.fixed("AS");
                cursor.out.name(&name);
                Ok(())
            }
        }
    })
}

fn in_parentheses(cursor: &mut Cursor<'_>) -> Result<Option<String>, EngineError> {
    if begins_inside(cursor, 0) {
        cursor.expect_sign("(")?;
        query(cursor)?;
        cursor.expect_sign(")")?;
        return Ok(None);
    }
    // A table in parentheses: the parentheses say nothing.
    cursor.deeper(|cursor| {
        cursor.skip(1);
        let own_name = if cursor.is_sign(0, "(") { in_parentheses(cursor)? } else { named(cursor)? };
        if cursor.drop_sign(")") { Ok(own_name) } else { Err(cursor.unexpected(")")) }
    })
}

/// A table by its name; returns the name it goes by when it gets no other.
fn named(cursor: &mut Cursor<'_>) -> Result<Option<String>, EngineError> {
    let first = cursor.take_name()?;
    if cursor.is_sign(0, "(") {
        return row_maker(cursor, &first).map(|()| None);
    }
    if !cursor.drop_sign(".") {
        return written(cursor, &[&first]);
    }
    let second = cursor.take_name()?;
    if cursor.is_sign(0, ".") || cursor.is_sign(0, "(") {
        return Err(cursor.unexpected("the end of a table's name"));
    }
    written(cursor, &[&first, &second])
}

/// Writes what a table's name stands for: a WITH query's name as it is, anything else from the catalog.
fn written(cursor: &mut Cursor<'_>, name: &[&str]) -> Result<Option<String>, EngineError> {
    if let [name] = name
        && let Some(parts) = cursor.with_query(name)
    {
        cursor.size.add(parts)?;
        cursor.out.name(name);
        return Ok(None);
    }
    cursor.size.add(1)?;
    let source = cursor.catalog.source(name)?;
    cursor.out.fixed("(");
    cursor.out.made(&source);
    cursor.out.fixed(")");
    Ok(name.last().map(|name| (*name).to_owned()))
}

/// The rows a table's name stands for in `x IN name`, as a query of its own; `None` when it names no table.
pub fn as_set(cursor: &mut Cursor<'_>, name: &[&str]) -> Result<Option<String>, EngineError> {
    if let [name] = name
        && let Some(parts) = cursor.with_query(name)
    {
        cursor.size.add(parts)?;
        return Ok(Some(format!("(SELECT * FROM {})", super::output::name(name))));
    }
    cursor.size.add(1)?;
    Ok(cursor.catalog.source(name).ok().map(|source| format!("({source})")))
}

fn row_maker(cursor: &mut Cursor<'_>, name: &str) -> Result<(), EngineError> {
    cursor.size.add(1)?;
    if name.eq_ignore_ascii_case("values") {
        return values(cursor);
    }
    let Some(known) = ROW_MAKERS.into_iter().find(|known| *known == name) else {
        return Err(denied(format_args!("The table function {name} is not available on this port")));
    };
    cursor.out.fixed(known);
    cursor.expect_sign("(")?;
    if !cursor.is_sign(0, ")") {
        cursor.list(|cursor| expression(cursor).map(drop))?;
    }
    cursor.expect_sign(")")
}

fn alias(cursor: &mut Cursor<'_>) -> Result<Option<String>, EngineError> {
    if cursor.drop_word("AS") {
        return cursor.take_name().map(Some);
    }
    match cursor.peek(0) {
        Some(Token::Quoted(_)) => cursor.take_name().map(Some),
        Some(Token::Word(_))
            if cursor.any_word(0, &NO_ALIAS).is_none() && cursor.any_word(0, &JOINS).is_none() =>
        {
            // `FROM t SELECT …`
            if cursor.is_word(0, "SELECT") { Ok(None) } else { cursor.take_name().map(Some) }
        }
        _ => Ok(None),
    }
}
