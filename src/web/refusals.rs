//! What was refused of an environment's beacons, for whoever mends its players.

use actix_web::web::{Data, Json};
use serde::Serialize;

use super::{auth::Reader, error::ApiError};
use crate::beacon::refusals::{Refusals, Refused};

/// Refusals by format and reason.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct RefusalsAnswer {
    pub data: Vec<Refused>,
    pub total_row_count: usize,
}

/// What this node has refused of the environment's beacons since it was started, by format and reason, the most frequent
/// first; each with its newest example. What comes with a key that is nobody's belongs to nobody and is not here.
#[utoipa::path(get, path = "/data/v1/refusals", tag = "usage",
    responses((status = 200, body = RefusalsAnswer)))]
pub async fn list(reader: Reader, refusals: Data<Refusals>) -> Result<Json<RefusalsAnswer>, ApiError> {
    let data = refusals.of(&reader.environment);
    Ok(Json(RefusalsAnswer { total_row_count: data.len(), data }))
}
