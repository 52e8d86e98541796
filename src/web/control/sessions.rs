//! Open sessions: one's own, and for owners everybody's.

use actix_web::{
    HttpResponse,
    web::{Data, Json, Path},
};
use serde::Serialize;
use serde_json::json;

use super::List;
use crate::{
    control::{Deed, ListedSession},
    web::{api::ApiState, error::ApiError, permission::SignedIn, problem::Problem, scribe::Scribe},
};

/// A session, and whether it is the one that asks.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SessionRow {
    #[serde(flatten)]
    pub session: ListedSession,
    pub is_this: bool,
}

/// Open sessions, newest first.
#[utoipa::path(get, path = "/data/v1/sessions", tag = "people",
    responses((status = 200, body = List<SessionRow>),
        (status = 403, description = "A token", body = Problem)))]
pub async fn list(
    SignedIn(asking): SignedIn,
    state: Data<ApiState>,
) -> Result<Json<List<SessionRow>>, ApiError> {
    let sessions = state.control.list_sessions(&asking).await?.into_iter();
    let rows = sessions.map(|session| SessionRow { is_this: session.id == asking.id, session });
    Ok(Json(rows.collect::<Vec<_>>().into()))
}

/// Ends a session, at once and everywhere.
#[utoipa::path(delete, path = "/data/v1/sessions/{session_id}", tag = "people",
    params(("session_id" = String, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn end(
    SignedIn(asking): SignedIn,
    scribe: Scribe,
    state: Data<ApiState>,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    match state.control.end_session(&asking, &id).await? {
        true => {
            scribe.note_for_owners(Deed::SessionEnded, &id, json!({})).await;
            Ok(HttpResponse::NoContent().finish())
        }
        false => Err(ApiError::NotFound("there is no such session".to_owned())),
    }
}
