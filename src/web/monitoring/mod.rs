//! Monitoring: what happens now, in intervals of five seconds, from the live state. It goes on while ClickHouse is down.

mod answer;

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use serde::Serialize;

use self::answer::{
    BreakdownPoint, HistogramMeta, HistogramPoint, MonitoringPoint, Named, Ordered, date, interval, parts,
};
pub use self::answer::{
    BreakdownTimeseriesAnswer, HistogramAnswer, MonitoringBreakdownAnswer, MonitoringTimeseriesAnswer,
    NamesAnswer,
};
use super::{api::ApiState, auth::Reader, error::ApiError, openapi, params::Params};
use crate::{
    pipeline::live::monitor::{
        DIMENSIONS, Dimension, INTERVAL_MS, KEEP_MS, Monitor,
        ask::{Condition, Selection},
        metric::{METRICS, MonitoringMetric, STARTUP_TIME},
    },
    store::query::{dimension, metric::breakdown::Order, timeframe::Timeframe},
};

/// What a question without a beginning begins with.
const DEFAULT_MS: i64 = 30 * 60_000;
/// The same of breakdowns over time, and the most of it.
const DEFAULT_BREAKDOWN_MS: i64 = 60_000;
const MOST_BREAKDOWN_MS: i64 = 10 * 60_000;
const DEFAULT_PARTS: u32 = 10;
const MOST_PARTS: u32 = 100;
/// By then the heartbeats that tell of an interval's time have come.
const SETTLED_MS: i64 = 10_000;

/// The metrics of monitoring.
#[utoipa::path(get, path = "/data/v1/monitoring/metrics", tag = "monitoring",
    responses((status = 200, body = NamesAnswer)))]
pub async fn metrics(
    reader: Reader,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let named = METRICS.iter().map(|metric| (metric.name, metric.display_name));
    names(&reader, &params, &state, named.chain([STARTUP_TIME])).await
}

/// What monitoring can be filtered and broken down by.
#[utoipa::path(get, path = "/data/v1/monitoring/dimensions", tag = "monitoring",
    responses((status = 200, body = NamesAnswer)))]
pub async fn dimensions(
    reader: Reader,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let named = DIMENSIONS.iter().map(|dimension| (dimension.name, dimension.display_name));
    names(&reader, &params, &state, named).await
}

async fn names(
    reader: &Reader,
    params: &Params,
    state: &ApiState,
    named: impl Iterator<Item = (&'static str, &'static str)>,
) -> Result<HttpResponse, ApiError> {
    let data: Vec<_> = named.map(|(name, display_name)| Named { name, display_name }).collect();
    let now_ms = state.clock.now_ms();
    let timeframe = [(now_ms - KEEP_MS) / 1000, now_ms / 1000];
    state
        .answer(reader, params, async { Ok(NamesAnswer { timeframe, total_row_count: data.len(), data }) })
        .await
}

/// A metric by dimension, now or at a time of the last day.
#[utoipa::path(get, path = "/data/v1/monitoring/metrics/{metric}/breakdown", tag = "monitoring",
    params(openapi::MonitoringPath, openapi::Monitored, openapi::MonitoredBy, openapi::MonitoredAt),
    responses((status = 200, body = MonitoringBreakdownAnswer), (status = 400, body = super::problem::Problem),
        (status = 404, body = super::problem::Problem)))]
pub async fn breakdown(
    reader: Reader,
    name: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let metric = metric(&name)?;
    let (dimension, order, selection) = (dimension(&params)?, order(&params)?, selection(&params)?);
    let now_ms = state.clock.now_ms();
    let at_ms = at(&params, now_ms)?;
    look(&reader, &params, &state, |monitor| {
        let newest_ms = if metric.is_of_time { now_ms - SETTLED_MS } else { now_ms };
        let found = match at_ms {
            // Mux's clients may ask for the second that is running: that is the newest interval there is.
            Some(at_ms) if at_ms < newest_ms - INTERVAL_MS => {
                monitor.closed(at_ms, at_ms + INTERVAL_MS).next()
            }
            _ => monitor.closed(newest_ms - KEEP_MS, newest_ms).next_back(),
        };
        let data = found.and_then(|(_, slot)| parts(slot, metric, dimension, &selection, order));
        let data = data.unwrap_or_default();
        let start_ms = found.map_or(at_ms.unwrap_or(newest_ms), |(start_ms, _)| start_ms);
        MonitoringBreakdownAnswer { timeframe: interval(start_ms), total_row_count: data.len(), data }
    })
    .await
}

/// A metric over the last half an hour, or since a time of the last day.
#[utoipa::path(get, path = "/data/v1/monitoring/metrics/{metric}/timeseries", tag = "monitoring",
    params(openapi::MonitoringPath, openapi::Monitored, openapi::MonitoredAt),
    responses((status = 200, body = MonitoringTimeseriesAnswer), (status = 400, body = super::problem::Problem),
        (status = 404, body = super::problem::Problem)))]
pub async fn timeseries(
    reader: Reader,
    name: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let (metric, selection) = (metric(&name)?, selection(&params)?);
    let now_ms = state.clock.now_ms();
    let from_ms = at(&params, now_ms)?.unwrap_or(now_ms - DEFAULT_MS);
    look(&reader, &params, &state, |monitor| {
        let points = monitor.closed(from_ms, now_ms);
        let data: Vec<_> =
            points.filter_map(|point| MonitoringPoint::of(point, metric, &selection)).collect();
        let timeframe = [from_ms / 1000, now_ms / 1000];
        MonitoringTimeseriesAnswer { timeframe, total_row_count: data.len(), data }
    })
    .await
}

/// A metric by dimension over up to ten minutes of the last day.
#[utoipa::path(get, path = "/data/v1/monitoring/metrics/{metric}/breakdown-timeseries", tag = "monitoring",
    params(openapi::MonitoringPath, openapi::Monitored, openapi::MonitoredBy, openapi::MonitoredFor),
    responses((status = 200, body = BreakdownTimeseriesAnswer), (status = 400, body = super::problem::Problem),
        (status = 404, body = super::problem::Problem)))]
pub async fn breakdown_timeseries(
    reader: Reader,
    name: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let metric = metric(&name)?;
    let (dimension, order, selection) = (dimension(&params)?, order(&params)?, selection(&params)?);
    let limit = params.number("limit", 1..=MOST_PARTS)?.unwrap_or(DEFAULT_PARTS) as usize;
    let timeframe = window(&params, state.clock.now_ms())?;
    look(&reader, &params, &state, |monitor| {
        let data: Vec<_> = monitor
            .closed(timeframe.from_ms, timeframe.to_ms)
            .filter_map(|(start_ms, slot)| {
                let mut values = parts(slot, metric, dimension, &selection, order)?;
                values.truncate(limit);
                Some(BreakdownPoint { date: date(start_ms), values })
            })
            .collect();
        BreakdownTimeseriesAnswer { timeframe: timeframe.seconds(), total_row_count: data.len(), data }
    })
    .await
}

/// Startup times of the last half an hour.
#[utoipa::path(get, path = "/data/v1/monitoring/metrics/{metric}/histogram-timeseries", tag = "monitoring",
    params(openapi::HistogramPath, openapi::Monitored),
    responses((status = 200, body = HistogramAnswer), (status = 400, body = super::problem::Problem),
        (status = 404, body = super::problem::Problem)))]
pub async fn histogram_timeseries(
    reader: Reader,
    name: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    if *name != STARTUP_TIME.0 {
        return Err(ApiError::NotFound(format!("`{name}` has no histogram; {} has", STARTUP_TIME.0)));
    }
    let selection = selection(&params)?;
    let now_ms = state.clock.now_ms();
    look(&reader, &params, &state, |monitor| {
        let points = monitor.closed(now_ms - DEFAULT_MS, now_ms);
        let data: Vec<_> = points.filter_map(|point| HistogramPoint::of(point, &selection)).collect();
        let timeframe = [(now_ms - DEFAULT_MS) / 1000, now_ms / 1000];
        HistogramAnswer { meta: HistogramMeta::new(), timeframe, total_row_count: data.len(), data }
    })
    .await
}

/// Answers from the live state: once per second for all who ask the same.
async fn look<T: Serialize>(
    reader: &Reader,
    params: &Params,
    state: &ApiState,
    answer: impl FnOnce(&Monitor) -> T,
) -> Result<HttpResponse, ApiError> {
    let look = async { Ok(state.live.read(&reader.environment, |environment| answer(&environment.monitor))) };
    state.answer(reader, params, look).await
}

fn metric(name: &str) -> Result<&'static MonitoringMetric, ApiError> {
    MonitoringMetric::parse(name).ok_or_else(|| {
        let names: Vec<_> = METRICS.iter().map(|metric| metric.name).collect();
        ApiError::NotFound(format!("there is no monitoring metric `{name}`; there are {}", names.join(", ")))
    })
}

/// Refuses a name that is no dimension by naming those that are.
fn named(parameter: &str, name: &str) -> Result<&'static Dimension, ApiError> {
    Dimension::parse(name).ok_or_else(|| {
        let names = DIMENSIONS.iter().map(|dimension| dimension.name);
        let detail = match dimension::Dimension::parse(name) {
            Some(_) => {
                format!("metrics have the dimension `{name}`, but monitoring tells no views apart by it")
            }
            None => format!("`{name}` is no dimension of monitoring"),
        };
        ApiError::parameter(parameter, detail, names)
    })
}

fn dimension(params: &Params) -> Result<&'static Dimension, ApiError> {
    named("dimension", params.one("dimension")?.unwrap_or("country"))
}

/// The conditions and whom they are about.
pub(super) fn selection(params: &Params) -> Result<Selection, ApiError> {
    let condition = |text: &str| {
        let (negated, rest) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let (name, value) = rest.split_once(':').ok_or_else(|| {
            let forms = ["dimension:value", "!dimension:value"];
            ApiError::parameter("filters[]", format!("`{text}` is no filter"), forms)
        })?;
        let value = if value == "__empty__" { "" } else { value };
        Ok(Condition { dimension: named("filters[]", name)?, value: value.to_owned(), negated })
    };
    let conditions = params.filters()?.map(condition).collect::<Result<_, ApiError>>()?;
    Ok(Selection { conditions, bots: params.bots()? })
}

fn order(params: &Params) -> Result<Ordered, ApiError> {
    let by = params.choice("order_by", &Order::ALL, Order::name, Order::NegativeImpact)?;
    Ok(Ordered { by, descending: params.descending(by != Order::Field)? })
}

/// `timestamp`, Unix ms.
fn at(params: &Params, now_ms: i64) -> Result<Option<i64>, ApiError> {
    let Some(second) = params.number("timestamp", 0..=u32::MAX)? else { return Ok(None) };
    let at_ms = i64::from(second) * 1000;
    if at_ms < now_ms - KEEP_MS {
        let earliest = format!("{} or later", (now_ms - KEEP_MS) / 1000);
        return Err(ApiError::parameter("timestamp", "monitoring keeps a day", [earliest]));
    }
    Ok(Some(at_ms))
}

fn window(params: &Params, now_ms: i64) -> Result<Timeframe, ApiError> {
    if !params.has("timeframe[]") {
        return Ok(Timeframe::last(DEFAULT_BREAKDOWN_MS, now_ms));
    }
    let timeframe = params.timeframe()?;
    let length_ms = timeframe.to_ms - timeframe.from_ms;
    if length_ms > MOST_BREAKDOWN_MS || timeframe.from_ms < now_ms - KEEP_MS {
        let forms = ["at most 10:minutes", "two Unix times of the last day at most 600 seconds apart"];
        return Err(ApiError::parameter("timeframe[]", "too long, or too long ago", forms));
    }
    Ok(timeframe)
}
