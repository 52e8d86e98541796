//! SQL that people keep for one another. Whoever may ask SQL may keep it; what another has kept is changed and deleted by those
//! alone who may write.

use actix_web::{
    HttpResponse,
    web::{Data, Json, Path},
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    control::{Deed, SavedQuery, Scope},
    web::{
        api::ApiState,
        auth::Reader,
        control::List,
        error::ApiError,
        permission::{Analyst, QueryKeeper},
        problem::Problem,
        scribe::Scribe,
    },
};

/// A query to be kept.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryWish {
    /// 1 to 120 characters on one line, and no other's of the environment.
    #[schema(max_length = 120, pattern = r"\S")]
    pub name: String,
    /// At most 64 KiB.
    #[schema(pattern = r"\S")]
    pub query: String,
}

/// The environment's queries, by name.
#[utoipa::path(get, path = "/data/v1/sql/saved", tag = "sql",
    responses((status = 200, body = List<SavedQuery>), (status = 403, body = Problem)))]
pub async fn list(
    Analyst(reader): Analyst,
    state: Data<ApiState>,
) -> Result<Json<List<SavedQuery>>, ApiError> {
    Ok(Json(state.control.saved_queries(&reader.environment).await?.into()))
}

/// Keeps a query, for everybody in the environment to find.
#[utoipa::path(post, path = "/data/v1/sql/saved", tag = "sql", request_body = QueryWish,
    responses((status = 201, body = SavedQuery), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 409, description = "The name is taken", body = Problem)))]
pub async fn create(
    Analyst(reader): Analyst,
    scribe: Scribe,
    state: Data<ApiState>,
    body: Json<QueryWish>,
) -> Result<HttpResponse, ApiError> {
    let QueryWish { name, query } = body.into_inner();
    let made = state.control.save_query(&reader.environment, &name, &query, &reader.name()).await?;
    scribe.note(Deed::QuerySaved, &made.id, json!({"name": name})).await;
    Ok(HttpResponse::Created().json(made))
}

/// Changes the name and text of a query: one's own, or anybody's with the scope `write`.
#[utoipa::path(put, path = "/data/v1/sql/saved/{saved_id}", tag = "sql",
    params(("saved_id" = String, Path)), request_body = QueryWish,
    responses((status = 200, body = SavedQuery), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, description = "The name is taken", body = Problem)))]
pub async fn change(
    QueryKeeper(reader): QueryKeeper,
    scribe: Scribe,
    state: Data<ApiState>,
    id: Path<String>,
    body: Json<QueryWish>,
) -> Result<Json<SavedQuery>, ApiError> {
    may_change(&reader, &state, &id).await?;
    let QueryWish { name, query } = body.into_inner();
    let changed = state.control.change_query(&reader.environment, &id, &name, &query, &reader.name()).await?;
    let changed = changed.ok_or_else(none)?;
    scribe.note(Deed::QueryChanged, &id, json!({"name": name})).await;
    Ok(Json(changed))
}

/// Deletes a query: one's own, or anybody's with the scope `write`.
#[utoipa::path(delete, path = "/data/v1/sql/saved/{saved_id}", tag = "sql",
    params(("saved_id" = String, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn delete(
    QueryKeeper(reader): QueryKeeper,
    scribe: Scribe,
    state: Data<ApiState>,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    may_change(&reader, &state, &id).await?;
    if !state.control.delete_query(&reader.environment, &id).await? {
        return Err(none());
    }
    scribe.note(Deed::QueryDeleted, &id, json!({})).await;
    Ok(HttpResponse::NoContent().finish())
}

/// Whether this reader may change a query: it is theirs, or they may write.
async fn may_change(reader: &Reader, state: &ApiState, id: &str) -> Result<(), ApiError> {
    if reader.scopes.has(Scope::Write) {
        return Ok(());
    }
    let all = state.control.saved_queries(&reader.environment).await?;
    let saved = all.into_iter().find(|saved| saved.id == id).ok_or_else(none)?;
    if saved.created_by == reader.name() {
        return Ok(());
    }
    Err(ApiError::Forbidden("this query is another's: changing it needs the scope `write`"))
}

fn none() -> ApiError {
    ApiError::NotFound("there is no such saved query".to_owned())
}
