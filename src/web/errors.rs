//! The errors there were.

use actix_web::{HttpResponse, web::Data};
use chrono::SecondsFormat;
use serde::Serialize;

use super::{
    api::ApiState,
    auth::Reader,
    error::ApiError,
    metrics::{
        in_sql::{InSqlAnswer, told},
        known, time,
    },
    openapi,
    params::Params,
};
use crate::{
    event::metric::Bucket,
    store::query::{
        Scope,
        errors::{self, ErrorCount},
    },
};

/// The errors of a timeframe, the most frequent first, at most 1,000.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ErrorsAnswer {
    pub data: Vec<ErrorRow>,
    pub timeframe: [i64; 2],
    pub total_row_count: u64,
}

/// An error and how many views have it as their last.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ErrorRow {
    /// The number `error_id` of `/data/v1/video-views` takes.
    #[schema(value_type = u64)]
    pub id: u32,
    /// The code, if it is a whole number.
    pub code: Option<i64>,
    pub player_error_code: String,
    /// As it was last said.
    pub message: Option<String>,
    /// Always null: players send a code and a message.
    pub description: Option<String>,
    /// Always null.
    pub notes: Option<String>,
    /// Views, as many as the measured ones stand for.
    pub count: u64,
    /// Of all views of the timeframe, 0 to 1.
    pub percentage: f64,
    pub last_seen: String,
}

/// The errors of the views that ended in the timeframe, business rules included.
#[utoipa::path(get, path = "/data/v1/errors", tag = "views", params(openapi::Selection),
    responses((status = 200, body = ErrorsAnswer)))]
pub async fn list(reader: Reader, params: Params, state: Data<ApiState>) -> Result<HttpResponse, ApiError> {
    let scope = scope(&reader, &params)?;
    let answer = async {
        let errors = state.store.errors(&scope).await?;
        Ok(ErrorsAnswer {
            timeframe: scope.timeframe.seconds(),
            total_row_count: errors.first().map_or(0, |error| error.codes),
            data: errors.into_iter().map(row).collect(),
        })
    };
    state.answer(&reader, &params, answer).await
}

/// The statement that gives them, and as the row without a code the views that had none.
#[utoipa::path(get, path = "/data/v1/errors/sql", tag = "sql", params(openapi::Selection),
    responses((status = 200, body = InSqlAnswer)))]
pub async fn list_in_sql(
    reader: Reader,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let scope = scope(&reader, &params)?;
    told(errors::in_sql(&scope), &reader, &params, &state).await
}

/// Which views, and in the one order there is: who asks for another is not given this one.
fn scope(reader: &Reader, params: &Params) -> Result<Scope, ApiError> {
    for (name, order) in [("order_by", "count"), ("order_direction", "desc")] {
        params.choice(name, &[order], |word| word, order)?;
    }
    params.scope(reader.environment.clone(), Bucket::ViewEnd)
}

fn row(error: ErrorCount) -> ErrorRow {
    ErrorRow {
        id: error.id,
        code: error.code.parse().ok(),
        player_error_code: error.code,
        message: known(error.message),
        description: None,
        notes: None,
        count: error.views,
        percentage: error.share,
        last_seen: time(error.last_seen_ms, SecondsFormat::Secs),
    }
}
