//! Who watched which parts of a video: a page of viewers, or one view.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use chrono::SecondsFormat;
use serde::Serialize;

use super::question;
use crate::{
    event::engagement::passes::{Pass, passes},
    store::query::{
        dimension::Page,
        engagement::{
            EngagementQuestion,
            viewers::{RowOf, RowOrder, ViewerLine},
        },
    },
    web::{
        api::ApiState,
        auth::Reader,
        error::ApiError,
        metrics::{
            in_sql::{InSqlAnswer, told},
            known, time,
        },
        openapi,
        params::Params,
        problem::Problem,
    },
};

/// A page of viewers.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ViewersAnswer {
    pub data: Vec<Viewer>,
    pub timeframe: [i64; 2],
    pub total_row_count: u64,
}

/// One view.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WatchedAnswer {
    pub data: Viewer,
    pub timeframe: [i64; 2],
    pub total_row_count: u64,
}

/// What a viewer has watched of a video, over all views of the timeframe, or in one.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Viewer {
    pub video_id: Option<String>,
    /// Null: not known.
    pub viewer_id: Option<String>,
    pub views: u64,
    /// The newest first, at most 20.
    pub view_ids: Vec<String>,
    /// Beginning of the first view.
    pub view_start: String,
    /// End of the last one, so far.
    pub view_end: String,
    /// Whether a view is not over.
    pub running: bool,
    /// Length of the video, as the newest of these views says; null: none does.
    pub duration_ms: Option<u64>,
    /// Each part once, however often it was played.
    pub seen_ms: u64,
    /// `seen_ms` of `duration_ms`, 0 to 1.
    pub percent_viewed: Option<f64>,
    /// The video from beginning to end. What lies behind the furthest place is left out where the length is not known.
    pub ranges: Vec<Pass>,
}

/// Viewer by viewer, or view by view: how often each part was played, what was skipped, and what was not reached.
#[utoipa::path(get, path = "/data/v1/engagement/videos/{video_id}/viewers", tag = "engagement",
    params(("video_id" = String, Path,), openapi::Selection, openapi::Viewers, openapi::Paging),
    responses((status = 200, body = ViewersAnswer), (status = 400, body = Problem)))]
pub async fn list(
    reader: Reader,
    video_id: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let Asked { question, row_of, order, descending, page } = asked(&reader, video_id, &params)?;
    let answer = async {
        let lines = state.store.viewers(&question, row_of, order, descending, page).await?;
        Ok(ViewersAnswer {
            timeframe: question.scope.timeframe.seconds(),
            total_row_count: lines.first().map_or(0, |line| line.rows),
            data: lines.into_iter().map(viewer).collect(),
        })
    };
    state.answer(&reader, &params, answer).await
}

/// The statement that gives a page of them: `ranges` as they were watched, `seen_ms`, and so on.
#[utoipa::path(get, path = "/data/v1/engagement/videos/{video_id}/viewers/sql", tag = "sql",
    params(("video_id" = String, Path,), openapi::Selection, openapi::Viewers, openapi::Paging),
    responses((status = 200, body = InSqlAnswer), (status = 400, body = Problem)))]
pub async fn list_in_sql(
    reader: Reader,
    video_id: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let Asked { question, row_of, order, descending, page } = asked(&reader, video_id, &params)?;
    told(question.viewers_in_sql(row_of, order, descending, page), &reader, &params, &state).await
}

struct Asked {
    question: EngagementQuestion,
    row_of: RowOf,
    order: RowOrder,
    descending: bool,
    page: Page,
}

fn asked(reader: &Reader, video_id: Path<String>, params: &Params) -> Result<Asked, ApiError> {
    let mut question = question(reader, video_id, params)?;
    question.viewer_id = params.one("viewer_id")?.map(str::to_owned);
    Ok(Asked {
        question,
        row_of: params.choice("group_by", &RowOf::ALL, RowOf::name, RowOf::Viewer)?,
        order: params.choice("order_by", &RowOrder::ALL, RowOrder::name, RowOrder::ViewEnd)?,
        descending: params.descending(true)?,
        page: params.page()?,
    })
}

/// What one view has watched.
#[utoipa::path(get, path = "/data/v1/engagement/views/{id}", tag = "engagement", params(("id" = String, Path,)),
    responses((status = 200, body = WatchedAnswer), (status = 404, body = Problem)))]
pub async fn show(
    reader: Reader,
    id: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let answer = async {
        let line = state.store.watched_by_view(&reader.environment, &id).await?;
        let line = line.ok_or_else(|| ApiError::NotFound("there is no such view".to_owned()))?;
        Ok(WatchedAnswer {
            timeframe: [line.first_start_ms.div_euclid(1000), line.last_end_ms.div_euclid(1000)],
            total_row_count: 1,
            data: viewer(line),
        })
    };
    state.answer(&reader, &params, answer).await
}

#[expect(clippy::cast_precision_loss, reason = "a share needs no more than 53 bits")]
fn viewer(line: ViewerLine) -> Viewer {
    let duration_ms = Some(line.duration_ms).filter(|ms| *ms > 0);
    Viewer {
        ranges: passes(&line.ranges, line.duration_ms),
        video_id: known(line.video_id),
        viewer_id: known(line.viewer_id),
        views: line.views,
        view_ids: line.view_ids,
        view_start: time(line.first_start_ms, SecondsFormat::Millis),
        view_end: time(line.last_end_ms, SecondsFormat::Millis),
        running: line.is_running,
        duration_ms,
        seen_ms: line.seen_ms,
        percent_viewed: duration_ms.map(|duration_ms| line.seen_ms as f64 / duration_ms as f64),
    }
}
