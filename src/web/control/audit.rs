//! The audit log: who did what in the caller's environment, and to an owner also what was done to the installation.

use actix_web::web::{Data, Json};
use serde::Serialize;

use crate::{
    control::{AuditLine, AuditQuestion, Deed},
    web::{api::ApiState, error::ApiError, openapi, params::Params, permission::Admin, problem::Problem},
};

/// A page of the log, newest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AuditAnswer {
    pub data: Vec<AuditLine>,
    /// Where the list goes on; null at its end.
    pub next_cursor: Option<String>,
}

/// Who did what, newest first: keys, tokens, people, retention, erasures, exports, sign-ins, and the SQL that was asked.
/// An owner's session sees what concerns the installation too, such as who was invited and which sign-ins failed.
#[utoipa::path(get, path = "/data/v1/audit", tag = "audit",
    params(openapi::Audited),
    responses((status = 200, body = AuditAnswer), (status = 400, body = Problem), (status = 403, body = Problem)))]
pub async fn list(
    Admin(reader): Admin,
    params: Params,
    state: Data<ApiState>,
) -> Result<Json<AuditAnswer>, ApiError> {
    params.only(&["deed", "limit", "cursor"])?;
    let deed = params.one("deed")?.unwrap_or_default();
    if !deed.is_empty() && !Deed::knows(deed) {
        let detail = format!("`{deed}` is nothing that is noted");
        return Err(ApiError::parameter("deed", detail, Deed::ALL.iter().map(|deed| deed.word())));
    }
    let before = params.one("cursor")?;
    if let Some(cursor) = before.filter(|cursor| uuid::Uuid::try_parse(cursor).is_err()) {
        let detail = format!("`{cursor}` is no cursor of this list");
        return Err(ApiError::parameter("cursor", detail, ["the `next_cursor` of the answer before"]));
    }
    let limit = i64::from(params.page()?.limit);
    let question = AuditQuestion {
        environment: Some(&reader.environment),
        installation: reader.is_owner(),
        deed,
        before,
        limit: limit + 1,
    };
    let mut data = state.control.audit_lines(question).await?;
    let more = i64::try_from(data.len()).is_ok_and(|lines| lines > limit);
    data.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next_cursor = data.last().filter(|_| more).map(|line| line.id.clone());
    Ok(Json(AuditAnswer { data, next_cursor }))
}
