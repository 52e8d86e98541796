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
    ask::ask,
    asked::Asked,
    asker::Asker,
    audit::Record,
};
use crate::{
    control::Scope,
    store::embedded::{error::EngineError, request::form_urlencoded},
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
    let address = client_address(http.head(), &state.api.trusted_proxies).map(limit_key);
    let reader = admitted(http, address, state).await?;
    let asked = Asked::read(http, body).await?;
    if let Some(given) = &asked.request.query_id {
        query_id.clone_from(given);
    }
    let mut record = Record::new(&state.api.control, Asker::of(&reader), address, query_id);
    record.query.clone_from(&asked.text);
    match ask(state, &asked, &mut record).await? {
        None => Ok(done(query_id)),
        Some((upstream, ticket)) => pass_on(upstream, ticket, record, asked.progress).await,
    }
}

/// Who asks.
async fn admitted(
    http: &HttpRequest,
    address: Option<IpAddr>,
    state: &SqlState,
) -> Result<Reader, EngineError> {
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
    admission.map_err(|error| not_let_in(&error, if user.is_empty() { "default" } else { &user }))
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
