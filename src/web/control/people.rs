//! People, for owners.

use actix_web::{
    HttpResponse,
    web::{Data, Json, Path},
};
use serde::Deserialize;
use serde_json::json;

use super::List;
use crate::{
    control::{Deed, Person, Role},
    web::{api::ApiState, error::ApiError, permission::Owner, problem::Problem, scribe::Scribe},
};

/// What somebody is to be.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    pub role: Role,
    /// Ids of environments; none for an owner, who sees all.
    #[serde(default)]
    pub environments: Vec<String>,
}

/// Everybody who may sign in.
#[utoipa::path(get, path = "/data/v1/people", tag = "people",
    responses((status = 200, body = List<Person>), (status = 403, body = Problem)))]
pub async fn list(_owner: Owner, state: Data<ApiState>) -> Result<Json<List<Person>>, ApiError> {
    Ok(Json(state.control.people().await?.into()))
}

/// Gives somebody another role or other environments. Their open sessions follow at once.
#[utoipa::path(put, path = "/data/v1/people/{email}", tag = "people",
    params(("email" = String, Path)), request_body = Membership,
    responses((status = 200, body = Person), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
pub async fn change(
    _owner: Owner,
    scribe: Scribe,
    state: Data<ApiState>,
    email: Path<String>,
    body: Json<Membership>,
) -> Result<Json<Person>, ApiError> {
    let changed = state.control.change_person(&email, body.role, &body.environments).await?;
    let detail = json!({"role": changed.role, "environments": changed.environments});
    scribe.note_for_owners(Deed::PersonChanged, &changed.email, detail).await;
    Ok(Json(changed))
}

/// Takes somebody's access away, and ends their sessions and open invitations.
#[utoipa::path(delete, path = "/data/v1/people/{email}", tag = "people",
    params(("email" = String, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn remove(
    _owner: Owner,
    scribe: Scribe,
    state: Data<ApiState>,
    email: Path<String>,
) -> Result<HttpResponse, ApiError> {
    match state.control.remove_person(&email).await? {
        true => {
            scribe.note_for_owners(Deed::PersonRemoved, &email.to_lowercase(), json!({})).await;
            Ok(HttpResponse::NoContent().finish())
        }
        false => Err(ApiError::NotFound("there is nobody with this address".to_owned())),
    }
}
