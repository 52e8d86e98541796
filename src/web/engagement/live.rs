//! Live streams, where the playhead slides: the curves by the time of day, and by the time of the programme.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use serde::Serialize;

use super::{DEFAULT_BUCKETS, MOST_BUCKETS, cut, question};
use crate::{
    event::engagement::{Cut, Grid, curves::whole_views, whole},
    store::query::{
        engagement::live::{LiveClock, LiveCurves},
        timeframe::Timeframe,
    },
    web::{api::ApiState, auth::Reader, error::ApiError, openapi, params::Params, problem::Problem},
};

/// The curves of a live stream.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LiveAnswer {
    pub data: LiveData,
    pub timeframe: [i64; 2],
    pub total_row_count: u64,
}

/// Views per bucket of the timeframe, from its beginning.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LiveData {
    /// `utc` or `programme`.
    pub clock: &'static str,
    /// Views of the video that were under way in the timeframe and said where they were.
    pub total_views: u64,
    /// Of them, those that have played something in the timeframe, by this clock.
    pub played_views: u64,
    /// Of these, those that are not over.
    pub running_views: u64,
    /// Measured views that never said how far behind the live edge they are. By programme time they are placed as though
    /// they had been at the edge when they were nearest to it.
    pub without_latency: u64,
    /// How often each bucket was played; playing it again counts again.
    pub value: Vec<u64>,
    /// How many views played each bucket.
    pub viewers: Vec<u64>,
    /// How many views played some place of it more than once.
    pub rewatched: Vec<u64>,
    /// How many views began in the bucket.
    pub starts: Vec<u64>,
    /// How many views were in the bucket last and are over.
    pub stops: Vec<u64>,
    /// Beginning of the first bucket, Unix ms.
    pub start_ms: i64,
    /// Length of a bucket.
    pub bucket_ms: f64,
}

/// Who watched a live stream when (`clock=utc`), and what of the programme was seen (`clock=programme`).
#[utoipa::path(get, path = "/data/v1/engagement/videos/{video_id}/live", tag = "engagement",
    params(("video_id" = String, Path,), openapi::Selection, openapi::Cuts, openapi::Clock),
    responses((status = 200, body = LiveAnswer), (status = 400, body = Problem)))]
pub async fn show(
    reader: Reader,
    video_id: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let clock = params.choice("clock", &LiveClock::ALL, LiveClock::name, LiveClock::Utc)?;
    let question = question(&reader, video_id, &params)?;
    let Timeframe { from_ms, to_ms } = question.scope.timeframe;
    let length_ms = u64::try_from(to_ms - from_ms).unwrap_or_default();
    let grid = Grid::new(length_ms, cut(&params)?.unwrap_or(Cut::Buckets(DEFAULT_BUCKETS)));
    if u32::try_from(grid.len()).map_or(true, |buckets| buckets > MOST_BUCKETS) {
        let detail = "the timeframe has more seconds than an answer has buckets";
        return Err(ApiError::parameter("resolution", detail, ["buckets", "a timeframe of a day"]));
    }
    let answer = async {
        let LiveCurves { curves, without_latency } = state.store.live_curves(&question, clock, grid).await?;
        Ok(LiveAnswer {
            timeframe: question.scope.timeframe.seconds(),
            total_row_count: 1,
            data: LiveData {
                clock: clock.name(),
                total_views: whole(curves.total),
                played_views: whole(curves.played),
                running_views: whole(curves.running),
                without_latency,
                value: whole_views(curves.plays),
                viewers: whole_views(curves.viewers),
                rewatched: whole_views(curves.rewatched),
                starts: whole_views(curves.starts),
                stops: whole_views(curves.stops),
                start_ms: from_ms,
                bucket_ms: grid.bucket_ms(),
            },
        })
    };
    state.answer(&reader, &params, answer).await
}
