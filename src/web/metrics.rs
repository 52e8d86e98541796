//! Metrics: what there is, and each over all views, over time and by dimension.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use chrono::{DateTime, SecondsFormat};
use serde::Serialize;

use super::{
    api::ApiState,
    auth::Reader,
    error::ApiError,
    openapi,
    params::{Params, no_dimension},
};
use crate::{
    event::metric::{self, Bucket, Direction, METRICS, Measurement, Metric, Unit},
    store::query::{
        dimension::Dimension,
        metric::{Group, MetricQuestion, Order},
        timeframe::Step,
    },
};

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

/// A metric over a timeframe.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OverallAnswer {
    pub data: Overall,
    pub timeframe: [i64; 2],
    pub total_row_count: Option<u64>,
    pub meta: Meta,
}

/// A metric and the views it is about.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Overall {
    /// Null: there was nothing to measure.
    pub value: Option<f64>,
    /// As many views as the measured ones stand for, as in all totals.
    pub total_views: u64,
    /// Milliseconds.
    pub total_watch_time: u64,
    /// Milliseconds.
    pub total_playing_time: u64,
    /// No longer in use; always null.
    pub global_value: Option<f64>,
}

/// How it was measured.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Meta {
    /// `view_start` or `view_end`.
    pub aggregation: &'static str,
    pub measurement: Measurement,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub granularity: Option<&'static str>,
}

/// A metric over time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TimeseriesAnswer {
    /// Triples: beginning of the step, value (null: nothing to measure), views with a value.
    pub data: Vec<(String, Option<f64>, u64)>,
    pub timeframe: [i64; 2],
    pub total_row_count: usize,
    pub meta: Meta,
}

/// A metric by dimension.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BreakdownAnswer {
    pub data: Vec<BreakdownRow>,
    pub timeframe: [i64; 2],
    pub total_row_count: u64,
    pub meta: Meta,
}

/// A metric of the views with one value.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BreakdownRow {
    /// Null: not known.
    pub field: Option<String>,
    pub value: Option<f64>,
    pub views: u64,
    /// How far these views move the whole for the worse: distance from the whole, weighted by their part of the views.
    pub negative_impact: f64,
    pub total_watch_time: u64,
    pub total_playing_time: u64,
}

/// Every metric side by side.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ComparisonAnswer {
    pub data: Vec<ComparisonRow>,
    pub timeframe: [i64; 2],
    pub total_row_count: usize,
}

/// One of them, by its default measurement.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ComparisonRow {
    pub name: &'static str,
    pub metric: &'static str,
    #[serde(rename = "type")]
    pub kind: Unit,
    pub measurement: Measurement,
    pub value: Option<f64>,
    pub view_count: u64,
    pub watch_time: u64,
    pub total_playing_time: u64,
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

/// Every metric by its default measurement, side by side.
#[utoipa::path(get, path = "/data/v1/metrics/comparison", tag = "metrics",
    params(openapi::Selection, ("dimension" = Option<String>, Query,), ("value" = Option<String>, Query,)),
    responses((status = 200, body = ComparisonAnswer), (status = 400, body = super::problem::Problem)))]
pub async fn comparison(
    reader: Reader,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let mut questions = Vec::with_capacity(METRICS.len());
    for metric in &METRICS {
        let scope = params.compared_scope(reader.environment.clone(), metric.bucket)?;
        questions.push(MetricQuestion { metric, measurement: metric.default, scope });
    }
    let timeframe = params.timeframe()?.seconds();
    let answer = async {
        let mut data = Vec::with_capacity(questions.len());
        // One after the other: this is one question of one reader, and others wait.
        for question in &questions {
            let totals = state.store.overall(question).await?;
            data.push(ComparisonRow {
                name: question.metric.name,
                metric: question.metric.id,
                kind: question.metric.unit,
                measurement: question.measurement,
                value: totals.value,
                view_count: totals.views,
                watch_time: totals.watch_time,
                total_playing_time: totals.playing_time,
            });
        }
        Ok(ComparisonAnswer { timeframe, total_row_count: data.len(), data })
    };
    state.answer(&reader, &params, answer).await
}

/// A metric over all views of a timeframe.
#[utoipa::path(get, path = "/data/v1/metrics/{metric}/overall", tag = "metrics",
    params(openapi::MetricPath, openapi::Selection, openapi::Measured),
    responses((status = 200, body = OverallAnswer), (status = 400, body = super::problem::Problem),
        (status = 404, body = super::problem::Problem), (status = 504, body = super::problem::Problem)))]
pub async fn overall(
    reader: Reader,
    id: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let question = question(&reader, &id, &params)?;
    let answer = async {
        let totals = state.store.overall(&question).await?;
        Ok(OverallAnswer {
            data: Overall {
                value: totals.value,
                total_views: totals.views,
                total_watch_time: totals.watch_time,
                total_playing_time: totals.playing_time,
                global_value: None,
            },
            timeframe: question.scope.timeframe.seconds(),
            total_row_count: None,
            meta: meta(&question, None),
        })
    };
    state.answer(&reader, &params, answer).await
}

/// A metric step by step, the steps without views included.
#[utoipa::path(get, path = "/data/v1/metrics/{metric}/timeseries", tag = "metrics",
    params(openapi::MetricPath, openapi::Selection, openapi::Measured, openapi::Stepped),
    responses((status = 200, body = TimeseriesAnswer), (status = 400, body = super::problem::Problem),
        (status = 404, body = super::problem::Problem)))]
pub async fn timeseries(
    reader: Reader,
    id: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let question = question(&reader, &id, &params)?;
    let timeframe = question.scope.timeframe;
    let fitting: Vec<_> = Step::ALL.into_iter().filter(|step| step.fits(timeframe)).collect();
    let step = params.choice("group_by", &fitting, Step::name, Step::fitting(timeframe))?;
    let descending = params.descending(false)?;
    let answer = async {
        let points = state.store.timeseries(&question, step).await?;
        let mut data: Vec<_> = points
            .into_iter()
            .map(|point| (time(point.start_ms, SecondsFormat::Secs), point.value, point.views))
            .collect();
        if descending {
            data.reverse();
        }
        Ok(TimeseriesAnswer {
            timeframe: timeframe.seconds(),
            total_row_count: data.len(),
            meta: meta(&question, Some(step.name())),
            data,
        })
    };
    state.answer(&reader, &params, answer).await
}

/// A metric for each value of a dimension.
#[utoipa::path(get, path = "/data/v1/metrics/{metric}/breakdown", tag = "metrics",
    params(openapi::MetricPath, openapi::Selection, openapi::Measured, openapi::Grouped, openapi::Paging),
    responses((status = 200, body = BreakdownAnswer), (status = 400, body = super::problem::Problem),
        (status = 404, body = super::problem::Problem)))]
pub async fn breakdown(
    reader: Reader,
    id: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let question = question(&reader, &id, &params)?;
    let name = params.one("group_by")?.unwrap_or("country");
    let dimension = Dimension::parse(name).ok_or_else(|| no_dimension("group_by", name))?;
    let order = params.choice("order_by", &Order::ALL, Order::name, Order::NegativeImpact)?;
    let (descending, page) = (params.descending(order != Order::Field)?, params.page()?);
    let answer = async {
        let groups = state.store.breakdown(&question, &dimension, order, descending, page).await?;
        Ok(BreakdownAnswer {
            timeframe: question.scope.timeframe.seconds(),
            total_row_count: groups.first().map_or(0, |group| group.groups),
            meta: meta(&question, None),
            data: groups.into_iter().map(row).collect(),
        })
    };
    state.answer(&reader, &params, answer).await
}

fn question(reader: &Reader, id: &str, params: &Params) -> Result<MetricQuestion, ApiError> {
    let metric = metric::by_id(id).ok_or_else(|| {
        let ids: Vec<_> = METRICS.iter().map(|metric| metric.id).collect();
        ApiError::NotFound(format!("there is no metric `{id}`; there are {}", ids.join(", ")))
    })?;
    let measurement = params.choice("measurement", &metric.offered(), Measurement::name, metric.default)?;
    let scope = params.scope(reader.environment.clone(), metric.bucket)?;
    Ok(MetricQuestion { metric, measurement, scope })
}

fn meta(question: &MetricQuestion, granularity: Option<&'static str>) -> Meta {
    Meta { aggregation: aggregation(question.metric.bucket), measurement: question.measurement, granularity }
}

fn row(group: Group) -> BreakdownRow {
    BreakdownRow {
        field: known(group.field),
        value: group.value,
        views: group.views,
        negative_impact: group.negative_impact,
        total_watch_time: group.watch_time,
        total_playing_time: group.playing_time,
    }
}

const fn aggregation(bucket: Bucket) -> &'static str {
    match bucket {
        Bucket::ViewStart => "view_start",
        Bucket::ViewEnd => "view_end",
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
