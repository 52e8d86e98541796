//! The API's document, made from the code it describes. `schema/openapi.json` is its committed copy.

mod problems;
mod words;

use actix_web::HttpResponse;
use utoipa::{
    IntoParams, Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
};

use self::problems::Problems;
pub use self::words::{Ascending, GroupOrder, InProgressWord, Resolution, StepWord, ViewOrderWord};
use super::{
    auth::COOKIE, batch, dimensions, engagement, environments, error::ApiError, errors, ledger, metrics,
    session, views,
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
    #[param(rename = "timeframe[]", max_items = 2)]
    pub timeframe: Option<Vec<String>>,
    /// `dimension:value`, `!dimension:value`, `+dimension:text`, `-dimension:text`, `^dimension:text`, `?dimension`,
    /// `name>=number`, `name:from..to`, or in parentheses any of these with `and`, `or` and `not` between them. Values of one
    /// dimension are alternatives, all else holds together. docs/api.md has the grammar.
    #[param(rename = "filters[]", max_items = 100)]
    pub filters: Option<Vec<String>>,
    /// `metric>=number`, of the views that have a value for it; the same grammar, of metrics alone.
    #[param(rename = "metric_filters[]", max_items = 100)]
    pub metric_filters: Option<Vec<String>>,
    /// What to do with views that have neither ended nor been silent for an hour: `include` them (the default),
    /// `exclude` them, or take them `only`.
    #[param(inline)]
    pub in_progress: Option<InProgressWord>,
    /// Positions of accepted beacons, `partition:offset`, to be in the answer.
    pub wait_for: Option<Vec<String>>,
    /// How long to wait for them; then 504.
    #[param(maximum = 30000)]
    pub wait_ms: Option<u32>,
}

/// How fresh.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Fresh {
    /// Positions of accepted beacons, `partition:offset`, to be in the answer.
    pub wait_for: Option<Vec<String>>,
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
    pub group_by: Option<StepWord>,
    /// `asc` when left out.
    #[param(inline)]
    pub order_direction: Option<Ascending>,
}

/// Groups and their order.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Grouped {
    /// A dimension; `country` when left out.
    pub group_by: Option<String>,
    /// `negative_impact` when left out.
    #[param(inline)]
    pub order_by: Option<GroupOrder>,
    /// `desc` when left out, of fields `asc`.
    #[param(inline)]
    pub order_direction: Option<Ascending>,
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
    pub order_by: Option<ViewOrderWord>,
    /// `desc` when left out.
    #[param(inline)]
    pub order_direction: Option<Ascending>,
}

/// The worst or the best first.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Directed {
    /// `desc` when left out.
    #[param(inline)]
    pub order_direction: Option<Ascending>,
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
pub struct HeatmapCut {
    /// So many equal buckets; 100 when left out.
    #[param(minimum = 1, maximum = 86400)]
    pub buckets: Option<u32>,
    /// `second`: a bucket for each second instead.
    #[param(inline)]
    pub resolution: Option<Resolution>,
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
        metrics::insights::insights,
        batch::query,
        views::list,
        views::show,
        errors::list,
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
    modifiers(&Security, &Problems),
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

/// The document as it is served and committed.
pub fn document() -> Result<String, serde_json::Error> {
    Document::openapi().to_pretty_json().map(|text| text + "\n")
}

/// `GET /data/v1/openapi.json`, for everyone.
pub async fn serve() -> Result<HttpResponse, ApiError> {
    let text = document().map_err(|error| ApiError::Internal(error.to_string()))?;
    Ok(HttpResponse::Ok().content_type("application/json").body(text))
}
