//! A statement is run, and stopped.

use std::{collections::BTreeMap, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json, Path},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    fault::Fault,
    rows::{Column, Rows, whole},
};
use crate::{
    store::embedded::error::EngineError,
    web::{
        address::{client_address, limit_key},
        error::ApiError,
        permission::Analyst,
        problem::Problem,
        sql::{
            SqlState,
            answer::{error_of, summary},
            ask::ask,
            asked::Asked,
            asker::Asker,
            audit::Record,
        },
    },
};

/// As many rows as the screen holds, and as nobody has to ask for.
pub const MOST_ROWS: u32 = 10_000;

/// A statement to be run.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementWish {
    /// SQL. A FORMAT clause in it changes nothing.
    #[schema(pattern = r"\S")]
    pub query: String,
    /// Values of `{name:Type}`.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// What to call it when it is to be stopped: at most 200 printable characters.
    #[schema(max_length = 200)]
    pub query_id: Option<String>,
    /// 10,000 when left out.
    #[schema(minimum = 1, maximum = 10_000)]
    pub limit: Option<u32>,
}

/// What a statement took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Cost {
    /// Rows read from tables.
    pub read_rows: u64,
    /// Bytes of them, decompressed.
    pub read_bytes: u64,
    pub elapsed_ms: u64,
}

/// The answer to a statement.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StatementAnswer {
    pub query_id: String,
    pub columns: Vec<Column>,
    /// A list of values for each row. Numbers of 64 bits and more, and decimals, are texts.
    #[schema(value_type = Vec<Vec<serde_json::Value>>)]
    pub rows: Vec<Box<RawValue>>,
    /// There are more rows than these.
    pub truncated: bool,
    pub cost: Cost,
}

/// Runs a statement, behind the same wall and within the same limits as on the SQL port, and answers with its first rows.
#[utoipa::path(post, path = "/data/v1/sql", tag = "sql", request_body = StatementWish,
    responses((status = 200, body = StatementAnswer),
        (status = 400, description = "What is wrong with the statement, under `statement`", body = Problem),
        (status = 403, description = "Not allowed, or not a statement of this place", body = Problem),
        (status = 409, description = "It was cancelled", body = Problem),
        (status = 429, description = "As many run as may", body = Problem)))]
pub async fn run(
    Analyst(reader): Analyst,
    request: HttpRequest,
    state: Data<SqlState>,
    body: Json<StatementWish>,
) -> Result<HttpResponse, ApiError> {
    let StatementWish { query, parameters, query_id, limit } = body.into_inner();
    let limit = limit.unwrap_or(MOST_ROWS);
    if !(1..=MOST_ROWS).contains(&limit) {
        let choice = format!("1 to {MOST_ROWS}");
        return Err(ApiError::parameter("limit", format!("`{limit}` rows do not fit"), [choice]));
    }
    let fault = |error: EngineError| ApiError::Statement(Box::new(Fault::new(&error, &query)));
    let query_id = query_id.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let asked =
        Asked::on_screen(query.clone(), parameters, Some(query_id.clone()), limit.into()).map_err(fault)?;
    let address = client_address(request.head(), &state.api.trusted_proxies).map(limit_key);
    let mut record = Record::new(&state.api.control, Asker::of(&reader), address, &query_id);
    record.query.clone_from(&query);
    let (rows, cost) = answered(&state, &asked, &mut record, limit as usize).await.map_err(fault)?;
    let Rows { columns, rows, truncated } = rows;
    Ok(HttpResponse::Ok().json(StatementAnswer { query_id, columns, rows, truncated, cost }))
}

async fn answered(
    state: &SqlState,
    asked: &Asked,
    record: &mut Record,
    at_most: usize,
) -> Result<(Rows, Cost), EngineError> {
    let Some((upstream, mut ticket)) = ask(state, asked, record).await? else {
        let text = "SET and USE are for sessions, and there is none here: write SETTINGS behind the query";
        return Err(record.failed(EngineError::bad_request(text)));
    };
    if !upstream.status().is_success() {
        ticket.ended();
        return Err(record.failed(error_of(upstream).await));
    }
    let said = upstream.headers().get("x-clickhouse-summary").and_then(|value| value.to_str().ok());
    record.summary = summary(said, record.elapsed_ns());
    let read = match whole(upstream, &mut ticket).await {
        Ok(body) => {
            ticket.ended();
            record.sent_bytes = body.len() as u64;
            Rows::read(&body, at_most)
        }
        Err(error) => Err(error),
    };
    let rows = match read {
        Ok(rows) => rows,
        Err(error) => return Err(record.failed(error)),
    };
    record.complete = true;
    Ok((rows, cost(&record.summary)))
}

fn cost(summary: &str) -> Cost {
    let said: serde_json::Value = serde_json::from_str(summary).unwrap_or_default();
    let number = |name: &str| said[name].as_str().and_then(|digits| digits.parse().ok()).unwrap_or_default();
    let elapsed = Duration::from_nanos(number("elapsed_ns"));
    Cost {
        read_rows: number("read_rows"),
        read_bytes: number("read_bytes"),
        elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
    }
}

/// Stops a statement of one's own.
#[utoipa::path(delete, path = "/data/v1/sql/{query_id}", tag = "sql",
    params(("query_id" = String, Path)),
    responses((status = 204), (status = 404, description = "None of one's own runs under this id", body = Problem)))]
pub async fn cancel(
    Analyst(reader): Analyst,
    state: Data<SqlState>,
    query_id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    match state.running.kill(&Asker::of(&reader).key, &query_id) {
        Some(_) => Ok(HttpResponse::NoContent().finish()),
        None => Err(ApiError::NotFound("no statement of yours runs under this id".to_owned())),
    }
}
