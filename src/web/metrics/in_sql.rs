//! Each question as a statement for the SQL port: the address of a question with `/sql` behind it. Nothing is asked here;
//! whoever may ask SQL asks it there, and gets the same numbers.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use serde::Serialize;

use super::{
    super::{api::ApiState, auth::Reader, error::ApiError, openapi, params::Params},
    question::{Kind, Question, measured},
};

/// A question in SQL.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InSqlAnswer {
    pub data: InSqlData,
}

/// The statement.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InSqlData {
    /// For `/data/v1/sql` and the SQL port, over the tables of the environment.
    pub query: String,
}

/// The answer that tells a statement; `None` is refused: the tables of analysts do not have all it is about.
pub async fn told(
    query: Option<String>,
    reader: &Reader,
    params: &Params,
    state: &ApiState,
) -> Result<HttpResponse, ApiError> {
    let Some(query) = query else {
        let detail = "the tables of SQL do not have all that this question is about: the steps from one rendition to the next";
        return Err(ApiError::NotFound(detail.to_owned()));
    };
    state.answer(reader, params, async { Ok(InSqlAnswer { data: InSqlData { query } }) }).await
}

/// The statement that gives a metric over all views of a timeframe: `value`, `views`.
#[utoipa::path(get, path = "/data/v1/metrics/{metric}/overall/sql", tag = "sql",
    params(openapi::MetricPath, openapi::Selection, openapi::Measured),
    responses((status = 200, body = InSqlAnswer)))]
pub async fn overall(
    reader: Reader,
    id: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    question(Kind::Overall, &reader, &id, &params, &state).await
}

/// The statement that gives a metric step by step: `time`, `value`, `views`. Steps without views have no row.
#[utoipa::path(get, path = "/data/v1/metrics/{metric}/timeseries/sql", tag = "sql",
    params(openapi::MetricPath, openapi::Selection, openapi::Measured, openapi::Stepped),
    responses((status = 200, body = InSqlAnswer)))]
pub async fn timeseries(
    reader: Reader,
    id: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    question(Kind::Timeseries, &reader, &id, &params, &state).await
}

/// The statement that gives a metric for each value of a dimension: `field`, `value`, `views`, `negative_impact`.
#[utoipa::path(get, path = "/data/v1/metrics/{metric}/breakdown/sql", tag = "sql",
    params(openapi::MetricPath, openapi::Selection, openapi::Measured, openapi::Grouped, openapi::Paging),
    responses((status = 200, body = InSqlAnswer)))]
pub async fn breakdown(
    reader: Reader,
    id: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    no_cursor(&params)?;
    question(Kind::Breakdown, &reader, &id, &params, &state).await
}

/// The statement that gives what drags a metric down: `dimension`, `field`, and figures in arrays of one.
#[utoipa::path(get, path = "/data/v1/metrics/{metric}/insights/sql", tag = "sql",
    params(openapi::MetricPath, openapi::Selection, openapi::Measured, openapi::Directed, openapi::Paging),
    responses((status = 200, body = InSqlAnswer)))]
pub async fn insights(
    reader: Reader,
    id: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let (measure, scope) = measured(&reader, &id, &params)?;
    let query = measure.insights_in_sql(&scope, params.descending(true)?, params.page()?)?;
    told(query, &reader, &params, &state).await
}

/// Refuses a cursor: where it stands is told by no statement.
pub fn no_cursor(params: &Params) -> Result<(), ApiError> {
    match params.one("cursor")? {
        None => Ok(()),
        Some(_) => Err(ApiError::parameter(
            "cursor",
            "a statement begins with the first row, or with a page",
            ["page"],
        )),
    }
}

async fn question(
    kind: Kind,
    reader: &Reader,
    id: &str,
    params: &Params,
    state: &ApiState,
) -> Result<HttpResponse, ApiError> {
    let question = Question::read(kind, reader, id, params)?;
    told(question.in_sql()?, reader, params, state).await
}
