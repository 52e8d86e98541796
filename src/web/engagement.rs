//! Which parts of a video were watched: its heatmap, who stayed, what stands out, what is typical, viewer by viewer, and
//! the same for live streams. The definitions stand in `docs/engagement.md`.

pub mod comparison;
pub mod hotspots;
pub mod live;
pub mod viewers;

use actix_web::{
    HttpResponse,
    web::{Data, Path, ServiceConfig},
};
use serde::Serialize;

use super::{
    api::{ApiState, get},
    auth::Reader,
    error::ApiError,
    metrics::in_sql::{InSqlAnswer, told},
    openapi,
    params::Params,
};
use crate::{
    event::{
        engagement::{Curves, Cut, Grid, curves::whole_views, retention as shares, whole},
        metric::Bucket,
    },
    store::query::engagement::{EngagementQuestion, moments::Moment},
};

const DEFAULT_BUCKETS: u32 = 100;
/// A second each of the longest video.
const MOST_BUCKETS: u32 = 86_400;

/// Adds the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(get("/engagement/videos/{video_id}/heatmap", heatmap))
        .service(get("/engagement/videos/{video_id}/heatmap/sql", heatmap_in_sql))
        .service(get("/engagement/videos/{video_id}/retention", retention))
        .service(get("/engagement/videos/{video_id}/hotspots", hotspots::show))
        .service(get("/engagement/videos/{video_id}/comparison", comparison::show))
        .service(get("/engagement/videos/{video_id}/viewers", viewers::list))
        .service(get("/engagement/videos/{video_id}/viewers/sql", viewers::list_in_sql))
        .service(get("/engagement/videos/{video_id}/live", live::show))
        .service(get("/engagement/views/{id}", viewers::show));
}

/// The heatmap of a video.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HeatmapAnswer {
    pub data: HeatmapData,
    pub timeframe: [i64; 2],
    pub total_row_count: u64,
}

/// Views per bucket of the video, from its beginning. A played stretch plays every bucket it touches. Of every bucket,
/// `viewers`, `skipped` and `not_reached` are all views together.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HeatmapData {
    /// Views of the video that began in the timeframe.
    pub total_views: u64,
    /// How often each bucket was played; playing it again counts again.
    pub value: Vec<u64>,
    /// How many views played each bucket, however often.
    pub viewers: Vec<u64>,
    /// Length of a bucket.
    pub bucket_ms: f64,
    /// Of all views, those that have played something.
    pub played_views: u64,
    /// Of these, those that are not over.
    pub running_views: u64,
    /// How many views played some place of it more than once.
    pub rewatched: Vec<u64>,
    /// How many views did not play it, but a later one.
    pub skipped: Vec<u64>,
    /// How many views played neither it nor a later one.
    pub not_reached: Vec<u64>,
    /// Length of the video, as most of its views say; null: not known.
    pub duration_ms: Option<u64>,
    /// What viewers did of the customer's own (`custom` events), the most frequent first, at most 1,000.
    pub moments: Vec<Moment>,
}

/// Who stays.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RetentionAnswer {
    pub data: RetentionData,
    pub timeframe: [i64; 2],
    pub total_row_count: u64,
}

/// Shares and counts of views per bucket of the video, from its beginning.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RetentionData {
    /// Views of the video that began in the timeframe.
    pub total_views: u64,
    /// Of them, those that have played something; the shares are shares of these.
    pub played_views: u64,
    /// Of these, those that are not over.
    pub running_views: u64,
    /// The share that gets as far as the bucket: 1 at first, never rising.
    pub retention: Vec<f64>,
    /// The share that plays the bucket.
    pub watching: Vec<f64>,
    /// How many views began in the bucket.
    pub starts: Vec<u64>,
    /// How many views were in the bucket last and are over.
    pub stops: Vec<u64>,
    /// Length of a bucket.
    pub bucket_ms: f64,
    /// Length of the video, as most of its views say; null: not known.
    pub duration_ms: Option<u64>,
}

/// How often each part of a video was played, by how many views, and how many jumped over it or never got there.
#[utoipa::path(get, path = "/data/v1/engagement/videos/{video_id}/heatmap", tag = "engagement",
    params(("video_id" = String, Path,), openapi::Selection, openapi::Cuts),
    responses((status = 200, body = HeatmapAnswer), (status = 400, body = super::problem::Problem)))]
pub async fn heatmap(
    reader: Reader,
    video_id: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let cut = cut(&params)?.unwrap_or(Cut::Buckets(DEFAULT_BUCKETS));
    let question = question(&reader, video_id, &params)?;
    let answer = async {
        let (curves, moments) =
            state.store.heatmap(&question, move |length_ms| Grid::new(length_ms, cut)).await?;
        Ok(HeatmapAnswer {
            timeframe: question.scope.timeframe.seconds(),
            total_row_count: 1,
            data: HeatmapData {
                total_views: whole(curves.total),
                played_views: whole(curves.played),
                running_views: whole(curves.running),
                rewatched: whole_views(curves.rewatched.iter().copied()),
                skipped: whole_views(curves.skipped()),
                not_reached: whole_views(curves.not_reached()),
                bucket_ms: curves.grid.bucket_ms(),
                duration_ms: length(&curves),
                value: whole_views(curves.plays),
                viewers: whole_views(curves.viewers),
                moments,
            },
        })
    };
    state.answer(&reader, &params, answer).await
}

/// The statement that gives the heatmap by the second: `second`, `plays`, `viewers` of the seconds that were played.
#[utoipa::path(get, path = "/data/v1/engagement/videos/{video_id}/heatmap/sql", tag = "sql",
    params(("video_id" = String, Path,), openapi::Selection),
    responses((status = 200, body = InSqlAnswer)))]
pub async fn heatmap_in_sql(
    reader: Reader,
    video_id: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let query = question(&reader, video_id, &params)?.seconds_in_sql();
    told(query, &reader, &params, &state).await
}

/// The share of the views that goes on watching, where views begin, and where they leave.
#[utoipa::path(get, path = "/data/v1/engagement/videos/{video_id}/retention", tag = "engagement",
    params(("video_id" = String, Path,), openapi::Selection, openapi::Cuts),
    responses((status = 200, body = RetentionAnswer), (status = 400, body = super::problem::Problem)))]
pub async fn retention(
    reader: Reader,
    video_id: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let cut = cut(&params)?.unwrap_or(Cut::Buckets(DEFAULT_BUCKETS));
    let question = question(&reader, video_id, &params)?;
    let answer = async {
        let curves = state.store.curves(&question, move |length_ms| Grid::new(length_ms, cut)).await?;
        Ok(RetentionAnswer {
            timeframe: question.scope.timeframe.seconds(),
            total_row_count: 1,
            data: RetentionData {
                total_views: whole(curves.total),
                played_views: whole(curves.played),
                running_views: whole(curves.running),
                retention: shares::retention(&curves),
                watching: shares::watching(&curves),
                bucket_ms: curves.grid.bucket_ms(),
                duration_ms: length(&curves),
                starts: whole_views(curves.starts),
                stops: whole_views(curves.stops),
            },
        })
    };
    state.answer(&reader, &params, answer).await
}

/// Which views of a video.
fn question(
    reader: &Reader,
    video_id: Path<String>,
    params: &Params,
) -> Result<EngagementQuestion, ApiError> {
    Ok(EngagementQuestion {
        scope: params.scope(reader.environment.clone(), Bucket::ViewStart)?,
        video_id: video_id.into_inner(),
        viewer_id: None,
    })
}

/// How to cut the video, if it is said.
fn cut(params: &Params) -> Result<Option<Cut>, ApiError> {
    let buckets = params.number("buckets", 1..=MOST_BUCKETS)?;
    match (params.one("resolution")?, buckets) {
        (None, buckets) => Ok(buckets.map(Cut::Buckets)),
        (Some("second"), None) => Ok(Some(Cut::Seconds)),
        (Some("second"), Some(_)) => {
            let detail = "either buckets or resolution says how long a bucket is";
            Err(ApiError::parameter("resolution", detail, ["second"]))
        }
        (Some(other), _) => {
            Err(ApiError::parameter("resolution", format!("`{other}` is no resolution"), ["second"]))
        }
    }
}

fn length(curves: &Curves) -> Option<u64> {
    Some(curves.grid.length_ms()).filter(|length_ms| *length_ms > 0)
}
