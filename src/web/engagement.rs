//! Which parts of a video were watched.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use serde::Serialize;

use super::{api::ApiState, auth::Reader, error::ApiError, openapi, params::Params};
use crate::{
    event::metric::Bucket,
    store::query::{
        dimension::Dimension,
        filter::Filter,
        heatmap::{Cut, Heatmap, Moment},
    },
};

const DEFAULT_BUCKETS: u32 = 100;
/// A second each of the longest video.
const MOST_BUCKETS: u32 = 86_400;

/// The heatmap of a video.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HeatmapAnswer {
    pub data: HeatmapData,
    pub timeframe: [i64; 2],
    pub total_row_count: u64,
}

/// Plays and viewers per bucket of the video, from its beginning. A played stretch plays every bucket it touches.
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
    /// What viewers did of the customer's own (`custom` events), the most frequent first, at most 1,000.
    pub moments: Vec<Moment>,
}

/// How often each part of a video was played, and by how many views.
#[utoipa::path(get, path = "/data/v1/engagement/videos/{video_id}/heatmap", tag = "engagement",
    params(("video_id" = String, Path,), openapi::Selection, openapi::HeatmapCut),
    responses((status = 200, body = HeatmapAnswer), (status = 400, body = super::problem::Problem)))]
pub async fn heatmap(
    reader: Reader,
    video_id: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let buckets = params.number("buckets", 1..=MOST_BUCKETS)?;
    let cut = match (params.one("resolution")?, buckets) {
        (None, buckets) => Cut::Buckets(buckets.unwrap_or(DEFAULT_BUCKETS)),
        (Some("second"), None) => Cut::Seconds,
        (Some("second"), Some(_)) => {
            let detail = "either buckets or resolution says how long a bucket is";
            return Err(ApiError::parameter("resolution", detail, ["second"]));
        }
        (Some(other), _) => {
            return Err(ApiError::parameter("resolution", format!("`{other}` is no resolution"), ["second"]));
        }
    };
    let scope = params.scope(reader.environment.clone(), Bucket::ViewStart)?;
    let dimension = Dimension::parse("video_id")
        .ok_or_else(|| ApiError::Internal("video_id is no dimension".to_owned()))?;
    let video = Filter { dimension, value: video_id.into_inner(), negated: false };
    let answer = async {
        let Heatmap { total_views, plays, viewers, bucket_ms, moments } =
            state.store.heatmap(&scope, &video, cut).await?;
        Ok(HeatmapAnswer {
            timeframe: scope.timeframe.seconds(),
            total_row_count: 1,
            data: HeatmapData { total_views, value: plays, viewers, bucket_ms, moments },
        })
    };
    state.answer(&reader, &params, answer).await
}
