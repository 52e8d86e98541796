//! The API's document, made from the code it describes. `schema/openapi.json` is its committed copy.

mod generators;
mod now;
mod problems;
pub mod words;

use std::sync::LazyLock;

use actix_web::{HttpResponse, web::Bytes};
use utoipa::{
    IntoParams, Modify, OpenApi,
    openapi::{
        HttpMethod, PathItem,
        path::Operation,
        security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
    },
};

pub use self::now::{
    HistogramPath, LiveQuery, Monitored, MonitoredAt, MonitoredBy, MonitoredFor, MonitoringPath,
};
pub use self::words::Audited;
use self::{generators::ForGenerators, problems::Problems};
use super::{
    annotations, auth::COOKIE, batch, control, counts, delivery, dimensions, engagement, error::ApiError,
    errors, exports, incidents, ledger, live, metrics, monitoring, playback, refusals, sql, system, usage,
    views,
};
use crate::event::metric::Measurement;

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
    #[param(rename = "timeframe[]", inline, max_items = 2)]
    pub timeframe: Option<Vec<words::TimeframeText>>,
    /// `dimension:value`, `!dimension:value`, `+dimension:text`, `-dimension:text`, `^dimension:text`, `?dimension`,
    /// `name>=number`, `name:from..to`, or in parentheses any of these with `and`, `or` and `not` between them. Values of one
    /// dimension are alternatives, all else holds together. docs/api.md has the grammar.
    #[param(rename = "filters[]", inline, max_items = 100)]
    pub filters: Option<Vec<words::FilterText>>,
    /// `metric>=number`, of the views that have a value for it; the same grammar, of metrics alone.
    #[param(rename = "metric_filters[]", inline, max_items = 100)]
    pub metric_filters: Option<Vec<words::FilterText>>,
    /// `exclude` (the default) leaves out senders that call themselves robots, `strict` those too that there is a hint
    /// about (`browser-automation`, `http-library`, `data-center`), `include` nobody. `bot_class` is a dimension.
    #[param(inline)]
    pub bots: Option<words::BotsWord>,
    /// What to do with views that have neither ended nor been silent for an hour: `include` them (the default),
    /// `exclude` them, or take them `only`.
    #[param(inline)]
    pub in_progress: Option<words::InProgressWord>,
    /// Positions of accepted beacons, `partition:offset`, to be in the answer.
    #[param(inline)]
    pub wait_for: Option<Vec<words::PositionText>>,
    /// How long to wait for them; then 504.
    #[param(maximum = 30000)]
    pub wait_ms: Option<u32>,
}

/// What time.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Within {
    /// `24:hours`, `7:days`, or two Unix times in seconds; all there is when left out.
    #[param(rename = "timeframe[]", inline, max_items = 2)]
    pub timeframe: Option<Vec<words::TimeframeText>>,
}

/// Usage of when, in which steps.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UsageOf {
    /// `24:hours` (the default), `30:days`, or two Unix times in seconds.
    #[param(rename = "timeframe[]", inline, max_items = 2)]
    pub timeframe: Option<Vec<words::TimeframeText>>,
    /// `day` (the default), `hour`, `ten_minutes` or `minute`.
    #[param(inline)]
    pub group_by: Option<words::StepWord>,
}

/// How far back to look.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Window {
    /// Seconds: 60 when left out, 5 to 600.
    #[param(minimum = 5, maximum = 600)]
    pub window_s: Option<u32>,
}

/// Which file.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct ExportPath {
    /// A day or an hour, UTC, and a form: `2026-11-22.csv`, `2026-11-22T13.ndjson`.
    pub file: String,
}

/// Which incidents.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WhichIncidents {
    /// `open`, `closed` or `expired`.
    #[param(inline)]
    pub status: Option<words::StatusWord>,
    /// `warning` or `alert`.
    #[param(inline)]
    pub severity: Option<words::SeverityWord>,
    /// `started_at` (the default), `negative_impact` (affected views per hour), `value`, `views` (affected) or `field`
    /// (the incident's key).
    #[param(inline)]
    pub order_by: Option<words::IncidentOrderWord>,
    /// `asc` or `desc`.
    #[param(inline)]
    pub order_direction: Option<words::Ascending>,
}

/// How fresh.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Fresh {
    /// Positions of accepted beacons, `partition:offset`, to be in the answer.
    #[param(inline)]
    pub wait_for: Option<Vec<words::PositionText>>,
    /// How long to wait for them; then 504.
    #[param(maximum = 30000)]
    pub wait_ms: Option<u32>,
}

/// What is compared.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Compared {
    /// A dimension, together with `value`: views with this value alone.
    pub dimension: Option<String>,
    pub value: Option<String>,
}

/// How values of many views become one.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Measured {
    /// One of those the metric offers.
    #[param(inline)]
    pub measurement: Option<Measurement>,
}

/// Steps of time.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Stepped {
    /// By the length of the timeframe when left out. At most 12,000 steps.
    #[param(inline)]
    pub group_by: Option<words::StepWord>,
    /// `asc` when left out.
    #[param(inline)]
    pub order_direction: Option<words::Ascending>,
}

/// Groups and their order.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Grouped {
    /// A dimension; `country` when left out.
    pub group_by: Option<String>,
    /// `negative_impact` when left out.
    #[param(inline)]
    pub order_by: Option<words::GroupOrder>,
    /// `desc` when left out, of fields `asc`.
    #[param(inline)]
    pub order_direction: Option<words::Ascending>,
}

/// Which views to list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Listed {
    pub viewer_id: Option<String>,
    /// An `error_type_id`.
    #[param(value_type = Option<u64>, maximum = 4294967295u32)]
    pub error_id: Option<u32>,
    /// `view_end` when left out. The timeframe is about the end of views in any order.
    #[param(inline)]
    pub order_by: Option<words::ViewOrderWord>,
    /// `desc` when left out.
    #[param(inline)]
    pub order_direction: Option<words::Ascending>,
}

/// The largest, the newest or the worst first, or last.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Directed {
    /// `desc` when left out.
    #[param(inline)]
    pub order_direction: Option<words::Ascending>,
}

/// Which rows.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// From 1.
    #[param(minimum = 1, maximum = 100000)]
    pub page: Option<u32>,
    /// 10 when left out.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// How a list goes on.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Further {
    /// The `next_cursor` of the answer before, instead of `page`: rows that arrived since then shift nothing, and the
    /// timeframe is that of the first answer.
    pub cursor: Option<String>,
}

/// How a video is cut.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Cuts {
    /// So many equal buckets; when left out, what the answer says.
    #[param(minimum = 1, maximum = 86400)]
    pub buckets: Option<u32>,
    /// `second`: a bucket for each second instead.
    #[param(inline)]
    pub resolution: Option<words::Resolution>,
}

/// How many places that stand out, and which.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Spots {
    /// `desc` (the default): hot spots, the hottest first; `asc`: cold spots, the coldest first.
    #[param(inline)]
    pub order_direction: Option<words::Ascending>,
    /// All when left out.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// What makes a row of viewers, and their order.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Viewers {
    /// `viewer_id` (the default; a view whose viewer is not known is a row of its own) or `view_id`.
    #[param(inline)]
    pub group_by: Option<words::RowWord>,
    /// One viewer only.
    pub viewer_id: Option<String>,
    /// `view_end` (the default), `percent_viewed` or `views`.
    #[param(inline)]
    pub order_by: Option<words::RowOrderWord>,
    /// `desc` (the default) or `asc`.
    #[param(inline)]
    pub order_direction: Option<words::Ascending>,
}

/// What a place on a live curve means.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Clock {
    /// `utc` (the default): when it was watched. `programme`: when what was watched was at the live edge.
    #[param(inline)]
    pub clock: Option<words::ClockWord>,
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Playhead", description = "What viewers of video really get: metrics, views and heatmaps.
Shaped so that the official clients of Mux Data read it. Every answer carries `X-Request-Id` and `Server-Timing`; every
answer to a known or refused sender `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`; errors are RFC 9457.
Good answers to reads carry an `ETag`, and 304 answers `If-None-Match`. Every GET can be a HEAD."),
    paths(
        metrics::list,
        metrics::comparison::comparison,
        metrics::overall,
        metrics::timeseries,
        metrics::breakdown,
        annotations::list,
        annotations::create,
        annotations::show,
        annotations::update,
        annotations::delete,
        incidents::list,
        incidents::by_hand::open,
        incidents::by_hand::log,
        incidents::by_hand::act,
        incidents::show,
        incidents::related,
        delivery::scores,
        counts::sign,
        counts::revoke,
        counts::show,
        usage::show,
        usage::usage_in_sql,
        refusals::list,
        system::show,
        exports::list,
        exports::file,
        live::snapshot::snapshot,
        monitoring::metrics,
        monitoring::dimensions,
        monitoring::breakdown,
        monitoring::timeseries,
        monitoring::breakdown_timeseries,
        monitoring::histogram_timeseries,
        metrics::in_sql::overall,
        metrics::in_sql::timeseries,
        metrics::in_sql::breakdown,
        metrics::in_sql::insights,
        metrics::insights::insights,
        batch::query,
        views::list,
        views::list_in_sql,
        views::show,
        errors::list,
        errors::list_in_sql,
        playback::renditions, playback::stalls,
        dimensions::list,
        dimensions::values,
        engagement::heatmap,
        engagement::heatmap_in_sql,
        engagement::retention,
        engagement::hotspots::show,
        engagement::comparison::show,
        engagement::viewers::list,
        engagement::viewers::list_in_sql,
        engagement::viewers::show,
        engagement::live::show,
        ledger::show,
    ),
    modifiers(&Security),
    security(("basic" = []), ("bearer" = []), ("session" = []))
)]
struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, scheme) in [("basic", HttpAuthScheme::Basic), ("bearer", HttpAuthScheme::Bearer)] {
            components.add_security_scheme(name, SecurityScheme::Http(Http::new(scheme)));
        }
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE)));
        components.add_security_scheme("session", cookie);
    }
}

/// The operations of a path with their methods.
fn operations_of(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Patch, &mut item.patch),
        (HttpMethod::Delete, &mut item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// The document as it is served and committed.
pub fn document() -> Result<String, serde_json::Error> {
    let mut document = Document::openapi()
        .merge_from(control::Document::openapi())
        .merge_from(sql::screen::Document::openapi());
    Problems.modify(&mut document);
    ForGenerators.modify(&mut document);
    document.to_pretty_json().map(|text| text + "\n")
}

/// `GET /data/v1/openapi.json`, for everyone; so it is made once.
pub async fn serve() -> Result<HttpResponse, ApiError> {
    static DOCUMENT: LazyLock<Result<Bytes, String>> =
        LazyLock::new(|| document().map(Bytes::from).map_err(|error| error.to_string()));
    let text = DOCUMENT.clone().map_err(ApiError::Internal)?;
    Ok(HttpResponse::Ok().content_type("application/json").body(text))
}
