//! One request, from who sent it to the answer.

use std::net::IpAddr;

use actix_web::{
    HttpRequest, HttpResponse,
    http::Method,
    web::{Data, Payload},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{
    SqlState,
    answer::{done, failure, not_let_in, pass_on},
    asked::Asked,
    audit::Record,
    upstream::Question,
    wall::{
        self, Statement, allowed_format,
        catalog::{Catalog, Database},
        literal, no_database, settings,
    },
};
use crate::{
    control::Scope,
    store::embedded::{
        error::EngineError,
        request::{Request, form_urlencoded},
    },
    web::{
        address::{client_address, limit_key},
        auth::Reader,
        error::ApiError,
    },
};

/// That the port is there.
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=UTF-8").body("Ok.\n")
}

/// A statement, or a look whether the port is there.
pub async fn serve(http: HttpRequest, body: Payload, state: Data<SqlState>) -> HttpResponse {
    let mut query_id = uuid::Uuid::new_v4().to_string();
    if http.method() == Method::GET && http.query_string().is_empty() {
        return alive().await;
    }
    match answer(&http, body, &state, &mut query_id).await {
        Ok(response) => response,
        Err(error) => {
            failure(&error, &query_id, http.query_string().split('&').any(|pair| pair == "compress=1"))
        }
    }
}

async fn answer(
    http: &HttpRequest,
    body: Payload,
    state: &SqlState,
    query_id: &mut String,
) -> Result<HttpResponse, EngineError> {
    let address = client_address(http, &state.api.trusted_proxies).map(limit_key);
    let (token, reader) = admitted(http, address, state).await?;
    let asked = Asked::read(http, body).await?;
    if let Some(given) = &asked.request.query_id {
        query_id.clone_from(given);
    }
    let mut record = Record::new(reader.environment.clone(), &token, address, query_id);
    record.query.clone_from(&asked.text);
    match run(state, &asked, record).await {
        Ok(response) => Ok(response),
        Err((error, mut record)) => {
            record.code = error.code();
            Err(error)
        }
    }
}

type Outcome = Result<HttpResponse, (EngineError, Record)>;

/// Runs a statement; a record that comes back with an error is not written yet.
async fn run(state: &SqlState, asked: &Asked, mut record: Record) -> Outcome {
    let prepared = match prepare(state, asked, &record) {
        Ok(prepared) => prepared,
        Err(error) => return Err((error, record)),
    };
    let Prepared::Ask { sql, format, settings } = prepared else {
        record.complete = true;
        return Ok(done(&record.query_id));
    };
    let mut ticket = match state.running.begin(&record.token, &record.query_id, &record.query) {
        Ok(ticket) => ticket,
        Err(error) => return Err((error, record)),
    };
    let (environment, token) = (record.environment.clone(), record.token.clone());
    let question = Question {
        environment: &environment,
        token: &token,
        sql,
        format: &format,
        settings,
        parameters: &asked.request.parameters,
        compress: asked.request.compress,
        wait_end: asked.request.wait_end,
    };
    let answered = tokio::select! {
        stopped = ticket.stopped() => Err(stopped),
        answered = state.upstream.ask(&question) => answered,
    };
    match answered {
        Ok(upstream) => pass_on(upstream, ticket, record, asked.progress).await,
        Err(error) => Err((error, record)),
    }
}

/// What is left to do for a statement.
enum Prepared {
    Ask { sql: String, format: String, settings: std::collections::BTreeMap<String, String> },
    Done,
}

/// Reads a statement behind the wall; SET and USE are done with that.
fn prepare(state: &SqlState, asked: &Asked, record: &Record) -> Result<Prepared, EngineError> {
    let Asked { request, text, .. } = asked;
    let wish = request.session()?;
    let mut session = state.sessions.resume(&record.token, wish.as_ref())?;
    let named = request.database.as_deref().map(|name| Database::of(name).ok_or_else(|| no_database(name)));
    let processes = state.running.of(&record.token);
    let catalog = Catalog {
        environment: &record.environment,
        user: &record.token,
        database: named.transpose()?.or(session.database).unwrap_or_default(),
        parameters: &request.parameters,
        bounds: &state.bounds,
        processes: &processes,
    };
    let (sql, format, own_settings) = match wall::translate(text, &catalog)? {
        Statement::Query { sql, format, settings } => (sql, format, settings),
        Statement::Kill { query_id } => (killed(state, record, &query_id), None, Default::default()),
        Statement::Set(wishes) => {
            settings::checked(&wishes, &state.bounds)?;
            session.settings.extend(wishes);
            state.sessions.keep(&record.token, wish.as_ref(), session);
            return Ok(Prepared::Done);
        }
        Statement::Use(database) => {
            session.database = Some(database);
            state.sessions.keep(&record.token, wish.as_ref(), session);
            return Ok(Prepared::Done);
        }
    };
    let mut wishes = session.settings;
    wishes.extend(request.settings.clone());
    wishes.extend(own_settings);
    let format = match format {
        Some(format) => format,
        None => default_format(request)?,
    };
    Ok(Prepared::Ask { sql, format: format.to_owned(), settings: settings::checked(&wishes, &state.bounds)? })
}

fn default_format(request: &Request) -> Result<&'static str, EngineError> {
    allowed_format(request.default_format.as_deref().unwrap_or("TabSeparated"))
}

/// Stops a statement, and the query whose answer says so.
fn killed(state: &SqlState, record: &Record, query_id: &str) -> String {
    let found = state.running.kill(&record.token, query_id);
    let [id, user, query] =
        [query_id, &record.token, found.as_deref().unwrap_or_default()].map(|text| literal(text.as_bytes()));
    let whether = u8::from(found.is_some());
    format!(
        "SELECT 'waiting' AS kill_status, {id} AS query_id, {user} AS user, {query} AS query WHERE {whether}"
    )
}

/// Who asks: the token's id and the environment it reads.
async fn admitted(
    http: &HttpRequest,
    address: Option<IpAddr>,
    state: &SqlState,
) -> Result<(String, Reader), EngineError> {
    let (user, secret) = credentials(http).unwrap_or_default();
    let Some(address) = address else { return Err(EngineError::host("a request without a peer")) };
    let admission = if user.is_empty() {
        Err(ApiError::Unauthenticated)
    } else {
        state
            .api
            .admit_token(&user, &secret, address)
            .await
            .reader
            .and_then(|reader| reader.allowed(Scope::Sql))
    };
    match admission {
        Ok(reader) => Ok((user, reader)),
        Err(error) => Err(not_let_in(&error, if user.is_empty() { "default" } else { &user })),
    }
}

/// User and password, from where ClickHouse takes them: its own headers, Basic (or Bearer `id:secret`), the URL.
fn credentials(http: &HttpRequest) -> Option<(String, String)> {
    let header = |name: &str| http.headers().get(name).and_then(|value| value.to_str().ok());
    let pair = |text: &str| text.split_once(':').map(|(user, key)| (user.to_owned(), key.to_owned()));
    if let Some(user) = header("x-clickhouse-user") {
        return Some((user.to_owned(), header("x-clickhouse-key").unwrap_or_default().to_owned()));
    }
    if let Some((scheme, rest)) = header("authorization").and_then(|value| value.split_once(' ')) {
        let decoded = || String::from_utf8(BASE64_STANDARD.decode(rest.trim()).ok()?).ok();
        return match scheme.to_ascii_lowercase().as_str() {
            "basic" => pair(&decoded()?),
            "bearer" => pair(rest.trim()).or_else(|| pair(&decoded()?)),
            _ => None,
        };
    }
    let fields = form_urlencoded(http.query_string()).ok()?;
    let field = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    Some((field("user")?, field("password").unwrap_or_default()))
}
