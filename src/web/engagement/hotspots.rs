//! The places of a video that are played more, or less, than what is around them.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use serde::Serialize;

use super::{cut, question};
use crate::{
    event::engagement::{
        Grid,
        hotspots::{MOST_BUCKETS, Spot, spots},
        whole,
    },
    web::{api::ApiState, auth::Reader, error::ApiError, openapi, params::Params, problem::Problem},
};

/// The places that stand out.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HotspotsAnswer {
    pub data: HotspotsData,
    pub timeframe: [i64; 2],
    pub total_row_count: usize,
}

/// None where fewer than 30 views have played something.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HotspotsData {
    /// Views of the video that began in the timeframe.
    pub total_views: u64,
    /// The most pronounced first.
    pub hotspots: Vec<Hotspot>,
}

/// A place that stands out.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Hotspot {
    /// From here to before `end_ms`.
    pub start_ms: u64,
    pub end_ms: u64,
    /// 0.5 is as its surroundings; towards 1 hotter, towards 0 colder.
    pub score: f64,
    /// Plays of its buckets in the mean.
    pub plays: f64,
    /// The same, as its surroundings are played.
    pub expected: f64,
}

/// Hot spots (`order_direction=desc`) or cold spots (`asc`): what is rewatched, and what is jumped over.
#[utoipa::path(get, path = "/data/v1/engagement/videos/{video_id}/hotspots", tag = "engagement",
    params(("video_id" = String, Path,), openapi::Selection, openapi::Cuts, openapi::Spots),
    responses((status = 200, body = HotspotsAnswer), (status = 400, body = Problem)))]
pub async fn show(
    reader: Reader,
    video_id: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let cut = cut(&params)?;
    let hot = params.descending(true)?;
    let limit = params.number("limit", 1..=MOST_BUCKETS)?;
    let question = question(&reader, video_id, &params)?;
    let answer = async {
        let grid = move |length_ms| match cut {
            Some(cut) => Grid::new(length_ms, cut),
            None => Grid::at_most(length_ms, MOST_BUCKETS),
        };
        let curves = state.store.curves(&question, grid).await?;
        let mut found = spots(&curves, hot);
        let total_row_count = found.len();
        found.truncate(limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX));
        Ok(HotspotsAnswer {
            timeframe: question.scope.timeframe.seconds(),
            total_row_count,
            data: HotspotsData {
                total_views: whole(curves.total),
                hotspots: found.into_iter().map(hotspot).collect(),
            },
        })
    };
    state.answer(&reader, &params, answer).await
}

fn hotspot(spot: Spot) -> Hotspot {
    let Spot { start_ms, end_ms, .. } = spot;
    Hotspot { start_ms, end_ms, score: spot.score(), plays: spot.plays(), expected: spot.expected() }
}
