//! Conditions that a client adds to tables from outside its statement, as Grafana's ad-hoc filters do: the setting
//! `additional_table_filters = {'playhead.views': 'country = \'DE\''}`.
//!
//! The engine's setting of that name is this port's own ([`super::super::upstream`]) and never sees what a client says.
//! Each condition is read by the same grammar as any other, and stands around the query that a table's name is short for,
//! so outside the tenant's filter: it is a WHERE that the client might have written itself.

use std::collections::BTreeMap;

use super::catalog::{Catalog, Database, TABLES};
use super::cursor::{Cursor, denied};
use super::expression::expression;
use super::output::literal;
use super::token::Token;
use crate::store::embedded::error::EngineError;

/// The setting's name.
pub const SETTING: &str = "additional_table_filters";

/// A condition for each of [`TABLES`] that has one, as it is sent on.
pub type Filters = BTreeMap<&'static str, String>;

/// Reads the setting's value.
///
/// # Errors
/// What is wrong with it, or that a table is not to be had here.
pub fn read(value: &str, catalog: &Catalog<'_>) -> Result<Filters, EngineError> {
    let mut cursor = Cursor::new(value, catalog)?;
    let pairs = pairs(&mut cursor)?;
    if !cursor.at_end() {
        return Err(cursor.unexpected("the end of a map"));
    }
    pairs.into_iter().map(|(table, text)| Ok((known(&table)?, condition(&text, catalog)?))).collect()
}

/// The text of a map that stands in a statement.
pub fn text(cursor: &mut Cursor<'_>) -> Result<String, EngineError> {
    let pairs = pairs(cursor)?;
    let written = pairs
        .iter()
        .map(|(table, condition)| [table, condition].map(|text| literal(text.as_bytes())).join(":"));
    Ok(format!("{{{}}}", written.collect::<Vec<_>>().join(",")))
}

/// `{'table': 'condition', …}`.
fn pairs(cursor: &mut Cursor<'_>) -> Result<Vec<(String, String)>, EngineError> {
    let mut pairs = Vec::new();
    if !cursor.drop_sign("{") {
        return Err(cursor.unexpected("{"));
    }
    while !cursor.drop_sign("}") {
        if !pairs.is_empty() && !cursor.drop_sign(",") {
            return Err(cursor.unexpected(","));
        }
        let table = quoted(cursor)?;
        if !cursor.drop_sign(":") {
            return Err(cursor.unexpected(":"));
        }
        pairs.push((table, quoted(cursor)?));
    }
    Ok(pairs)
}

fn quoted(cursor: &mut Cursor<'_>) -> Result<String, EngineError> {
    let text = match cursor.peek(0) {
        Some(Token::Text(bytes)) => String::from_utf8(bytes.clone()).ok(),
        _ => None,
    };
    let text = text.ok_or_else(|| cursor.unexpected("a string"))?;
    cursor.skip(1);
    Ok(text)
}

/// A table by its name, with or without its database.
fn known(name: &str) -> Result<&'static str, EngineError> {
    let plain = name.replace(['"', '`'], "");
    let table = plain.split_once('.').map_or(Some(plain.as_str()), |(database, table)| {
        (Database::of(database) == Some(Database::Playhead)).then_some(table)
    });
    TABLES.into_iter().find(|known| Some(*known) == table).ok_or_else(|| {
        let text = format!("{SETTING} names {name:?}; there are {}", TABLES.join(", "));
        EngineError::raised(60, "UNKNOWN_TABLE", text)
    })
}

/// A condition as it is sent on. It asks about a row of its table and of no other: what it read would be read at each place
/// where the table is named.
fn condition(text: &str, catalog: &Catalog<'_>) -> Result<String, EngineError> {
    let mut cursor = Cursor::new(text, catalog)?;
    expression(&mut cursor)?;
    if cursor.size.parts() > 0 {
        return Err(denied(format_args!("A condition of {SETTING} reads no table")));
    }
    if !cursor.at_end() {
        return Err(cursor.unexpected("the end of a condition"));
    }
    Ok(cursor.out.finish())
}
