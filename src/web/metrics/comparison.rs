//! Every metric side by side.

use actix_web::{HttpResponse, web::Data};
use futures_util::future::try_join_all;
use serde::Serialize;

use super::super::{api::ApiState, auth::Reader, error::ApiError, openapi, params::Params};
use crate::{
    event::metric::{Bucket, METRICS, Measurement, Metric, Unit},
    store::query::{
        QueryError, Scope,
        metric::{Measure, Totals},
    },
};

/// Every metric side by side.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ComparisonAnswer {
    pub data: Vec<ComparisonRow>,
    pub timeframe: [i64; 2],
    pub total_row_count: usize,
}

/// The first row is about the views themselves, each further one about a metric.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum ComparisonRow {
    Totals(ComparedTotals),
    Metric(ComparedMetric),
}

/// How much there is to compare.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ComparedTotals {
    /// `totals`.
    pub name: &'static str,
    /// Views that began in the timeframe, as `started_views`.
    pub view_count: u64,
    /// Milliseconds.
    pub watch_time: u64,
    /// Milliseconds.
    pub total_playing_time: u64,
    pub started_views: u64,
    /// Views that ended in the timeframe, or have come as far.
    pub ended_views: u64,
    pub unique_viewers: u64,
}

/// A metric by its default measurement.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ComparedMetric {
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

/// Every metric by its default measurement, side by side, of the views with one value of a dimension.
#[utoipa::path(get, path = "/data/v1/metrics/comparison", tag = "metrics",
    params(openapi::Selection, openapi::Compared), responses((status = 200, body = ComparisonAnswer)))]
pub async fn comparison(
    reader: Reader,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    // Three readings of the views answer for all metrics: of those that began in the timeframe, that ended, that were there.
    let scopes = Bucket::ALL.map(|bucket| params.compared_scope(reader.environment.clone(), bucket));
    let scopes = scopes.into_iter().collect::<Result<Vec<_>, _>>()?;
    let timeframe = scopes.first().map_or_else(Default::default, |scope| scope.timeframe.seconds());
    let answer = async {
        let of_bucket = async |scope: &Scope| {
            let metrics = METRICS.iter().filter(|metric| metric.bucket == scope.bucket);
            let measures: Vec<_> = metrics.clone().map(Measure::default_of).collect();
            let totals = state.store.overall(scope, &measures).await?;
            Ok::<_, QueryError>(metrics.zip(totals).collect::<Vec<_>>())
        };
        let mut totals = try_join_all(scopes.iter().map(of_bucket)).await?.concat();
        let data: Vec<_> = std::iter::once(ComparisonRow::Totals(sums(&totals)))
            .chain(METRICS.iter().filter_map(|metric| {
                let at = totals.iter().position(|(known, _)| known.id == metric.id)?;
                Some(ComparisonRow::Metric(row(totals.swap_remove(at))))
            }))
            .collect();
        Ok(ComparisonAnswer { timeframe, total_row_count: data.len(), data })
    };
    state.answer(&reader, &params, answer).await
}

fn row((metric, totals): (&'static Metric, Totals)) -> ComparedMetric {
    ComparedMetric {
        name: metric.name,
        metric: metric.id,
        kind: metric.unit,
        measurement: metric.default,
        value: totals.value,
        view_count: totals.views,
        watch_time: totals.watch_time,
        total_playing_time: totals.playing_time,
    }
}

fn sums(totals: &[(&'static Metric, Totals)]) -> ComparedTotals {
    let of = |id: &str| totals.iter().find(|(metric, _)| metric.id == id).map(|(_, totals)| *totals);
    let begun = of("views");
    let views = |totals: Option<Totals>| totals.map_or(0, |totals| totals.views);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of viewers")]
    let unique_viewers = of("unique_viewers").and_then(|totals| totals.value).unwrap_or_default() as u64;
    ComparedTotals {
        name: "totals",
        view_count: views(begun),
        watch_time: begun.map_or(0, |totals| totals.watch_time),
        total_playing_time: begun.map_or(0, |totals| totals.playing_time),
        started_views: views(begun),
        ended_views: views(of("playback_failure_percentage")),
        unique_viewers,
    }
}
