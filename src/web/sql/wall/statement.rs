//! Which statements there are. Those that ask about tables are written as the queries they are short for.

use std::collections::BTreeMap;

use super::catalog::Database;
use super::cursor::{Cursor, denied};
use super::output::literal;
use super::query::{begins, begins_inside, query};
use super::token::Token;
use super::{format, settings};
use crate::store::embedded::error::EngineError;

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// A question for the engine.
    Query {
        /// Its text, written by this program.
        sql: String,
        /// The format it names.
        format: Option<&'static str>,
        /// What its SETTINGS clauses wish.
        settings: BTreeMap<String, String>,
    },
    /// `SET name = value, …`, for the session.
    Set(BTreeMap<String, String>),
    /// `USE database`, for the session.
    Use(Database),
    /// `KILL QUERY WHERE query_id = '…'`.
    Kill { query_id: String },
}

/// Reads one statement to its end.
pub fn statement(mut cursor: Cursor<'_>) -> Result<Statement, EngineError> {
    if cursor.at_end() {
        return Err(cursor.unexpected("a statement"));
    }
    let other = match cursor.peek(0).cloned() {
        _ if begins(&cursor, 0) || begins_inside(&cursor, 0) => {
            query(&mut cursor)?;
            None
        }
        Some(Token::Word(word)) => match word.to_ascii_uppercase().as_str() {
            "SET" => Some(set(&mut cursor)?),
            "USE" => Some(use_database(&mut cursor)?),
            "KILL" => Some(kill(&mut cursor)?),
            "SHOW" => show(&mut cursor)?,
            "DESCRIBE" | "DESC" => describe(&mut cursor)?,
            "EXISTS" => exists(&mut cursor)?,
            "EXPLAIN" => explain(&mut cursor)?,
            _ => {
                return Err(denied(format_args!(
                    "{word} is not available on this port; SELECT, SHOW, DESCRIBE, EXISTS, EXPLAIN, SET, USE and KILL QUERY are"
                )));
            }
        },
        _ => return Err(cursor.unexpected("a statement")),
    };
    end(&mut cursor)?;
    if let Some(other) = other {
        return Ok(other);
    }
    let format = cursor.format.as_deref().map(format::allowed).transpose()?;
    Ok(Statement::Query { settings: cursor.settings, sql: cursor.out.finish(), format })
}

/// FORMAT and SETTINGS, in either order, and then nothing.
fn end(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    loop {
        if cursor.drop_word("FORMAT") {
            cursor.format = Some(cursor.take_name()?);
        } else if cursor.drop_word("SETTINGS") {
            settings::clause(cursor)?;
        } else if cursor.is_word(0, "INTO") {
            return Err(denied("A statement of this port writes nothing: INTO OUTFILE is not for it"));
        } else if cursor.at_end() {
            return Ok(());
        } else {
            return Err(cursor.unexpected("the end of the statement: one statement at a time"));
        }
    }
}

fn set(cursor: &mut Cursor<'_>) -> Result<Statement, EngineError> {
    cursor.skip(1);
    if cursor.any_word(0, &["ROLE", "DEFAULT", "TRANSACTION"]).is_some() {
        return Err(denied("SET takes settings here, and nothing else"));
    }
    settings::clause(cursor)?;
    Ok(Statement::Set(std::mem::take(&mut cursor.settings)))
}

fn use_database(cursor: &mut Cursor<'_>) -> Result<Statement, EngineError> {
    cursor.skip(1);
    let name = cursor.take_name()?;
    Database::of(&name).map(Statement::Use).ok_or_else(|| no_database(&name))
}

/// That there is no such database, for this token at least.
pub fn no_database(name: &str) -> EngineError {
    EngineError::raised(81, "UNKNOWN_DATABASE", format_args!("Database {name} does not exist"))
}

fn kill(cursor: &mut Cursor<'_>) -> Result<Statement, EngineError> {
    cursor.skip(1);
    let form = cursor.drop_word("QUERY") && cursor.drop_word("WHERE") && cursor.drop_word("query_id");
    match (form && cursor.drop_sign("="), cursor.next()) {
        (true, Some(Token::Text(id))) => {
            let _ = cursor.drop_word("SYNC") || cursor.drop_word("ASYNC");
            let query_id = String::from_utf8(id).map_err(|_| cursor.unexpected("a query id"))?;
            Ok(Statement::Kill { query_id })
        }
        _ => Err(denied("KILL takes the form KILL QUERY WHERE query_id = '…' here")),
    }
}

/// Writes `SELECT columns FROM (the named table of system) WHERE …`.
fn ask(
    cursor: &mut Cursor<'_>,
    columns: &'static str,
    table: &str,
    condition: &str,
) -> Result<(), EngineError> {
    let source = cursor.catalog.source(&["system", table])?;
    cursor.out.made(&format!("SELECT {columns} FROM ({source}) WHERE {condition}"));
    Ok(())
}

const GRANTS: &str =
    "concat('GRANT ', access_type, ' ON ', database, '.', table, ' TO ', user_name) AS GRANTS";

fn show(cursor: &mut Cursor<'_>) -> Result<Option<Statement>, EngineError> {
    cursor.skip(1);
    let _ = cursor.drop_word("FULL");
    if cursor.drop_word("DATABASES") || cursor.drop_word("SCHEMAS") {
        let like = like(cursor, "name")?;
        ask(cursor, "name", "databases", &format!("{like} ORDER BY name"))?;
    } else if cursor.drop_word("TABLES") {
        let database = from_database(cursor)?;
        let like = like(cursor, "name")?;
        let database = literal(database.name().as_bytes());
        ask(cursor, "name", "tables", &format!("database = {database} AND {like} ORDER BY name"))?;
    } else if cursor.drop_word("COLUMNS") || cursor.drop_word("FIELDS") {
        let (database, table) = from_table(cursor)?;
        let like = like(cursor, "name")?;
        let columns = "name AS field, type, if(type LIKE 'Nullable(%', 'YES', 'NO') AS `null`, '' AS key, \
            CAST(NULL, 'Nullable(String)') AS `default`, '' AS extra";
        ask(cursor, columns, "columns", &format!("{} AND {like} ORDER BY position", of(database, &table)))?;
    } else if cursor.drop_word("PROCESSLIST") {
        ask(cursor, "*", "processes", "1")?;
    } else if cursor.drop_word("FUNCTIONS") {
        let like = like(cursor, "name")?;
        ask(cursor, "*", "functions", &like)?;
    } else if cursor.drop_word("SETTINGS") {
        let like = like(cursor, "name")?;
        ask(cursor, "name, type, value", "settings", &like)?;
    } else if cursor.drop_word("GRANTS") {
        ask(cursor, GRANTS, "grants", "1 ORDER BY ALL")?;
    } else if let Some(table) = ["clusters", "dictionaries"].into_iter().find(|table| cursor.drop_word(table))
    {
        ask(cursor, "*", table, "1")?;
    } else if cursor.drop_word("ENGINES") {
        ask(cursor, "*", "table_engines", "1")?;
    } else if cursor.drop_word("CREATE") {
        if cursor.drop_word("DATABASE") {
            return show_create_database(cursor).map(|()| None);
        }
        let _ = cursor.drop_word("TABLE") || cursor.drop_word("VIEW");
        let (database, table) = table_name(cursor)?;
        let columns = "concat('CREATE VIEW playhead.', any(table), '\\n(\\n', arrayStringConcat(groupArray(concat('    `', name, \
            '` ', type, if(comment = '', '', concat(' COMMENT \\'', replaceAll(comment, '\\'', '\\'\\''), '\\'')))), ',\\n'), \
            '\\n)') AS statement";
        ask(cursor, columns, "columns", &format!("{} HAVING count() > 0", of(database, &table)))?;
    } else {
        return Err(denied(
            "SHOW takes DATABASES, TABLES, COLUMNS, CREATE, FUNCTIONS, SETTINGS, PROCESSLIST, GRANTS, ENGINES, CLUSTERS and \
             DICTIONARIES here",
        ));
    }
    Ok(None)
}

fn show_create_database(cursor: &mut Cursor<'_>) -> Result<(), EngineError> {
    let name = cursor.take_name()?;
    let database = Database::of(&name).ok_or_else(|| no_database(&name))?;
    let statement = literal(format!("CREATE DATABASE {}", database.name()).as_bytes());
    cursor.out.made(&format!("SELECT {statement} AS statement"));
    Ok(())
}

/// `[FROM|IN database]`, or the one names belong to.
fn from_database(cursor: &mut Cursor<'_>) -> Result<Database, EngineError> {
    if !(cursor.drop_word("FROM") || cursor.drop_word("IN")) {
        return Ok(cursor.catalog.database);
    }
    let name = cursor.take_name()?;
    Database::of(&name).ok_or_else(|| no_database(&name))
}

/// `FROM table [FROM database]`.
fn from_table(cursor: &mut Cursor<'_>) -> Result<(Database, String), EngineError> {
    if !(cursor.drop_word("FROM") || cursor.drop_word("IN")) {
        return Err(cursor.unexpected("FROM"));
    }
    let (database, table) = table_name(cursor)?;
    if cursor.is_word(0, "FROM") || cursor.is_word(0, "IN") {
        return Ok((from_database(cursor)?, table));
    }
    Ok((database, table))
}

/// `[database.]table`, which has to exist.
fn table_name(cursor: &mut Cursor<'_>) -> Result<(Database, String), EngineError> {
    let (mut database, mut table) = (cursor.catalog.database, cursor.take_name()?);
    if cursor.drop_sign(".") {
        database = Database::of(&table).ok_or_else(|| no_database(&table))?;
        table = cursor.take_name()?;
    }
    cursor.catalog.source(&[database.name(), &table])?;
    Ok((database, table))
}

fn of(database: Database, table: &str) -> String {
    format!("database = {} AND table = {}", literal(database.name().as_bytes()), literal(table.as_bytes()))
}

/// `[NOT] [I]LIKE 'pattern'`, or what is always true.
fn like(cursor: &mut Cursor<'_>, column: &str) -> Result<String, EngineError> {
    let not = if cursor.drop_word("NOT") { "NOT " } else { "" };
    let word = ["LIKE", "ILIKE"].into_iter().find(|word| cursor.drop_word(word));
    match (word, not) {
        (None, "") => Ok("1".to_owned()),
        (None, _) => Err(cursor.unexpected("LIKE")),
        (Some(word), _) => match cursor.next() {
            Some(Token::Text(pattern)) => Ok(format!("{column} {not}{word} {}", literal(&pattern))),
            _ => Err(cursor.unexpected("a pattern")),
        },
    }
}

fn describe(cursor: &mut Cursor<'_>) -> Result<Option<Statement>, EngineError> {
    cursor.skip(1);
    let _ = cursor.drop_word("TABLE");
    if begins_inside(cursor, 0) {
        cursor.out.fixed("DESCRIBE TABLE");
        cursor.expect_sign("(")?;
        query(cursor)?;
        cursor.expect_sign(")")?;
        return Ok(None);
    }
    let (database, table) = table_name(cursor)?;
    if database == Database::Playhead {
        let columns = "name, type, default_kind AS default_type, default_expression, comment, compression_codec AS \
            codec_expression, '' AS ttl_expression";
        ask(cursor, columns, "columns", &format!("{} ORDER BY position", of(database, &table)))?;
    } else {
        let source = cursor.catalog.source(&[database.name(), &table])?;
        cursor.out.made(&format!("DESCRIBE TABLE ({source})"));
    }
    Ok(None)
}

fn exists(cursor: &mut Cursor<'_>) -> Result<Option<Statement>, EngineError> {
    cursor.skip(1);
    let is_database = cursor.drop_word("DATABASE");
    let _ = !is_database && (cursor.drop_word("TABLE") || cursor.drop_word("VIEW"));
    let first = cursor.take_name()?;
    let found = if is_database {
        Database::of(&first).is_some()
    } else if cursor.drop_sign(".") {
        let table = cursor.take_name()?;
        cursor.catalog.source(&[&first, &table]).is_ok()
    } else {
        cursor.catalog.source(&[&first]).is_ok()
    };
    cursor.out.made(if found { "SELECT toUInt8(1) AS result" } else { "SELECT toUInt8(0) AS result" });
    Ok(None)
}

/// The plan of a query. Not those forms that count rows and parts: they would count everybody's.
fn explain(cursor: &mut Cursor<'_>) -> Result<Option<Statement>, EngineError> {
    cursor.skip(1);
    let _ = cursor.drop_word("PLAN");
    if !begins(cursor, 0) && !begins_inside(cursor, 0) {
        return Err(denied("EXPLAIN takes a query here, and no options"));
    }
    cursor.out.fixed("EXPLAIN PLAN");
    query(cursor)?;
    Ok(None)
}
