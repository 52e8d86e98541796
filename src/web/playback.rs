//! How playback went: the renditions that were shown, and what stalls followed.

use actix_web::{HttpResponse, web::Data};
use serde::Serialize;

use super::{api::ApiState, auth::Reader, error::ApiError, openapi, params::Params};
use crate::{
    event::metric::Bucket,
    store::query::playback::{RenditionTime, StallsAfter},
};

/// The renditions of a timeframe, the longest played first, at most 1,000.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RenditionsAnswer {
    pub data: Vec<RenditionRow>,
    pub timeframe: [i64; 2],
    pub total_row_count: u64,
}

/// A rendition and how long it played.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RenditionRow {
    /// Bit/s, if the client says it.
    pub bitrate: Option<u64>,
    /// Pixels, if the client says it.
    pub height: Option<u32>,
    /// Milliseconds, of all views.
    pub playing_time: u64,
    /// Of the playing time of all renditions, 0 to 1.
    pub share: f64,
    /// Views that showed it, as many as the measured ones stand for.
    pub views: u64,
}

/// Stalls by what they followed, the longest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StallsAnswer {
    pub data: Vec<StallsRow>,
    pub timeframe: [i64; 2],
    pub total_row_count: usize,
}

/// Stalls that followed the same.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StallsRow {
    /// `seek`: at most a second of playing after a seek. `start`: within the first three seconds of playing.
    /// `rendition_change`: at most a second of playing after one. `nothing`: none of these, which leaves the network and the device.
    pub after: String,
    /// How often it stalled.
    pub rebuffer_count: u64,
    /// Milliseconds, of all views.
    pub rebuffer_time: u64,
    /// Of the time of all stalls, 0 to 1.
    pub share: f64,
    /// Views that stalled so, as many as the measured ones stand for.
    pub views: u64,
}

/// How long each rendition played, in the views that ended in the timeframe and report changes of rendition.
#[utoipa::path(get, path = "/data/v1/renditions", tag = "views", params(openapi::Selection),
    responses((status = 200, body = RenditionsAnswer)))]
pub async fn renditions(
    reader: Reader,
    params: Params,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    let scope = params.scope(reader.environment.clone(), Bucket::ViewEnd)?;
    let answer = async {
        let renditions = state.store.rendition_times(&scope).await?;
        Ok(RenditionsAnswer {
            timeframe: scope.timeframe.seconds(),
            total_row_count: renditions.first().map_or(0, |rendition| rendition.renditions),
            data: renditions.into_iter().map(rendition_row).collect(),
        })
    };
    state.answer(&reader, &params, answer).await
}

/// What stalls followed, in the views that ended in the timeframe and report when they stall.
#[utoipa::path(get, path = "/data/v1/stalls", tag = "views", params(openapi::Selection),
    responses((status = 200, body = StallsAnswer)))]
pub async fn stalls(reader: Reader, params: Params, state: Data<ApiState>) -> Result<HttpResponse, ApiError> {
    let scope = params.scope(reader.environment.clone(), Bucket::ViewEnd)?;
    let answer = async {
        let data: Vec<_> = state.store.stalls(&scope).await?.into_iter().map(stalls_row).collect();
        Ok(StallsAnswer { timeframe: scope.timeframe.seconds(), total_row_count: data.len(), data })
    };
    state.answer(&reader, &params, answer).await
}

fn rendition_row(rendition: RenditionTime) -> RenditionRow {
    RenditionRow {
        bitrate: (rendition.bitrate > 0).then_some(rendition.bitrate),
        height: (rendition.height > 0).then_some(rendition.height),
        playing_time: rendition.playing_ms,
        share: rendition.share,
        views: rendition.views,
    }
}

fn stalls_row(stalls: StallsAfter) -> StallsRow {
    StallsRow {
        after: stalls.after,
        rebuffer_count: stalls.stalls,
        rebuffer_time: stalls.rebuffer_ms,
        share: stalls.share,
        views: stalls.views,
    }
}
