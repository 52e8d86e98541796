//! What drags a metric down.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use serde::Serialize;

use super::{
    super::{api::ApiState, auth::Reader, error::ApiError, openapi, params::Params},
    answer::Meta,
    known,
    question::measured,
};
use crate::store::query::metric::insight::Insight;

/// The values of all dimensions that may be a cause, by the harm they do.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InsightsAnswer {
    pub data: Vec<InsightRow>,
    pub timeframe: [i64; 2],
    pub total_row_count: u64,
    pub meta: Meta,
}

/// A metric of the views with one value of a dimension.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InsightRow {
    /// The dimension, as `filters[]` takes it.
    pub filter_column: String,
    /// Null: not known.
    pub filter_value: Option<String>,
    /// The metric's value.
    pub metric: Option<f64>,
    /// How far these views move the whole for the worse; docs/metrics.md has the formula.
    pub negative_impact_score: f64,
    pub total_views: u64,
    pub total_watch_time: u64,
    pub total_playing_time: u64,
}

/// Which values, of all dimensions that may be a cause, drag a metric down most.
#[utoipa::path(get, path = "/data/v1/metrics/{metric}/insights", tag = "metrics",
    params(openapi::MetricPath, openapi::Selection, openapi::Measured, openapi::Directed, openapi::Paging),
    responses((status = 200, body = InsightsAnswer)))]
pub async fn insights(
    reader: Reader,
    id: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let (measure, scope) = measured(&reader, &id, &params)?;
    let (descending, page) = (params.descending(true)?, params.page()?);
    let answer = async {
        let (insights, total_row_count) = state.store.insights(&scope, measure, descending, page).await?;
        Ok(InsightsAnswer {
            data: insights.into_iter().map(row).collect(),
            timeframe: scope.timeframe.seconds(),
            total_row_count,
            meta: Meta::of(measure, None),
        })
    };
    state.answer(&reader, &params, answer).await
}

fn row(insight: Insight) -> InsightRow {
    InsightRow {
        filter_column: insight.dimension,
        filter_value: known(insight.field),
        metric: insight.totals.value,
        negative_impact_score: insight.negative_impact,
        total_views: insight.totals.views,
        total_watch_time: insight.totals.watch_time,
        total_playing_time: insight.totals.playing_time,
    }
}
