//! The API's document, made from the code it describes. `schema/openapi.json` is its committed copy.

use actix_web::HttpResponse;
use utoipa::{
    IntoParams, Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};

use super::{
    annotations, counts, delivery, dimensions, engagement, environments, error::ApiError, exports, incidents,
    ledger, metrics, monitoring, session, usage, views,
};

/// Which metric.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct MetricPath {
    /// An id of `/data/v1/metrics`.
    pub metric: String,
}

/// Which views, and how fresh.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Selection {
    /// `60:minutes`, `24:hours` (the default), `7:days`, or two Unix times in seconds: from the first to before the
    /// second.
    #[param(rename = "timeframe[]")]
    pub timeframe: Option<Vec<String>>,
    /// `dimension:value` or `!dimension:value`. Values of one dimension are alternatives, all else holds together.
    #[param(rename = "filters[]")]
    pub filters: Option<Vec<String>>,
    /// `metric>=number`, of the views that have a value for it.
    #[param(rename = "metric_filters[]")]
    pub metric_filters: Option<Vec<String>>,
    /// `exclude` (the default) leaves out senders that call themselves robots, `strict` those too that there is a hint
    /// about (`browser-automation`, `http-library`, `data-center`), `include` nobody. `bot_class` is a dimension.
    pub bots: Option<String>,
    /// Positions of accepted beacons, `partition:offset`, to be in the answer.
    pub wait_for: Option<Vec<String>>,
    /// How long to wait for them, at most 30000; then 504.
    pub wait_ms: Option<u32>,
}

/// What time.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Within {
    /// `24:hours`, `7:days`, or two Unix times in seconds; all there is when left out.
    #[param(rename = "timeframe[]")]
    pub timeframe: Option<Vec<String>>,
}

/// Usage of when, in which steps.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UsageOf {
    /// `24:hours` (the default), `30:days`, or two Unix times in seconds.
    #[param(rename = "timeframe[]")]
    pub timeframe: Option<Vec<String>>,
    /// `day` (the default), `hour`, `ten_minutes` or `minute`.
    pub group_by: Option<String>,
}

/// How far back to look.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Window {
    /// Seconds: 60 when left out, 5 to 600.
    pub window_s: Option<u32>,
}

/// Which file.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ExportPath {
    /// A day or an hour, UTC, and a form: `2026-11-22.csv`, `2026-11-22T13.ndjson`.
    pub file: String,
}

/// Which way round.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Directed {
    /// `desc` (the default) or `asc`.
    pub order_direction: Option<String>,
}

/// Which incidents.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichIncidents {
    /// `open`, `closed` or `expired`.
    pub status: Option<String>,
    /// `warning` or `alert`.
    pub severity: Option<String>,
    /// `started_at` (the default), `negative_impact` (affected views per hour), `value`, `views` (affected) or `field`
    /// (the incident's key).
    pub order_by: Option<String>,
    /// `asc` or `desc`.
    pub order_direction: Option<String>,
}

/// Which metric of monitoring.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct MonitoringPath {
    /// An id of `/data/v1/monitoring/metrics`.
    pub metric: String,
}

/// Which metric has a histogram.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct HistogramPath {
    /// `video-startup-time`.
    pub metric: String,
}

/// Which viewers.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Monitored {
    /// `dimension:value` or `!dimension:value`, of the dimensions of monitoring. Values of one dimension are
    /// alternatives, all else holds together.
    #[param(rename = "filters[]")]
    pub filters: Option<Vec<String>>,
    /// `exclude` (the default), `strict` or `include`, as for metrics.
    pub bots: Option<String>,
}

/// Groups of viewers and their order.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MonitoredBy {
    /// A dimension of monitoring; `country` when left out.
    pub dimension: Option<String>,
    /// `negative_impact` (the default), `value`, `views` (concurrent viewers) or `field`.
    pub order_by: Option<String>,
    /// `asc` or `desc`.
    pub order_direction: Option<String>,
}

/// A time of the last day.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MonitoredAt {
    /// Unix seconds.
    pub timestamp: Option<u32>,
}

/// A part of the last day.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MonitoredFor {
    /// At most ten minutes, the last one when left out: `5:minutes`, or two Unix times in seconds.
    #[param(rename = "timeframe[]")]
    pub timeframe: Option<Vec<String>>,
    /// How many values at each time: 10 when left out, at most 100.
    pub limit: Option<u32>,
}

/// How values of many views become one.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Measured {
    /// `avg`, `median`, `95th`, `sum` or `count`, of those the metric offers.
    pub measurement: Option<String>,
}

/// Steps of time.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Stepped {
    /// `minute`, `ten_minutes`, `hour` or `day`; by the length of the timeframe when left out.
    pub group_by: Option<String>,
    /// `asc` (the default) or `desc`.
    pub order_direction: Option<String>,
}

/// Groups and their order.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Grouped {
    /// A dimension; `country` when left out.
    pub group_by: Option<String>,
    /// `negative_impact` (the default), `value`, `views` or `field`.
    pub order_by: Option<String>,
    /// `asc` or `desc`.
    pub order_direction: Option<String>,
}

/// Which views to list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Listed {
    pub viewer_id: Option<String>,
    /// An `error_type_id`.
    pub error_id: Option<u32>,
    /// `desc` (the default) or `asc`, by the end of the view.
    pub order_direction: Option<String>,
}

/// Which rows.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// From 1.
    pub page: Option<u32>,
    /// 1 to 1000; 10 when left out.
    pub limit: Option<u32>,
}

/// How a video is cut.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HeatmapCut {
    /// So many equal buckets; 100 when left out.
    pub buckets: Option<u32>,
    /// `second`: a bucket for each second instead.
    pub resolution: Option<String>,
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Playhead", description = "What viewers of video really get: metrics, views and heatmaps.
Shaped so that the official clients of Mux Data read it. Every answer carries `X-Request-Id`; every answer to a known
or refused sender `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`; errors are RFC 9457."),
    paths(
        metrics::list,
        metrics::comparison,
        metrics::overall,
        metrics::timeseries,
        metrics::breakdown,
        annotations::list,
        annotations::create,
        annotations::show,
        annotations::update,
        annotations::delete,
        incidents::list,
        incidents::show,
        incidents::related,
        delivery::scores,
        counts::sign,
        counts::revoke,
        counts::show,
        usage::usage,
        exports::list,
        exports::file,
        monitoring::metrics,
        monitoring::dimensions,
        monitoring::breakdown,
        monitoring::timeseries,
        monitoring::breakdown_timeseries,
        monitoring::histogram_timeseries,
        views::list,
        views::show,
        dimensions::list,
        dimensions::values,
        engagement::heatmap,
        ledger::show,
        environments::list,
        environments::create,
        session::show,
        session::open,
        session::turn,
        session::close,
    ),
    modifiers(&Security),
    security(("basic" = []), ("bearer" = []))
)]
struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, scheme) in [("basic", HttpAuthScheme::Basic), ("bearer", HttpAuthScheme::Bearer)] {
            components.add_security_scheme(name, SecurityScheme::Http(Http::new(scheme)));
        }
    }
}

/// The document as it is served and committed.
pub fn document() -> Result<String, serde_json::Error> {
    Document::openapi().to_pretty_json().map(|text| text + "\n")
}

/// `GET /data/v1/openapi.json`, for everyone.
pub async fn serve() -> Result<HttpResponse, ApiError> {
    let text = document().map_err(|error| ApiError::Internal(error.to_string()))?;
    Ok(HttpResponse::Ok().content_type("application/json").body(text))
}
