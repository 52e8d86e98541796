//! Metrics: what there is, and each over all views, over time and by dimension.

pub mod answer;
pub mod comparison;
pub mod in_sql;
pub mod insights;
pub mod question;

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use chrono::{DateTime, SecondsFormat};
use serde::Serialize;

use self::{
    answer::{BreakdownAnswer, OverallAnswer, TimeseriesAnswer},
    question::{Kind, Question},
};
use super::{api::ApiState, auth::Reader, error::ApiError, openapi, params::Params};
use crate::event::metric::{Bucket, Direction, METRICS, Measurement, Metric, Unit};

/// Every metric and what it means.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MetricsAnswer {
    pub data: Vec<Definition>,
    pub timeframe: [i64; 2],
    pub total_row_count: usize,
}

/// What a metric means.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Definition {
    pub id: &'static str,
    pub name: &'static str,
    pub unit: Unit,
    pub definition: &'static str,
    /// What is good.
    pub direction: Direction,
    /// The first is the default.
    pub measurements: Vec<Measurement>,
    /// What puts a view into a timeframe: `view_start` or `view_end`.
    pub aggregation: &'static str,
}

/// Every metric and what it means.
#[utoipa::path(get, path = "/data/v1/metrics", tag = "metrics", responses((status = 200, body = MetricsAnswer)))]
pub async fn list(reader: Reader, params: Params, state: Data<ApiState>) -> Result<HttpResponse, ApiError> {
    let timeframe = params.timeframe()?.seconds();
    let answer = async {
        let define = |metric: &'static Metric| Definition {
            id: metric.id,
            name: metric.name,
            unit: metric.unit,
            definition: metric.definition,
            direction: metric.direction,
            measurements: metric.offered(),
            aggregation: aggregation(metric.bucket),
        };
        let data: Vec<_> = METRICS.iter().map(define).collect();
        Ok(MetricsAnswer { timeframe, total_row_count: data.len(), data })
    };
    state.answer(&reader, &params, answer).await
}

/// A metric over all views of a timeframe.
#[utoipa::path(get, path = "/data/v1/metrics/{metric}/overall", tag = "metrics",
    params(openapi::MetricPath, openapi::Selection, openapi::Measured),
    responses((status = 200, body = OverallAnswer)))]
pub async fn overall(
    reader: Reader,
    id: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    answered(Kind::Overall, &reader, &id, &params, &state).await
}

/// A metric step by step, the steps without views included.
#[utoipa::path(get, path = "/data/v1/metrics/{metric}/timeseries", tag = "metrics",
    params(openapi::MetricPath, openapi::Selection, openapi::Measured, openapi::Stepped),
    responses((status = 200, body = TimeseriesAnswer)))]
pub async fn timeseries(
    reader: Reader,
    id: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    answered(Kind::Timeseries, &reader, &id, &params, &state).await
}

/// A metric for each value of a dimension.
#[utoipa::path(get, path = "/data/v1/metrics/{metric}/breakdown", tag = "metrics",
    params(openapi::MetricPath, openapi::Selection, openapi::Measured, openapi::Grouped, openapi::Paging,
        openapi::Further),
    responses((status = 200, body = BreakdownAnswer)))]
pub async fn breakdown(
    reader: Reader,
    id: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    answered(Kind::Breakdown, &reader, &id, &params, &state).await
}

async fn answered(
    kind: Kind,
    reader: &Reader,
    id: &str,
    params: &Params,
    state: &ApiState,
) -> Result<HttpResponse, ApiError> {
    let question = Question::read(kind, reader, id, params)?;
    state.answer(reader, params, question::ask(&state.store, &question)).await
}

const fn aggregation(bucket: Bucket) -> &'static str {
    match bucket {
        Bucket::ViewStart => "view_start",
        Bucket::ViewEnd => "view_end",
        Bucket::Presence => "presence",
    }
}

/// A text, unless nothing is known.
pub fn known(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// A time as the API writes it.
pub fn time(unix_ms: i64, format: SecondsFormat) -> String {
    DateTime::from_timestamp_millis(unix_ms).unwrap_or_default().to_rfc3339_opts(format, true)
}
