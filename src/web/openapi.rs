//! The API's document, made from the code it describes. `schema/openapi.json` is its committed copy.

use actix_web::HttpResponse;
use utoipa::{
    IntoParams, Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};

use super::{dimensions, engagement, environments, error::ApiError, ledger, metrics, session, views};

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
    /// Positions of accepted beacons, `partition:offset`, to be in the answer.
    pub wait_for: Option<Vec<String>>,
    /// How long to wait for them, at most 30000; then 504.
    pub wait_ms: Option<u32>,
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
pub struct Cuts {
    /// So many equal buckets, 1 to 86400; when left out, what the answer says.
    pub buckets: Option<u32>,
    /// `second`: a bucket for each second instead.
    pub resolution: Option<String>,
}

/// Views under way.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WithRunning {
    /// Whether views count that are not over: `true` (the default) or `false`.
    pub running: Option<String>,
}

/// How many places that stand out, and which.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Spots {
    /// `desc` (the default): hot spots, the hottest first; `asc`: cold spots, the coldest first.
    pub order_direction: Option<String>,
    /// 1 to 1000; all when left out.
    pub limit: Option<u32>,
}

/// What makes a row of viewers, and their order.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Viewers {
    /// `viewer_id` (the default; a view whose viewer is not known is a row of its own) or `view_id`.
    pub group_by: Option<String>,
    /// One viewer only.
    pub viewer_id: Option<String>,
    /// `view_end` (the default), `percent_viewed` or `views`.
    pub order_by: Option<String>,
    /// `desc` (the default) or `asc`.
    pub order_direction: Option<String>,
}

/// What a place on a live curve means.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Clock {
    /// `utc` (the default): when it was watched. `programme`: when what was watched was at the live edge.
    pub clock: Option<String>,
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
        views::list,
        views::show,
        dimensions::list,
        dimensions::values,
        engagement::heatmap,
        engagement::retention,
        engagement::hotspots::show,
        engagement::comparison::show,
        engagement::viewers::list,
        engagement::viewers::show,
        engagement::live::show,
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
