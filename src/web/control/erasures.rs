//! Erasing a viewer, and the receipts of it.

use actix_web::{
    HttpResponse,
    web::{Data, Json, Path},
};
use serde_json::json;

use super::List;
use crate::{
    control::{Deed, Receipt},
    web::{api::ApiState, error::ApiError, permission::Admin, problem::Problem, scribe::Scribe},
};

/// Erases a viewer: every view that was ever said to be of this viewer, with all its events. It is carried out as soon
/// as what the log holds now has been processed; the receipt says when that was and how many rows went.
#[utoipa::path(delete, path = "/data/v1/viewers/{viewer_id}", tag = "privacy",
    params(("viewer_id" = String, Path)),
    responses((status = 202, body = Receipt), (status = 400, body = Problem), (status = 403, body = Problem)))]
pub async fn erase(
    Admin(reader): Admin,
    scribe: Scribe,
    state: Data<ApiState>,
    viewer_id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let receipt = state.control.request_erasure(&reader.environment, &viewer_id, &reader.name()).await?;
    // By its receipt alone: the viewer's id is to be forgotten.
    scribe.note(Deed::ErasureRequested, &receipt.id, json!({})).await;
    let place = format!("/data/v1/erasures/{}", receipt.id);
    Ok(HttpResponse::Accepted().insert_header(("location", place)).json(receipt))
}

/// The receipts of the environment, newest first.
#[utoipa::path(get, path = "/data/v1/erasures", tag = "privacy",
    responses((status = 200, body = List<Receipt>), (status = 403, body = Problem)))]
pub async fn list(Admin(reader): Admin, state: Data<ApiState>) -> Result<Json<List<Receipt>>, ApiError> {
    Ok(Json(state.control.receipts(&reader.environment).await?.into()))
}

/// One receipt.
#[utoipa::path(get, path = "/data/v1/erasures/{erasure_id}", tag = "privacy",
    params(("erasure_id" = String, Path)),
    responses((status = 200, body = Receipt), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn show(
    Admin(reader): Admin,
    state: Data<ApiState>,
    id: Path<String>,
) -> Result<Json<Receipt>, ApiError> {
    Ok(Json(state.control.receipt(&reader.environment, &id).await?))
}
