//! What people do about incidents: open one, take it on, note something, resolve it; and the log of who did what when.

use actix_web::{
    HttpResponse,
    web::{Data, Json, Path},
};
use serde::Deserialize;
use serde_json::json;

use super::{IncidentAnswer, ever, found};
use crate::{
    control::{Deed, IncidentAction, IncidentEntry, NewIncident, Severity},
    event::metric,
    store::query::dimension::Dimension,
    web::{
        api::ApiState, auth::Reader, control::List, error::ApiError, permission::Writer, problem::Problem,
        scribe::Scribe,
    },
};

/// An incident to be opened.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentWish {
    /// What is wrong: 1 to 200 characters, not all of them spaces.
    #[schema(max_length = 200, pattern = r"\S")]
    pub description: String,
    pub severity: Severity,
    /// The id of the metric it shows in.
    pub measurement: String,
    /// Since when, Unix seconds; now when left out.
    #[schema(value_type = Option<u64>, maximum = 4294967295u32)]
    pub started_at: Option<u32>,
    /// The views it is about, at most ten values; all views when left out.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub breakdowns: Vec<BreakdownWish>,
    /// What is known so far, at most 4,000 characters.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub note: String,
}

/// A value of a dimension.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakdownWish {
    pub name: String,
    pub value: String,
}

/// Something to be done about an incident.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentDeed {
    pub action: IncidentAction,
    /// At most 4,000 characters; a `note` has to say something.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub note: String,
}

/// Opens an incident by hand. Its figures are null or 0: nobody measured.
#[utoipa::path(post, path = "/data/v1/incidents", tag = "incidents", request_body = IncidentWish,
    responses((status = 201, body = IncidentAnswer), (status = 400, body = Problem), (status = 403, body = Problem)))]
pub async fn open(
    Writer(writer): Writer,
    scribe: Scribe,
    state: Data<ApiState>,
    body: Json<IncidentWish>,
) -> Result<HttpResponse, ApiError> {
    let wish = body.into_inner();
    if metric::by_id(&wish.measurement).is_none() {
        let detail = format!("`{}` is no metric; `/data/v1/metrics` lists them", wish.measurement);
        return Err(ApiError::InvalidBody(detail));
    }
    if let Some(unknown) = wish.breakdowns.iter().find(|wish| Dimension::parse(&wish.name).is_none()) {
        let detail = format!("{}; `/data/v1/dimensions` lists them", Dimension::why_not(&unknown.name));
        return Err(ApiError::InvalidBody(detail));
    }
    let new = NewIncident {
        description: wish.description,
        severity: wish.severity,
        measurement: wish.measurement,
        started_ms: wish.started_at.map(|second| i64::from(second) * 1000),
        breakdowns: wish.breakdowns.into_iter().map(|BreakdownWish { name, value }| (name, value)).collect(),
        note: wish.note,
    };
    let opened = state.control.open_incident(&writer.environment, new, &writer.name()).await?;
    let detail = json!({"description": opened.detail.description});
    scribe.note(Deed::IncidentOpened, &opened.id, detail).await;
    let answer = IncidentAnswer { data: opened.into(), timeframe: ever(&state), total_row_count: None };
    Ok(HttpResponse::Created().json(answer))
}

/// What people did about an incident, the first first.
#[utoipa::path(get, path = "/data/v1/incidents/{id}/log", tag = "incidents", params(("id" = String, Path,)),
    responses((status = 200, body = List<IncidentEntry>), (status = 404, body = Problem)))]
pub async fn log(
    reader: Reader,
    id: Path<String>,
    state: Data<ApiState>,
) -> Result<Json<List<IncidentEntry>>, ApiError> {
    let incident = found(&reader, &id, &state).await?;
    Ok(Json(state.control.incident_log(&reader.environment, &incident.id).await?.into()))
}

/// Takes an incident on, notes something, or resolves it: one line in its log, by whoever asks. What is acknowledged or over
/// already is refused.
#[utoipa::path(post, path = "/data/v1/incidents/{id}/log", tag = "incidents", params(("id" = String, Path,)),
    request_body = IncidentDeed,
    responses((status = 201, body = IncidentAnswer), (status = 400, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, description = "It is done already", body = Problem)))]
pub async fn act(
    Writer(writer): Writer,
    scribe: Scribe,
    id: Path<String>,
    state: Data<ApiState>,
    body: Json<IncidentDeed>,
) -> Result<HttpResponse, ApiError> {
    let IncidentDeed { action, note } = body.into_inner();
    state.control.act_on_incident(&writer.environment, &id, action, &note, &writer.name()).await?;
    let deed = match action {
        IncidentAction::Acknowledge => Deed::IncidentAcknowledged,
        IncidentAction::Note => Deed::IncidentNoted,
        IncidentAction::Resolve => Deed::IncidentResolved,
    };
    scribe.note(deed, &id, json!({})).await;
    let data = found(&writer, &id, &state).await?.into();
    Ok(HttpResponse::Created().json(IncidentAnswer { data, timeframe: ever(&state), total_row_count: None }))
}
