//! Views one by one: the list, and one of them with everything that is known and happened.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use chrono::SecondsFormat;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    api::ApiState,
    auth::Reader,
    cursor::{self, Cursor},
    error::ApiError,
    metrics::{
        in_sql::{InSqlAnswer, no_cursor, told},
        known, time,
    },
    openapi,
    params::Params,
};
use crate::{
    event::metric::Bucket,
    store::query::{
        dimension::{Dimension, mux},
        filter::Filter,
        view::{EventLine, ViewLine, ViewOrder, ViewQuestion, Views},
    },
};

/// A page of views.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ViewsAnswer {
    pub data: Vec<ViewSummary>,
    pub timeframe: [i64; 2],
    pub total_row_count: u64,
    /// What `cursor` takes to go on after the last view; null: there is no more.
    pub next_cursor: Option<String>,
}

/// A view in a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ViewSummary {
    /// As the player made it.
    pub id: String,
    pub view_start: String,
    /// So far, while the view is under way.
    pub view_end: String,
    pub view_ended: bool,
    /// Neither ended nor silent for an hour: what is said of it may change.
    pub in_progress: bool,
    pub video_id: Option<String>,
    pub video_title: Option<String>,
    pub viewer_id: Option<String>,
    pub country_code: Option<String>,
    pub cdn: Option<String>,
    pub player_name: Option<String>,
    pub player_software: Option<String>,
    pub player_software_version: Option<String>,
    pub viewer_application_name: Option<String>,
    pub viewer_os_family: Option<String>,
    /// A number for the error's code, as `error_id` takes it.
    #[schema(value_type = Option<u64>)]
    pub error_type_id: Option<u32>,
    pub player_error_code: Option<String>,
    pub player_error_message: Option<String>,
    pub playback_failure: bool,
    /// Stopped by a business rule, which is no failure.
    pub playback_business_exception: bool,
    pub exit_before_video_start: bool,
    /// 0 to 100; null: not scored, as while it is starting.
    pub viewer_experience_score: Option<f64>,
    pub watch_time: u32,
    pub playing_time: u32,
    pub rebuffer_duration: u32,
    pub rebuffer_count: u32,
    pub video_startup_time: Option<u32>,
    /// How many views there are in all.
    pub total_row_count: u64,
}

/// One view. `data` has the names of Mux Data's views and our own beside them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ViewAnswer {
    #[schema(value_type = Object)]
    pub data: Map<String, Value>,
    pub timeframe: [i64; 2],
    pub total_row_count: Option<u64>,
}

/// Names of Mux Data for what we call otherwise.
const RENAMED: [(&str, &str); 35] = [
    ("id", "view_id"),
    ("viewer_user_id", "viewer_id"),
    ("mux_viewer_id", "viewer_id"),
    ("country_code", "country"),
    ("viewer_application_name", "browser"),
    ("viewer_application_version", "browser_version"),
    ("viewer_os_family", "operating_system"),
    ("viewer_os_version", "operating_system_version"),
    ("viewer_device_category", "device"),
    ("viewer_connection_type", "connection_type"),
    ("video_stream_type", "stream_type"),
    ("player_source_stream_type", "stream_type"),
    ("player_source_host_name", "source_hostname"),
    ("video_codec", "rendition_codec"),
    ("video_source_width", "rendition_width"),
    ("video_source_height", "rendition_height"),
    ("video_source_bitrate", "rendition_bitrate"),
    ("video_source_fps", "rendition_fps"),
    ("player_source_width", "rendition_width"),
    ("player_source_height", "rendition_height"),
    ("video_duration", "video_duration_ms"),
    ("player_source_duration", "video_duration_ms"),
    ("time_to_first_frame", "video_startup_ms"),
    ("player_startup_time", "player_startup_ms"),
    ("page_load_time", "page_load_ms"),
    ("watch_time", "watch_ms"),
    ("buffering_count", "rebuffer_count"),
    ("buffering_duration", "rebuffer_ms"),
    ("view_seek_count", "seek_count"),
    ("view_seek_duration", "seek_ms"),
    ("view_dropped_frame_count", "dropped_frames"),
    ("view_total_content_playback_time", "playing_ms"),
    ("player_error_code", "error_code"),
    ("player_error_message", "error_message"),
    ("watched", "view_started"),
];
/// Mux Data's numbered custom dimensions.
const CUSTOM: std::ops::RangeInclusive<u32> = 1..=10;

/// Views by their end, those under way included.
#[utoipa::path(get, path = "/data/v1/video-views", tag = "views",
    params(openapi::Selection, openapi::Listed, openapi::Paging, openapi::Further),
    responses((status = 200, body = ViewsAnswer)))]
pub async fn list(reader: Reader, params: Params, state: Data<ApiState>) -> Result<HttpResponse, ApiError> {
    let question = question(&reader, &params)?;
    let answer = async {
        let Views { lines, total, next } = state.store.views(&question).await?;
        let timeframe = question.scope.timeframe;
        Ok(ViewsAnswer {
            data: lines.into_iter().map(|line| summary(line, total)).collect(),
            timeframe: timeframe.seconds(),
            total_row_count: total,
            next_cursor: next.map(|place| Cursor::write(timeframe, &order_of(&question), place)),
        })
    };
    state.answer(&reader, &params, answer).await
}

/// The statement that gives a page of them. (A view whose id is `sql` is found by the SQL it gives.)
#[utoipa::path(get, path = "/data/v1/video-views/sql", tag = "sql",
    params(openapi::Selection, openapi::Listed, openapi::Paging),
    responses((status = 200, body = InSqlAnswer)))]
pub async fn list_in_sql(
    reader: Reader,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    no_cursor(&params)?;
    told(question(&reader, &params)?.in_sql(), &reader, &params, &state).await
}

/// Which views, in which order.
fn question(reader: &Reader, params: &Params) -> Result<ViewQuestion, ApiError> {
    let mut scope = params.scope(reader.environment.clone(), Bucket::ViewEnd)?;
    if let (Some(viewer), Some(dimension)) = (params.one("viewer_id")?, Dimension::parse("viewer_id")) {
        scope.filters.push(Filter { dimension, value: viewer.to_owned(), negated: false });
    }
    let order = params.choice("order_by", &ViewOrder::ALL, ViewOrder::name, ViewOrder::End)?;
    let descending = params.descending(true)?;
    let order_word = cursor::order(order.name(), descending);
    let error_id = params.number("error_id", 0..=u32::MAX)?;
    Ok(ViewQuestion { scope, error_id, order, descending, part: params.part(&order_word)? })
}

fn order_of(question: &ViewQuestion) -> String {
    cursor::order(question.order.name(), question.descending)
}

/// One view with every attribute and its events.
#[utoipa::path(get, path = "/data/v1/video-views/{id}", tag = "views", params(("id" = String, Path,)),
    responses((status = 200, body = ViewAnswer)))]
pub async fn show(
    reader: Reader,
    id: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let answer = async {
        let facts = state.store.view(&reader.environment, &id).await?;
        let facts = facts.ok_or_else(|| ApiError::NotFound("there is no such view".to_owned()))?;
        let [start_ms, end_ms] =
            ["view_start_ms", "view_end_ms"].map(|name| facts.get(name).and_then(Value::as_i64).unwrap_or(0));
        let events = state.store.events(&reader.environment, &id, start_ms).await?;
        let mut data = translated(facts);
        data.insert("environment_id".to_owned(), json!(&*reader.environment));
        data.insert("events".to_owned(), events.into_iter().map(event).collect());
        Ok(ViewAnswer {
            data,
            timeframe: [start_ms.div_euclid(1000), end_ms.div_euclid(1000)],
            total_row_count: Some(1),
        })
    };
    state.answer(&reader, &params, answer).await
}

fn summary(line: ViewLine, total: u64) -> ViewSummary {
    ViewSummary {
        id: line.view_id,
        view_start: time(line.started_ms, SecondsFormat::Millis),
        view_end: time(line.ended_ms, SecondsFormat::Millis),
        view_ended: line.view_ended,
        in_progress: !line.view_over,
        video_id: known(line.video_id),
        video_title: known(line.video_title),
        viewer_id: known(line.viewer_id),
        country_code: known(line.country),
        cdn: known(line.cdn),
        player_name: known(line.player_name),
        player_software: known(line.player_software),
        player_software_version: known(line.player_software_version),
        viewer_application_name: known(line.browser),
        viewer_os_family: known(line.operating_system),
        error_type_id: (!line.error_code.is_empty()).then_some(line.error_id),
        player_error_code: known(line.error_code),
        player_error_message: known(line.error_message),
        playback_failure: line.playback_failure,
        playback_business_exception: line.playback_business_exception,
        exit_before_video_start: line.exit_before_video_start,
        viewer_experience_score: line.viewer_experience_score,
        watch_time: line.watch_ms,
        playing_time: line.playing_ms,
        rebuffer_duration: line.rebuffer_ms,
        rebuffer_count: line.rebuffer_count,
        video_startup_time: line.video_startup_ms,
        total_row_count: total,
    }
}

/// Adds Mux Data's names, in its types (it writes fractions as texts), to our own.
fn translated(mut data: Map<String, Value>) -> Map<String, Value> {
    for (theirs, ours) in RENAMED {
        let value = data.get(ours).cloned().unwrap_or_default();
        data.insert(theirs.to_owned(), value);
    }
    let custom = data.get("custom").cloned().unwrap_or_default();
    for number in CUSTOM {
        let name = format!("custom_{number}");
        data.insert(name.clone(), custom.get(&name).cloned().unwrap_or_default());
    }
    for (name, _) in mux::NAMES.iter().filter(|(_, meaning)| *meaning == mux::Meaning::Said) {
        let value = match custom.get(*name).and_then(Value::as_str) {
            Some("true") => Value::Bool(true),
            Some("false") => Value::Bool(false),
            text => json!(text),
        };
        data.insert((*name).to_owned(), value);
    }
    for (text, unix_ms) in
        [("view_start", "view_start_ms"), ("view_end", "view_end_ms"), ("updated_at", "updated_ms")]
    {
        let value = data.remove(unix_ms).and_then(|value| value.as_i64()).unwrap_or_default();
        data.insert(text.to_owned(), time(value, SecondsFormat::Millis).into());
    }
    data.insert("inserted_at".to_owned(), data.get("view_start").cloned().unwrap_or_default());

    let number = |name: &str| data.get(name).and_then(Value::as_f64);
    let over = |of: f64, to: f64| (to > 0.0).then(|| of / to);
    let text = |value: Option<f64>| value.map(|value| value.to_string());
    let watched_ms = number("watch_ms").unwrap_or_default();
    let played_ms = number("playing_ms").unwrap_or_default();
    let summed = |name: &str, to: f64| over(number(name).unwrap_or_default(), to);
    let asn = data.get("asn").and_then(Value::as_str).map(|text| text.trim_start_matches("AS").to_owned());
    let failed_at_start = data.get("playback_failure") == Some(&Value::Bool(true))
        && data.get("view_started") == Some(&Value::Bool(false));
    let has_error = data.get("error_code").is_some_and(|code| !code.is_null());
    let computed = json!({
        "asn": asn.and_then(|text| text.parse::<u32>().ok()),
        "error_type_id": has_error.then(|| data.get("error_id").cloned()),
        "view_error_id": has_error.then(|| data.get("error_id").cloned()),
        "video_startup_failure": failed_at_start,
        "rebuffer_percentage": text(summed("rebuffer_ms", watched_ms)),
        "buffering_rate": text(summed("rebuffer_count", watched_ms)),
        "view_playing_time": text(Some(played_ms)),
        "view_max_playhead_position": text(number("max_playhead_ms")),
        "viewer_experience_score": text(number("viewer_experience_score")),
        "playback_score": text(number("playback_success_score")),
        "startup_score": text(number("startup_time_score")),
        "rebuffering_score": text(number("rebuffer_score")),
        "quality_score": text(number("video_quality_score")),
        "view_total_upscaling": text(number("upscale_ms")),
        "view_total_downscaling": text(number("downscale_ms")),
        "weighted_average_bitrate": summed("bitrate_ms", played_ms).filter(|bitrate| *bitrate > 0.0),
    });
    if let Value::Object(computed) = computed {
        data.extend(computed);
    }
    data.remove("error_id");
    data
}

/// One clock for all: the player's own times, put on the server's clock by the view's one anchor.
fn event(line: EventLine) -> Value {
    let mut details: Map<String, Value> =
        line.attributes.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
    details.insert("sequence".to_owned(), line.sequence.into());
    details.insert("received_at".to_owned(), line.received_ms.into());
    for (name, value) in [
        ("error_code", line.error_code),
        ("error_message", line.error_message),
        ("error_severity", line.error_severity),
    ] {
        if !value.is_empty() {
            details.insert(name.to_owned(), value.into());
        }
    }
    json!({
        "name": line.event,
        "viewer_time": line.occurred_ms,
        "event_time": line.occurred_ms,
        "playback_time": line.playhead_ms,
        "details": details,
    })
}
