//! Environments: a token sees its own, a person those they are in, and an owner all and may make more.

use actix_web::{
    HttpResponse,
    web::{Data, Json, Path},
};
use serde::Deserialize;
use serde_json::json;

use super::List;
use crate::{
    control::{Deed, Environment, NewEnvironment, Tenant},
    web::{
        api::ApiState,
        auth::{Reader, Via},
        error::ApiError,
        permission::{Admin, Owner},
        problem::Problem,
        scribe::Scribe,
    },
};

/// What a new environment is to be called.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// With a letter or digit in it.
    #[schema(min_length = 1, max_length = 64)]
    pub name: String,
}

/// What is to be different about an environment; what is left out stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentChange {
    pub name: Option<String>,
    /// From 1 to 90. What is older then goes within the hour.
    #[schema(minimum = 1, maximum = 90)]
    pub retention_days: Option<u32>,
}

/// Environments the caller may see: a token its own, a person those they are in, an owner all.
#[utoipa::path(get, path = "/data/v1/environments", tag = "environments",
    responses((status = 200, body = List<Environment>)))]
pub async fn list(reader: Reader, state: Data<ApiState>) -> Result<Json<List<Environment>>, ApiError> {
    Ok(Json(visible(&reader, &state).await?.into()))
}

/// Makes an environment with a key to send and a token to read. Its secret is shown once.
#[utoipa::path(post, path = "/data/v1/environments", tag = "environments", request_body = Wanted,
    responses((status = 201, body = NewEnvironment), (status = 400, body = Problem),
        (status = 403, description = "Not an owner's session", body = Problem),
        (status = 409, body = Problem)))]
pub async fn create(
    _owner: Owner,
    scribe: Scribe,
    state: Data<ApiState>,
    body: Json<Wanted>,
) -> Result<HttpResponse, ApiError> {
    let made = state.control.create_environment(&body.name).await?;
    let detail = json!({"name": body.name, "ingest_key": made.ingest_key, "token": made.token.id});
    scribe.note_in(&made.id, Deed::EnvironmentCreated, &made.id, detail).await;
    Ok(HttpResponse::Created().json(made))
}

/// One environment with its settings.
#[utoipa::path(get, path = "/data/v1/environments/{environment}", tag = "environments",
    params(("environment" = String, Path)),
    responses((status = 200, body = Tenant), (status = 404, body = Problem)))]
pub async fn show(reader: Reader, state: Data<ApiState>, id: Path<String>) -> Result<Json<Tenant>, ApiError> {
    find(&reader, &state, &id).await?;
    Ok(Json(state.control.tenant(&id).await?))
}

/// Gives an environment another name, or another time to keep its data. Its id stays.
#[utoipa::path(patch, path = "/data/v1/environments/{environment}", tag = "environments",
    params(("environment" = String, Path)), request_body = EnvironmentChange,
    responses((status = 200, body = Tenant), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
pub async fn change(
    Admin(reader): Admin,
    scribe: Scribe,
    state: Data<ApiState>,
    id: Path<String>,
    body: Json<EnvironmentChange>,
) -> Result<Json<Tenant>, ApiError> {
    find(&reader, &state, &id).await?;
    let changed = state.control.change_environment(&id, body.name.as_deref(), body.retention_days).await?;
    let detail = json!({"name": body.name, "retention_days": body.retention_days});
    scribe.note_in(&id, Deed::EnvironmentChanged, &id, detail).await;
    Ok(Json(changed))
}

async fn find(reader: &Reader, state: &ApiState, id: &str) -> Result<(), ApiError> {
    match visible(reader, state).await?.iter().any(|visible| visible.id == id) {
        true => Ok(()),
        false => Err(ApiError::NotFound("there is no such environment".to_owned())),
    }
}

async fn visible(reader: &Reader, state: &ApiState) -> Result<Vec<Environment>, ApiError> {
    match &reader.via {
        Via::Session(session) => Ok(state.control.environments_of(session).await?),
        Via::Token(_) => {
            let mut environments = state.control.environments().await?;
            environments.retain(|environment| *environment.id == *reader.environment);
            Ok(environments)
        }
    }
}
