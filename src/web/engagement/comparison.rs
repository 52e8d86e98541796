//! A video's retention beside that of the tenant's other videos of like length.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use serde::Serialize;

use super::{length, question};
use crate::{
    event::engagement::{
        Curves, Cut, Grid,
        retention::retention,
        typical::{LEAST_VIEWS, POINTS, typical},
        whole,
    },
    store::query::engagement::alike::LikeVideo,
    web::{api::ApiState, auth::Reader, error::ApiError, openapi, params::Params, problem::Problem},
};

/// A video and what is typical.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct VideoComparisonAnswer {
    pub data: ComparisonData,
    pub timeframe: [i64; 2],
    pub total_row_count: u64,
}

/// Shares of views at each hundredth of the length.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = EngagementComparison)]
pub struct ComparisonData {
    /// Views of the video that began in the timeframe.
    pub total_views: u64,
    /// Length of the video, as most of its views say; null: not known.
    pub duration_ms: Option<u64>,
    /// The share of the views that gets as far.
    pub retention: Vec<f64>,
    /// Null: fewer than 5 other videos of like length with 30 views each.
    pub typical: Option<TypicalCurve>,
}

/// The retention of other videos; each counts once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TypicalCurve {
    /// How many videos it rests on: the up to 20 first watched last in the timeframe.
    pub videos: usize,
    /// And how many of their views: at most 1,000 of each.
    pub views: u64,
    /// Lengths of the shortest and the longest.
    pub shortest_ms: u64,
    pub longest_ms: u64,
    /// The middle one at each point.
    pub median: Vec<f64>,
    /// A quarter of the videos is below.
    pub lower_quartile: Vec<f64>,
    /// A quarter of the videos is above.
    pub upper_quartile: Vec<f64>,
    /// The part of these videos that keeps fewer viewers as far, equals by half: 0.5 is the middle.
    pub rank: Vec<f64>,
}

/// How a video keeps its viewers, compared with the tenant's other videos of like length.
#[utoipa::path(get, path = "/data/v1/engagement/videos/{video_id}/comparison", tag = "engagement",
    params(("video_id" = String, Path,), openapi::Selection),
    responses((status = 200, body = VideoComparisonAnswer), (status = 400, body = Problem)))]
pub async fn show(
    reader: Reader,
    video_id: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let question = question(&reader, video_id, &params)?;
    let answer = async {
        let curves = state.store.curves(&question, grid).await?;
        let own = retention(&curves);
        let duration_ms = length(&curves);
        let typical = match duration_ms {
            Some(length_ms) => compared(&own, &state.store.like_videos(&question, length_ms).await?),
            None => None,
        };
        Ok(VideoComparisonAnswer {
            timeframe: question.scope.timeframe.seconds(),
            total_row_count: 1,
            data: ComparisonData { total_views: whole(curves.total), duration_ms, retention: own, typical },
        })
    };
    state.answer(&reader, &params, answer).await
}

fn grid(length_ms: u64) -> Grid {
    Grid::new(length_ms, Cut::Buckets(POINTS))
}

fn compared(own: &[f64], others: &[LikeVideo]) -> Option<TypicalCurve> {
    let curves = others.iter().map(|video| Curves::of(grid(video.length_ms), video.views.iter()));
    let counted: Vec<Curves> = curves.filter(|curves| curves.measured >= LEAST_VIEWS.into()).collect();
    let typical = typical(own, &counted.iter().map(retention).collect::<Vec<_>>())?;
    let lengths = || counted.iter().map(|curves| curves.grid.length_ms());
    Some(TypicalCurve {
        videos: counted.len(),
        views: counted.iter().map(|curves| curves.measured).sum(),
        shortest_ms: lengths().min()?,
        longest_ms: lengths().max()?,
        median: typical.median,
        lower_quartile: typical.lower_quartile,
        upper_quartile: typical.upper_quartile,
        rank: typical.rank,
    })
}
