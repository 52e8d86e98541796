//! Environments: a token sees its own, an admin all, and may make more.

use actix_web::{
    HttpResponse,
    web::{Data, Json},
};
use serde::{Deserialize, Serialize};

use super::{
    api::ApiState,
    auth::{Reader, Via},
    error::ApiError,
};
use crate::control::{Environment, NewEnvironment};

/// What a new environment is to be called.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    pub name: String,
}

/// Environments.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct EnvironmentsAnswer {
    pub data: Vec<Environment>,
    pub total_row_count: usize,
}

#[utoipa::path(get, path = "/data/v1/environments", tag = "environments",
    responses((status = 200, body = EnvironmentsAnswer)))]
pub async fn list(reader: Reader, state: Data<ApiState>) -> Result<Json<EnvironmentsAnswer>, ApiError> {
    let mut data = state.control.environments().await?;
    if matches!(reader.via, Via::Token(_)) {
        data.retain(|environment| *environment.id == *reader.environment);
    }
    Ok(Json(EnvironmentsAnswer { total_row_count: data.len(), data }))
}

#[utoipa::path(post, path = "/data/v1/environments", tag = "environments", request_body = Wanted,
    responses((status = 201, body = NewEnvironment), (status = 400, body = super::error::Problem),
        (status = 403, description = "Tokens only read", body = super::error::Problem),
        (status = 409, body = super::error::Problem)))]
pub async fn create(
    reader: Reader,
    state: Data<ApiState>,
    body: Json<Wanted>,
) -> Result<HttpResponse, ApiError> {
    reader.admin()?;
    let made = state.control.create_environment(&body.name).await?;
    Ok(HttpResponse::Created().json(made))
}
