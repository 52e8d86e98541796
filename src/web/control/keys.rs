//! Ingest keys of the caller's environment. They are public, so whoever reads may see them.

use actix_web::{
    HttpResponse,
    web::{Data, Json, Path},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::List;
use crate::{
    control::{Deed, KeySettings, ListedKey, Origins},
    web::{
        api::ApiState, auth::Reader, error::ApiError, permission::Admin, problem::Problem, scribe::Scribe,
    },
};

/// Everything that can be set about a key; what is left out is empty.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KeyWish {
    pub name: String,
    /// `https://example.org`, `http://localhost:3000`, `https://*.example.org`; empty is any.
    pub origins: Vec<String>,
    /// Events per second and collector; null is no limit.
    #[schema(minimum = 1, maximum = 10_000_000)]
    pub events_per_s: Option<u32>,
}

impl KeyWish {
    fn settings(&self) -> Result<KeySettings, ApiError> {
        Ok(KeySettings {
            name: self.name.clone(),
            origins: Origins::parse(&self.origins)?,
            events_per_s: self.events_per_s,
        })
    }
}

/// The environment's keys, oldest first, retired ones too.
#[utoipa::path(get, path = "/data/v1/ingest-keys", tag = "ingest keys",
    responses((status = 200, body = List<ListedKey>)))]
pub async fn list(reader: Reader, state: Data<ApiState>) -> Result<Json<List<ListedKey>>, ApiError> {
    Ok(Json(state.control.list_keys(&reader.environment).await?.into()))
}

/// Makes a key. It works at once, on other nodes within seconds.
#[utoipa::path(post, path = "/data/v1/ingest-keys", tag = "ingest keys", request_body = KeyWish,
    responses((status = 201, body = ListedKey), (status = 400, body = Problem), (status = 403, body = Problem)))]
pub async fn create(
    Admin(reader): Admin,
    scribe: Scribe,
    state: Data<ApiState>,
    body: Json<KeyWish>,
) -> Result<HttpResponse, ApiError> {
    let made = state.control.create_key(&reader.environment, &body.settings()?).await?;
    scribe.note(Deed::KeyCreated, &made.ingest_key, settings(&made)).await;
    Ok(HttpResponse::Created().json(made))
}

/// One key.
#[utoipa::path(get, path = "/data/v1/ingest-keys/{ingest_key}", tag = "ingest keys",
    params(("ingest_key" = String, Path)),
    responses((status = 200, body = ListedKey), (status = 404, body = Problem)))]
pub async fn show(
    reader: Reader,
    state: Data<ApiState>,
    key: Path<String>,
) -> Result<Json<ListedKey>, ApiError> {
    Ok(Json(state.control.listed_key(&reader.environment, &key).await?))
}

/// Sets everything about a key.
#[utoipa::path(put, path = "/data/v1/ingest-keys/{ingest_key}", tag = "ingest keys",
    params(("ingest_key" = String, Path)), request_body = KeyWish,
    responses((status = 200, body = ListedKey), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
pub async fn change(
    Admin(reader): Admin,
    scribe: Scribe,
    state: Data<ApiState>,
    key: Path<String>,
    body: Json<KeyWish>,
) -> Result<Json<ListedKey>, ApiError> {
    let changed = state.control.change_key(&reader.environment, &key, &body.settings()?).await?;
    scribe.note(Deed::KeyChanged, &key, settings(&changed)).await;
    Ok(Json(changed))
}

/// Makes a key with the same settings to take this one's place. Both work until this one is retired.
#[utoipa::path(post, path = "/data/v1/ingest-keys/{ingest_key}/rotate", tag = "ingest keys",
    params(("ingest_key" = String, Path)),
    responses((status = 201, body = ListedKey, description = "The new key"), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn rotate(
    Admin(reader): Admin,
    scribe: Scribe,
    state: Data<ApiState>,
    key: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let made = state.control.rotate_key(&reader.environment, &key).await?;
    scribe.note(Deed::KeyRotated, &key, json!({"new_key": made.ingest_key})).await;
    Ok(HttpResponse::Created().json(made))
}

/// Retires a key: beacons with it are refused from now on, at other nodes within seconds.
#[utoipa::path(delete, path = "/data/v1/ingest-keys/{ingest_key}", tag = "ingest keys",
    params(("ingest_key" = String, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn retire(
    Admin(reader): Admin,
    scribe: Scribe,
    state: Data<ApiState>,
    key: Path<String>,
) -> Result<HttpResponse, ApiError> {
    match state.control.retire_key(&reader.environment, &key).await? {
        true => {
            scribe.note(Deed::KeyRetired, &key, json!({})).await;
            Ok(HttpResponse::NoContent().finish())
        }
        false => Err(ApiError::NotFound("there is no such ingest key that works".to_owned())),
    }
}

/// What is noted of a key.
fn settings(key: &ListedKey) -> Value {
    json!({"name": key.name, "origins": key.origins, "events_per_s": key.events_per_s})
}
