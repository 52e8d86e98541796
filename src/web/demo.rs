//! What the demo page needs to know: an ingest key, and a token that sees nothing but the demo's video.

use actix_web::{HttpResponse, http::header, web};
use serde_json::json;

use super::{api::ApiState, error::ApiError};

/// The video of the demo page.
const VIDEO_ID: &str = "playhead-demo";

/// The intake path's prefix, as configured.
#[derive(Debug, Clone)]
pub struct IntakePrefix(pub String);

/// The route.
pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/demo/config", web::get().to(demo_config));
}

async fn demo_config(
    state: web::Data<ApiState>,
    prefix: web::Data<IntakePrefix>,
) -> Result<HttpResponse, ApiError> {
    let environments = state.control.environments().await?;
    let environment = environments.into_iter().find(|environment| !environment.ingest_key.is_empty());
    let environment =
        environment.ok_or(ApiError::NotFound("there is no environment with an ingest key".into()))?;
    let live_token = state.authenticator.demo_tokens.issue(environment.id.into(), VIDEO_ID);
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(json!({
        "ingest_key": environment.ingest_key,
        "intake_path": format!("{}/{}", prefix.0, environment.ingest_key),
        "live_token": live_token,
        "video_id": VIDEO_ID,
    })))
}
