//! API tokens of the caller's environment.

use actix_web::{
    HttpResponse,
    web::{Data, Json, Path},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::List;
use crate::{
    control::{Deed, ListedToken, NewToken, Scope, Scopes, TokenSettings},
    web::{api::ApiState, error::ApiError, permission::Admin, problem::Problem, scribe::Scribe},
};

/// A token to be made.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenWish {
    #[serde(default)]
    pub name: String,
    /// At least one, and none the caller does not have.
    #[schema(min_items = 1)]
    pub scopes: Vec<Scope>,
    /// When it stops working; left out, never.
    pub expires_ms: Option<i64>,
}

/// A token as it is handed out, once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TokenAnswer {
    #[serde(flatten)]
    pub token: NewToken,
    pub name: String,
    #[schema(value_type = Vec<Scope>)]
    pub scopes: Scopes,
    pub expires_ms: Option<i64>,
}

/// The environment's tokens, oldest first, revoked ones too. Secrets are kept nowhere.
#[utoipa::path(get, path = "/data/v1/tokens", tag = "tokens",
    responses((status = 200, body = List<ListedToken>), (status = 403, body = Problem)))]
pub async fn list(Admin(reader): Admin, state: Data<ApiState>) -> Result<Json<List<ListedToken>>, ApiError> {
    Ok(Json(state.control.list_tokens(&reader.environment).await?.into()))
}

/// Makes a token. Its secret is shown once.
#[utoipa::path(post, path = "/data/v1/tokens", tag = "tokens", request_body = TokenWish,
    responses((status = 201, body = TokenAnswer), (status = 400, body = Problem),
        (status = 403, body = Problem)))]
pub async fn create(
    Admin(reader): Admin,
    scribe: Scribe,
    state: Data<ApiState>,
    body: Json<TokenWish>,
) -> Result<HttpResponse, ApiError> {
    let TokenWish { name, scopes, expires_ms } = body.into_inner();
    let scopes: Scopes = scopes.into_iter().collect();
    if !reader.scopes.cover(scopes) {
        return Err(ApiError::Forbidden("nobody can give a token more than they may do themselves"));
    }
    let settings = TokenSettings { name, scopes, expires_ms };
    let token = state.control.create_token(&reader.environment, &settings).await?;
    let TokenSettings { name, scopes, expires_ms } = settings;
    let detail = json!({"name": name, "scopes": scopes, "expires_ms": expires_ms});
    scribe.note(Deed::TokenCreated, &token.id, detail).await;
    Ok(HttpResponse::Created().json(TokenAnswer { token, name, scopes, expires_ms }))
}

/// Revokes a token: it stops working at once, at other nodes within seconds.
#[utoipa::path(delete, path = "/data/v1/tokens/{token_id}", tag = "tokens",
    params(("token_id" = String, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn revoke(
    Admin(reader): Admin,
    scribe: Scribe,
    state: Data<ApiState>,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    match state.control.revoke_token(&reader.environment, &id).await? {
        true => {
            scribe.note(Deed::TokenRevoked, &id, json!({})).await;
            Ok(HttpResponse::NoContent().finish())
        }
        false => Err(ApiError::NotFound("there is no such token that works".to_owned())),
    }
}
