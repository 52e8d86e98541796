//! Parameters of questions about now: monitoring and the live topics.

use utoipa::IntoParams;

use super::words;

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
    #[param(rename = "filters[]", inline, max_items = 100)]
    pub filters: Option<Vec<words::FilterText>>,
    /// `exclude` (the default), `strict` or `include`, as for metrics.
    #[param(inline)]
    pub bots: Option<words::BotsWord>,
}

/// Groups of viewers and their order.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MonitoredBy {
    /// A dimension of monitoring; `country` when left out.
    pub dimension: Option<String>,
    /// `negative_impact` (the default), `value`, `views` (concurrent viewers) or `field`.
    #[param(inline)]
    pub order_by: Option<words::GroupOrder>,
    /// `asc` or `desc`.
    #[param(inline)]
    pub order_direction: Option<words::Ascending>,
}

/// A time of the last day.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MonitoredAt {
    /// Unix seconds.
    #[param(value_type = Option<u64>, maximum = 4294967295u32)]
    pub timestamp: Option<u32>,
}

/// A part of the last day.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MonitoredFor {
    /// At most ten minutes, the last one when left out: `5:minutes`, or two Unix times in seconds.
    #[param(rename = "timeframe[]", inline, max_items = 2)]
    pub timeframe: Option<Vec<words::TimeframeText>>,
    /// How many values at each time: 10 when left out.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
}

/// What a live topic is about; which of them it reads stands in `schema/live.md`.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LiveQuery {
    pub video_id: Option<String>,
    pub view_id: Option<String>,
    /// Of `breakdown`, which needs it.
    pub dimension: Option<String>,
    /// Rows at most.
    pub limit: Option<u32>,
    /// Seconds of a chart.
    pub window_s: Option<u32>,
}
