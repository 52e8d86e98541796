//! Public viewer counts: a page shows how many watch its video by a signed token, which tells nothing else.

use actix_web::{
    HttpResponse, ResponseError,
    http::header,
    web::{Data, Json, Query},
};
use serde::{Deserialize, Serialize};

use super::{api::ApiState, error::ApiError, permission::Writer};
use crate::event::engagement::whole;

const DEFAULT_LIFETIME_S: u32 = 24 * 3600;
/// Ten years: for pages that are written once.
const MOST_LIFETIME_S: u32 = 10 * 365 * 24 * 3600;
const MAX_VIDEO_ID: usize = 512;
/// A number a second old is as good, and a cache in front takes the crowd.
const CACHE: &str = "public, max-age=1";

/// Which video a page may show the count of, and for how long.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewerTokenInput {
    #[schema(min_length = 1, max_length = 512)]
    pub video_id: String,
    /// Seconds until it ends: a day when left out, at most ten years.
    #[schema(minimum = 1, maximum = 315_360_000)]
    pub lifetime_s: Option<u32>,
}

/// A token for a page.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ViewerTokenAnswer {
    pub data: ViewerToken,
}

/// It shows one number to whoever has it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ViewerToken {
    pub token: String,
    /// Unix seconds.
    pub expires_at: i64,
}

/// How many watch now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ViewerCount {
    pub viewers: u64,
}

/// The token of a page.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Shown {
    pub token: String,
}

/// Signs a token that shows how many watch one video, for a page to carry.
#[utoipa::path(post, path = "/data/v1/viewer-tokens", tag = "viewer count", request_body = ViewerTokenInput,
    responses((status = 201, body = ViewerTokenAnswer), (status = 400, body = super::problem::Problem)))]
pub async fn sign(
    Writer(writer): Writer,
    state: Data<ApiState>,
    body: Json<ViewerTokenInput>,
) -> Result<HttpResponse, ApiError> {
    if body.video_id.is_empty() || body.video_id.chars().count() > MAX_VIDEO_ID {
        return Err(ApiError::InvalidBody(format!("`video_id` has 1 to {MAX_VIDEO_ID} characters")));
    }
    let lifetime_s = body.lifetime_s.unwrap_or(DEFAULT_LIFETIME_S);
    if !(1..=MOST_LIFETIME_S).contains(&lifetime_s) {
        return Err(ApiError::InvalidBody(format!("`lifetime_s` is from 1 to {MOST_LIFETIME_S}")));
    }
    let expires_at = state.clock.now_ms() / 1000 + i64::from(lifetime_s);
    let by = writer.name();
    let signing = state.control.sign_viewer_count(&writer.environment, &body.video_id, expires_at, &by);
    let token = signing.await?;
    Ok(HttpResponse::Created().json(ViewerTokenAnswer { data: ViewerToken { token, expires_at } }))
}

/// Ends every token signed so far, in case one shows more than it should.
#[utoipa::path(delete, path = "/data/v1/viewer-tokens", tag = "viewer count",
    responses((status = 204)))]
pub async fn revoke(Writer(writer): Writer, state: Data<ApiState>) -> Result<HttpResponse, ApiError> {
    state.control.revoke_signing_keys(&writer.environment, &writer.name()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// How many watch the token's video now: waiting for the first frame, watching, seeking or rebuffering. For any page, with
/// no other credentials.
#[utoipa::path(get, path = "/data/v1/viewer-count", tag = "viewer count", params(Shown), security(()),
    responses((status = 200, body = ViewerCount), (status = 401, body = super::problem::Problem)))]
pub async fn show(shown: Option<Query<Shown>>, state: Data<ApiState>) -> HttpResponse {
    let mut response = match count(shown, &state).await {
        Ok(count) => HttpResponse::Ok().insert_header((header::CACHE_CONTROL, CACHE)).json(count),
        Err(error) => error.error_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, header::HeaderValue::from_static("*"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
    response
}

async fn count(shown: Option<Query<Shown>>, state: &ApiState) -> Result<ViewerCount, ApiError> {
    let token = shown.ok_or(ApiError::Unauthenticated)?.into_inner().token;
    let now_s = state.clock.now_ms() / 1000;
    let viewable = state.control.viewable(&token, now_s).await?.ok_or(ApiError::BadCredentials)?;
    let viewers = state.live.read(&viewable.environment, |environment| {
        environment.counts.videos.get(&viewable.video_id).map_or(0, |video| whole(video.viewers))
    });
    Ok(ViewerCount { viewers })
}
