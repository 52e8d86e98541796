//! Expressions: columns, literals, operators, and what ClickHouse adds to them.
//!
//! Two places need care, because there the engine takes a name for more than a column: on the right of IN, where it may
//! be a table ([`set`]), and as the first argument of a function that takes a lambda, where it may be a function
//! ([`super::call`]). Both are found by the [`Shape`] of what was read.

use super::call::{self, call};
use super::cursor::{Cursor, denied};
use super::from::as_set;
use super::query::{begins, more, order_by, query};
use super::token::Token;
use super::types::data_type;
use super::words::{ALSO_FUNCTIONS, CONSTANTS, SIGN_OPERATORS, UNITS, WORD_OPERATORS, is_reserved};
use crate::store::embedded::error::EngineError;

/// What an expression turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// A name and nothing else, in however many parentheses.
    Name(Vec<String>),
    /// A query in parentheses.
    Query,
    Other,
}

/// An expression with the alias it may be given; `bare` lets the alias stand without AS.
pub fn aliased(cursor: &mut Cursor<'_>, bare: bool) -> Result<Shape, EngineError> {
    let shape = expression(cursor)?;
    let without_as = match cursor.peek(0) {
        Some(Token::Quoted(_)) => bare,
        Some(Token::Word(word)) => bare && !is_reserved(word),
        _ => false,
    };
    if without_as || cursor.drop_word("AS") {
        let name = cursor.take_name()?;
        cursor.out.fixed("AS");
        cursor.out.name(&name);
    }
    Ok(shape)
}

/// An expression.
pub fn expression(cursor: &mut Cursor<'_>) -> Result<Shape, EngineError> {
    cursor.deeper(|cursor| {
        let mut shape = operand(cursor)?;
        loop {
            if cursor.sign("?") {
                expression(cursor)?;
                cursor.expect_sign(":")?;
                operand(cursor)?;
            } else if membership(cursor)? {
            } else if cursor.word("IS") {
                let _ = cursor.word("NOT");
                if cursor.words(&["DISTINCT", "FROM"]) {
                    operand(cursor)?;
                } else {
                    cursor.expect_word("NULL")?;
                }
            } else if operator(cursor) {
                operand(cursor)?;
            } else {
                return Ok(shape);
            }
            shape = Shape::Other;
        }
    })
}

fn operator(cursor: &mut Cursor<'_>) -> bool {
    if cursor.is_word(0, "NOT") && cursor.any_word(1, &["LIKE", "ILIKE", "REGEXP", "BETWEEN"]).is_some() {
        let _ = cursor.word("NOT");
    }
    cursor.word("BETWEEN")
        || cursor.word_of(&WORD_OPERATORS).is_some()
        || SIGN_OPERATORS.into_iter().any(|sign| cursor.sign(sign))
}

/// `[GLOBAL] [NOT] IN set`; false when none stands here.
fn membership(cursor: &mut Cursor<'_>) -> Result<bool, EngineError> {
    let forms: [&[&'static str]; 4] = [&["IN"], &["NOT", "IN"], &["GLOBAL", "IN"], &["GLOBAL", "NOT", "IN"]];
    if !forms.iter().any(|form| cursor.words(form)) {
        return Ok(false);
    }
    set(cursor)?;
    Ok(true)
}

/// The right side of IN. A name here is a table before it is anything else, so it is looked up as one.
fn set(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    let mark = cursor.out.mark();
    if let Shape::Name(parts) = operand(cursor)? {
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let is_alias = matches!(parts[..], [name] if cursor.aliases.contains(name));
        match as_set(cursor, &parts)? {
            Some(rows) => {
                cursor.out.cut(mark);
                cursor.out.made(&rows);
            }
            // The name of an expression of this statement; no table of the engine goes by a bare name here.
            None if is_alias => {}
            None => {
                let text = format!("{} after IN names neither a table nor an alias", parts.join("."));
                return Err(EngineError::raised(60, "UNKNOWN_TABLE", text));
            }
        }
    }
    Ok(())
}

/// A value with what is put before and behind it.
fn operand(cursor: &mut Cursor<'_>) -> Result<Shape, EngineError> {
    let mut changed = false;
    while cursor.sign("-") || cursor.sign("+") || cursor.word("NOT") {
        changed = true;
    }
    let mut shape = primary(cursor)?;
    loop {
        if cursor.is_sign(0, ".") {
            cursor.skip(1);
            shape = member(cursor, shape)?;
        } else if cursor.sign("[") {
            expression(cursor)?;
            cursor.expect_sign("]")?;
            shape = Shape::Other;
        } else if cursor.sign("::") {
            data_type(cursor)?;
            shape = Shape::Other;
        } else {
            return Ok(if changed { Shape::Other } else { shape });
        }
    }
}

/// What follows a dot: a column of a table, an element of a tuple, all columns of a table.
fn member(cursor: &mut Cursor<'_>, before: Shape) -> Result<Shape, EngineError> {
    match (cursor.next(), before) {
        (Some(Token::Number(digits)), _) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            cursor.out.element(&digits);
            Ok(Shape::Other)
        }
        (Some(Token::Word(name) | Token::Quoted(name)), Shape::Name(mut parts)) => {
            cursor.out.member(&name);
            parts.push(name);
            Ok(Shape::Name(parts))
        }
        (Some(Token::Word(name) | Token::Quoted(name)), _) => {
            cursor.out.member(&name);
            Ok(Shape::Other)
        }
        (Some(Token::Sign("*")), Shape::Name(parts)) => {
            cursor.size.star(&parts.join("."))?;
            cursor.out.put(".*");
            call::column_modifiers(cursor)?;
            Ok(Shape::Other)
        }
        _ => Err(cursor.unexpected("a name or number after the dot")),
    }
}

fn primary(cursor: &mut Cursor<'_>) -> Result<Shape, EngineError> {
    let Some(token) = cursor.peek(0).cloned() else { return Err(cursor.unexpected("an expression")) };
    match token {
        Token::Number(digits) => {
            cursor.skip(1);
            cursor.out.number(&digits);
        }
        Token::Text(value) => {
            cursor.skip(1);
            cursor.out.text(&value);
        }
        Token::Sign("(") => return parentheses(cursor),
        Token::Sign("[") => {
            let _ = cursor.sign("[");
            if !cursor.is_sign(0, "]") {
                cursor.list(|cursor| aliased(cursor, false).map(drop))?;
            }
            cursor.expect_sign("]")?;
        }
        Token::Sign("{") => parameter(cursor)?,
        Token::Sign("*") => {
            let _ = cursor.sign("*");
            cursor.size.star("")?;
            call::column_modifiers(cursor)?;
        }
        Token::Word(word) => return word_first(cursor, &word),
        Token::Quoted(name) => return name_or_call(cursor, &name),
        Token::Sign(_) => return Err(cursor.unexpected("an expression")),
    }
    Ok(Shape::Other)
}

/// `{name:Type}`, the value of a parameter.
fn parameter(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    let (Some(Token::Word(name)), true) = (cursor.peek(1).cloned(), cursor.is_sign(2, ":")) else {
        return Err(cursor.unexpected("{name:Type}"));
    };
    if cursor.catalog.parameter(&name).is_none() {
        let text = format!("Substitution `{name}` is not set");
        return Err(EngineError::raised(456, "UNKNOWN_QUERY_PARAMETER", text));
    }
    cursor.skip(3);
    cursor.out.fixed("{");
    cursor.out.word(&name);
    cursor.out.fixed(":");
    data_type(cursor)?;
    cursor.expect_sign("}")
}

/// A query, a tuple, or an expression in parentheses.
fn parentheses(cursor: &mut Cursor<'_>) -> Result<Shape, EngineError> {
    cursor.deeper(|cursor| {
        cursor.expect_sign("(")?;
        if begins(cursor, 0) {
            query(cursor)?;
            cursor.expect_sign(")")?;
            return Ok(Shape::Query);
        }
        if cursor.sign(")") {
            return Ok(Shape::Other);
        }
        let mut shape = aliased(cursor, false)?;
        if shape == Shape::Query && cursor.any_word(0, &["UNION", "INTERSECT", "EXCEPT"]).is_some() {
            more(cursor)?;
        }
        while cursor.sign(",") {
            shape = Shape::Other;
            if !cursor.is_sign(0, ")") {
                aliased(cursor, false)?;
            }
        }
        cursor.expect_sign(")")?;
        Ok(shape)
    })
}

/// An expression that begins with a word: a keyword with a grammar of its own, or a name.
fn word_first(cursor: &mut Cursor<'_>, word: &str) -> Result<Shape, EngineError> {
    let upper = word.to_ascii_uppercase();
    let before_call = cursor.is_sign(1, "(");
    match upper.as_str() {
        "CASE" => case(cursor)?,
        "INTERVAL" if begins_value(cursor.peek(1)) => interval(cursor)?,
        "DATE" | "TIMESTAMP" if matches!(cursor.peek(1), Some(Token::Text(_))) => {
            let _ = cursor.word_of(&["DATE", "TIMESTAMP"]);
            primary(cursor)?;
        }
        "EXISTS" if before_call => {
            let _ = cursor.word("EXISTS");
            if parentheses(cursor)? != Shape::Query {
                return Err(denied("EXISTS takes a query in parentheses"));
            }
        }
        _ if CONSTANTS.contains(&upper.as_str()) && !before_call => {
            let _ = cursor.word_of(&CONSTANTS);
        }
        _ if is_reserved(word) && !(before_call && ALSO_FUNCTIONS.contains(&upper.as_str())) => {
            return Err(cursor.unexpected("an expression"));
        }
        _ => return name_or_call(cursor, word),
    }
    Ok(Shape::Other)
}

fn name_or_call(cursor: &mut Cursor<'_>, name: &str) -> Result<Shape, EngineError> {
    if cursor.is_sign(1, "(") {
        cursor.skip(1);
        call(cursor, name)?;
        return Ok(Shape::Other);
    }
    cursor.skip(1);
    // `playhead.views.view_id`: the table is a query now, which goes by its own name only.
    if cursor.catalog.is_database(name)
        && cursor.is_sign(0, ".")
        && let Some(Token::Word(table) | Token::Quoted(table)) = cursor.peek(1).cloned()
        && cursor.is_sign(2, ".")
    {
        cursor.skip(2);
        let goes_by = cursor.renamed.get(&table).unwrap_or(&table).clone();
        cursor.out.name(&goes_by);
        return Ok(Shape::Name(vec![name.to_owned(), table]));
    }
    cursor.out.name(name);
    Ok(Shape::Name(vec![name.to_owned()]))
}

fn case(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    let _ = cursor.word("CASE");
    if !cursor.is_word(0, "WHEN") {
        expression(cursor)?;
    }
    while cursor.word("WHEN") {
        expression(cursor)?;
        cursor.expect_word("THEN")?;
        expression(cursor)?;
    }
    if cursor.word("ELSE") {
        expression(cursor)?;
    }
    cursor.expect_word("END")
}

fn interval(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    let _ = cursor.word("INTERVAL");
    let _ = cursor.sign("-");
    let is_text = matches!(cursor.peek(0), Some(Token::Text(_)));
    cursor.deeper(primary)?;
    if cursor.word_of(&UNITS).is_none() && !is_text {
        return Err(cursor.unexpected("a unit of time"));
    }
    Ok(())
}

/// `(… PARTITION BY … ORDER BY … frame)`, or the name of a window.
pub fn window(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    if !cursor.sign("(") {
        let name = cursor.take_name()?;
        cursor.out.name(&name);
        return Ok(());
    }
    let words = ["PARTITION", "ORDER", "ROWS", "RANGE"];
    if cursor.any_word(0, &words).is_none() && !cursor.is_sign(0, ")") {
        let name = cursor.take_name()?;
        cursor.out.name(&name);
    }
    if cursor.words(&["PARTITION", "BY"]) {
        cursor.list(|cursor| expression(cursor).map(drop))?;
    }
    order_by(cursor)?;
    if cursor.word_of(&["ROWS", "RANGE"]).is_some() {
        if cursor.word("BETWEEN") {
            bound(cursor)?;
            cursor.expect_word("AND")?;
        }
        bound(cursor)?;
    }
    cursor.expect_sign(")")
}

fn bound(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    if cursor.words(&["CURRENT", "ROW"]) {
        return Ok(());
    }
    if !cursor.word("UNBOUNDED") {
        operand(cursor)?;
    }
    if cursor.word_of(&["PRECEDING", "FOLLOWING"]).is_some() {
        Ok(())
    } else {
        Err(cursor.unexpected("PRECEDING or FOLLOWING"))
    }
}

fn begins_value(token: Option<&Token>) -> bool {
    match token {
        Some(Token::Number(_) | Token::Text(_) | Token::Quoted(_)) => true,
        Some(Token::Sign(sign)) => matches!(*sign, "(" | "{" | "-"),
        Some(Token::Word(word)) => !is_reserved(word),
        None => false,
    }
}
