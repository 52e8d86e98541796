//! Invitations, for owners.

use actix_web::{
    HttpResponse,
    web::{Data, Json, Path},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::List;
use crate::{
    control::{Deed, Invitation, NewInvitation, Role},
    web::{api::ApiState, error::ApiError, permission::Owner, problem::Problem, scribe::Scribe},
};

/// Whom to invite.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationWish {
    pub email: String,
    pub role: Role,
    /// Ids of environments; none for an owner, who sees all.
    #[serde(default)]
    pub environments: Vec<String>,
}

/// An invitation as it is handed out, once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InvitationAnswer {
    #[serde(flatten)]
    pub invitation: NewInvitation,
    /// The link's path on this server. It is not sent by mail: hand it over as you like.
    pub path: String,
}

/// Invitations that can still be accepted.
#[utoipa::path(get, path = "/data/v1/invitations", tag = "people",
    responses((status = 200, body = List<Invitation>), (status = 403, body = Problem)))]
pub async fn list(_owner: Owner, state: Data<ApiState>) -> Result<Json<List<Invitation>>, ApiError> {
    Ok(Json(state.control.invitations().await?.into()))
}

/// Invites somebody, or gives a user a way to a new password. The link works once and for three days.
#[utoipa::path(post, path = "/data/v1/invitations", tag = "people", request_body = InvitationWish,
    responses((status = 201, body = InvitationAnswer), (status = 400, body = Problem),
        (status = 403, body = Problem)))]
pub async fn create(
    _owner: Owner,
    scribe: Scribe,
    state: Data<ApiState>,
    body: Json<InvitationWish>,
) -> Result<HttpResponse, ApiError> {
    let invitation = state.control.invite(&body.email, body.role, &body.environments).await?;
    let detail =
        json!({"role": body.role, "environments": body.environments, "invitation": invitation.invitation.id});
    scribe.note_for_owners(Deed::PersonInvited, &invitation.invitation.email, detail).await;
    let path = format!("/login#invitation={}", invitation.code);
    Ok(HttpResponse::Created().json(InvitationAnswer { invitation, path }))
}

/// Takes an invitation back.
#[utoipa::path(delete, path = "/data/v1/invitations/{invitation_id}", tag = "people",
    params(("invitation_id" = String, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn withdraw(
    _owner: Owner,
    scribe: Scribe,
    state: Data<ApiState>,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    match state.control.withdraw_invitation(&id).await? {
        true => {
            scribe.note_for_owners(Deed::InvitationWithdrawn, &id, json!({})).await;
            Ok(HttpResponse::NoContent().finish())
        }
        false => Err(ApiError::NotFound("there is no such open invitation".to_owned())),
    }
}
