//! Annotations: notes at a time, made by people and by programs that release things.

use actix_web::{
    HttpResponse,
    web::{Data, Json, Path},
};
use chrono::SecondsFormat;
use serde::{Deserialize, Serialize};

use super::{
    api::ApiState, auth::Reader, error::ApiError, metrics::time, openapi, params::Params, permission::Writer,
};
use crate::control::{Annotation, AnnotationChange, AnnotationQuestion};

/// What an annotation says. A change may leave out what stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnnotationInput {
    /// What time it is about, Unix seconds.
    #[schema(value_type = Option<u64>, maximum = 4294967295u32)]
    pub date: Option<u32>,
    /// 1 to 4,000 characters, not all of them spaces.
    #[schema(max_length = 4000, pattern = r"\S")]
    pub note: Option<String>,
    /// At most 256 characters; empty takes it away.
    #[schema(max_length = 256)]
    pub sub_property_id: Option<String>,
}

/// One annotation.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AnnotationAnswer {
    pub data: AnnotationShown,
}

/// A page of annotations.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AnnotationsAnswer {
    pub data: Vec<AnnotationShown>,
    pub timeframe: [i64; 2],
    pub total_row_count: i64,
}

/// A note at a time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AnnotationShown {
    pub id: String,
    /// What time it is about.
    pub date: String,
    pub note: String,
    pub sub_property_id: Option<String>,
    /// `token:ID` or `session`.
    pub created_by: String,
    pub created_at: String,
}

impl From<Annotation> for AnnotationShown {
    fn from(annotation: Annotation) -> Self {
        let written = |ms: i64| time(ms, SecondsFormat::Secs);
        Self {
            id: annotation.id,
            date: written(annotation.at_ms),
            note: annotation.note,
            sub_property_id: annotation.sub_property_id,
            created_by: annotation.created_by,
            created_at: written(annotation.created_ms),
        }
    }
}

impl From<AnnotationInput> for AnnotationChange {
    fn from(input: AnnotationInput) -> Self {
        Self {
            at_ms: input.date.map(|second| i64::from(second) * 1000),
            note: input.note,
            sub_property_id: input.sub_property_id,
        }
    }
}

/// Annotations about a timeframe, all there are when it is left out.
#[utoipa::path(get, path = "/data/v1/annotations", tag = "annotations",
    params(openapi::Within, openapi::Paging, openapi::Directed),
    responses((status = 200, body = AnnotationsAnswer), (status = 400, body = super::problem::Problem)))]
pub async fn list(
    reader: Reader,
    params: Params,
    state: Data<ApiState>,
) -> Result<Json<AnnotationsAnswer>, ApiError> {
    let timeframe = params.has("timeframe[]").then(|| params.timeframe()).transpose()?;
    let page = params.page()?;
    let question = AnnotationQuestion {
        from_ms: timeframe.map_or(0, |timeframe| timeframe.from_ms),
        to_ms: timeframe.map_or(i64::MAX, |timeframe| timeframe.to_ms),
        newest_first: params.descending(true)?,
        limit: page.limit.into(),
        offset: page.offset(),
    };
    let (annotations, total_row_count) = state.control.annotations(&reader.environment, question).await?;
    let now_s = state.clock.now_ms() / 1000;
    Ok(Json(AnnotationsAnswer {
        data: annotations.into_iter().map(AnnotationShown::from).collect(),
        timeframe: timeframe.map_or([0, now_s], |timeframe| timeframe.seconds()),
        total_row_count,
    }))
}

/// Notes something at a time. Tokens with the scope `write` may, so that releases note themselves.
#[utoipa::path(post, path = "/data/v1/annotations", tag = "annotations", request_body = AnnotationInput,
    responses((status = 201, body = AnnotationAnswer), (status = 400, body = super::problem::Problem)))]
pub async fn create(
    Writer(writer): Writer,
    state: Data<ApiState>,
    body: Json<AnnotationInput>,
) -> Result<HttpResponse, ApiError> {
    let says = body.into_inner().into();
    let made = state.control.create_annotation(&writer.environment, says, &writer.name()).await?;
    Ok(HttpResponse::Created().json(AnnotationAnswer { data: made.into() }))
}

/// One annotation.
#[utoipa::path(get, path = "/data/v1/annotations/{id}", tag = "annotations", params(("id" = String, Path,)),
    responses((status = 200, body = AnnotationAnswer), (status = 404, body = super::problem::Problem)))]
pub async fn show(
    reader: Reader,
    id: Path<String>,
    state: Data<ApiState>,
) -> Result<Json<AnnotationAnswer>, ApiError> {
    let found = state.control.annotation(&reader.environment, &id).await?;
    found.map(|found| Json(AnnotationAnswer { data: found.into() })).ok_or_else(unknown)
}

/// Changes an annotation.
#[utoipa::path(patch, path = "/data/v1/annotations/{id}", tag = "annotations", params(("id" = String, Path,)),
    request_body = AnnotationInput,
    responses((status = 200, body = AnnotationAnswer), (status = 400, body = super::problem::Problem),
        (status = 404, body = super::problem::Problem)))]
pub async fn update(
    Writer(writer): Writer,
    id: Path<String>,
    state: Data<ApiState>,
    body: Json<AnnotationInput>,
) -> Result<Json<AnnotationAnswer>, ApiError> {
    let says = body.into_inner().into();
    let changed = state.control.update_annotation(&writer.environment, &id, says, &writer.name()).await?;
    changed.map(|changed| Json(AnnotationAnswer { data: changed.into() })).ok_or_else(unknown)
}

/// Deletes an annotation. Who did it and when is kept.
#[utoipa::path(delete, path = "/data/v1/annotations/{id}", tag = "annotations", params(("id" = String, Path,)),
    responses((status = 204), (status = 404, body = super::problem::Problem)))]
pub async fn delete(
    Writer(writer): Writer,
    id: Path<String>,
    state: Data<ApiState>,
) -> Result<HttpResponse, ApiError> {
    match state.control.delete_annotation(&writer.environment, &id, &writer.name()).await? {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(unknown()),
    }
}

fn unknown() -> ApiError {
    ApiError::NotFound("there is no such annotation".to_owned())
}
