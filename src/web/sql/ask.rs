//! One statement through the wall and to the engine, whoever asks it and however the answer is to look.

use std::collections::BTreeMap;

use super::{
    SqlState,
    asked::Asked,
    audit::Record,
    running::Ticket,
    upstream::Question,
    wall::{
        self, Statement, allowed_format,
        catalog::{Catalog, Database},
        filters::{self, Filters},
        literal, no_database, settings,
    },
};
use crate::store::embedded::{
    error::{EngineError, code},
    request::Request,
};

/// The form of rows for a screen: two lines of names and types, then a line for each row.
pub const ROWS: &str = "JSONCompactEachRowWithNamesAndTypes";
/// Bytes of rows for a screen, beyond which a person does not read.
pub const MOST_ON_SCREEN: u64 = 16 << 20;
/// What makes those rows exact in a browser: its numbers are 64-bit floats, and its texts Unicode.
const EXACT: [(&str, &str); 5] = [
    ("output_format_json_quote_64bit_integers", "1"),
    ("output_format_json_quote_decimals", "1"),
    ("output_format_json_quote_denormals", "1"),
    ("output_format_json_validate_utf8", "1"),
    ("result_overflow_mode", "throw"),
];

/// Runs a statement: the answer of ClickHouse, with whether it went well in its status, and what holds its place; nothing
/// of a statement about the session, which is done.
///
/// # Errors
/// Why it is not run, which is in the record too.
pub async fn ask(
    state: &SqlState,
    asked: &Asked,
    record: &mut Record,
) -> Result<Option<(reqwest::Response, Ticket)>, EngineError> {
    let prepared = match prepare(state, asked, record) {
        Ok(prepared) => prepared,
        Err(error) => return Err(record.failed(error)),
    };
    let Prepared::Ask { sql, format, settings } = prepared else {
        record.complete = true;
        return Ok(None);
    };
    let mut ticket = match state.running.begin(&record.asker.key, &record.query_id, &record.query) {
        Ok(ticket) => ticket,
        Err(error) => return Err(record.failed(error)),
    };
    let engine_id = uuid::Uuid::new_v4().to_string();
    ticket.follow(&state.upstream, &engine_id);
    let question = Question {
        environment: &record.asker.environment,
        engine_id: &engine_id,
        user: &record.asker.user,
        sql,
        format: &format,
        settings,
        parameters: &asked.request.parameters,
        compress: asked.request.compress,
        wait_end: asked.request.wait_end,
        client_protocol_version: asked.request.client_protocol_version,
    };
    let answered = tokio::select! {
        stopped = ticket.stopped() => Err(stopped),
        answered = state.upstream.ask(&question) => answered,
    };
    match answered {
        Ok(upstream) => Ok(Some((upstream, ticket))),
        Err(error) => {
            // What ClickHouse never got, or lost with itself, is not left in it.
            if error.code() == code::NETWORK_ERROR {
                ticket.ended();
            }
            Err(record.failed(error))
        }
    }
}

/// What is left to do for a statement.
enum Prepared {
    Ask { sql: String, format: String, settings: BTreeMap<String, String> },
    Done,
}

/// Reads a statement behind the wall; SET and USE are done with that.
fn prepare(state: &SqlState, asked: &Asked, record: &Record) -> Result<Prepared, EngineError> {
    let Asked { request, text, .. } = asked;
    let key = &record.asker.key;
    let wish = request.session()?;
    let mut session = state.sessions.resume(key, wish.as_ref())?;
    let named = request.database.as_deref().map(|name| Database::of(name).ok_or_else(|| no_database(name)));
    let processes = state.running.of(key);
    let mut wishes = session.settings.clone();
    wishes.extend(request.settings.clone());
    let catalog = Catalog {
        environment: &record.asker.environment,
        user: &record.asker.user,
        database: named.transpose()?.or(session.database).unwrap_or_default(),
        parameters: &request.parameters,
        wished_filters: wishes.get(filters::SETTING).map(String::as_str),
        filters: Filters::new(),
        bounds: &state.bounds,
        processes: &processes,
    };
    let (sql, format, own_settings) = match wall::translate(text, &catalog)? {
        Statement::Query { sql, format, settings } => (sql, format, settings),
        Statement::Kill { query_id } => (killed(state, record, &query_id), None, BTreeMap::default()),
        Statement::Set(wishes) => {
            settings::checked(&wishes, &state.bounds)?;
            wishes.get(filters::SETTING).map(|value| filters::read(value, &catalog)).transpose()?;
            session.settings.extend(wishes);
            state.sessions.keep(key, wish.as_ref(), session);
            return Ok(Prepared::Done);
        }
        Statement::Use(database) => {
            session.database = Some(database);
            state.sessions.keep(key, wish.as_ref(), session);
            return Ok(Prepared::Done);
        }
    };
    wishes.extend(own_settings);
    let mut settings = settings::checked(&wishes, &state.bounds)?;
    let format = match (asked.rows, format) {
        (Some(rows), _) => {
            for_screen(&mut settings, rows);
            ROWS
        }
        (None, Some(format)) => format,
        (None, None) => default_format(request)?,
    };
    Ok(Prepared::Ask { sql, format: format.to_owned(), settings })
}

fn default_format(request: &Request) -> Result<&'static str, EngineError> {
    allowed_format(request.default_format.as_deref().unwrap_or("TabSeparated"))
}

/// No more than a screen holds, exactly. One row beyond says that there are more.
fn for_screen(settings: &mut BTreeMap<String, String>, rows: u64) {
    for (name, most) in [("limit", rows + 1), ("max_result_bytes", MOST_ON_SCREEN)] {
        let own = settings.get(name).and_then(|value| value.parse().ok()).filter(|own| *own > 0);
        settings.insert(name.to_owned(), own.map_or(most, |own: u64| own.min(most)).to_string());
    }
    settings.extend(EXACT.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

/// Stops a statement, and the query whose answer says so.
fn killed(state: &SqlState, record: &Record, query_id: &str) -> String {
    let found = state.running.kill(&record.asker.key, query_id);
    let [id, user, query] = [query_id, &record.asker.user, found.as_deref().unwrap_or_default()]
        .map(|text| literal(text.as_bytes()));
    let whether = u8::from(found.is_some());
    format!(
        "SELECT 'waiting' AS kill_status, {id} AS query_id, {user} AS user, {query} AS query WHERE {whether}"
    )
}
