//! Incidents: what was wrong with the figures. They are read here; what people do about them is in [`by_hand`].

pub mod by_hand;

use actix_web::web::{Data, Json, Path};
use chrono::SecondsFormat;
use serde::Serialize;

use super::{api::ApiState, auth::Reader, error::ApiError, metrics::time, openapi, params::Params};
use crate::control::{Incident, IncidentOrder, IncidentQuestion, IncidentStatus, Severity};

/// One incident.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct IncidentAnswer {
    pub data: IncidentShown,
    pub timeframe: [i64; 2],
    pub total_row_count: Option<i64>,
}

/// A page of incidents.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct IncidentsAnswer {
    pub data: Vec<IncidentShown>,
    pub timeframe: [i64; 2],
    pub total_row_count: i64,
}

/// Something that went wrong, from when to when and for whom.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct IncidentShown {
    pub id: String,
    /// The same for each time the same thing goes wrong.
    pub incident_key: String,
    /// `open`, `closed` or `expired`.
    pub status: &'static str,
    /// `warning` or `alert`.
    pub severity: &'static str,
    pub description: String,
    pub error_description: String,
    pub impact: String,
    /// The id of the metric.
    pub measurement: String,
    pub measured_value: Option<f64>,
    pub measured_value_on_close: Option<f64>,
    pub threshold: f64,
    pub sample_size: i64,
    pub sample_size_unit: String,
    pub affected_views: i64,
    pub affected_views_per_hour: i64,
    pub affected_views_per_hour_on_open: i64,
    /// The views it is about.
    pub breakdowns: Vec<IncidentBreakdown>,
    pub started_at: String,
    /// Null: it goes on.
    pub resolved_at: Option<String>,
    /// Who opened it by hand: then nothing was measured, and the figures say nothing. Null: it was found.
    pub opened_by: Option<String>,
    /// Who sees to it; null: nobody yet.
    pub acknowledged_by: Option<String>,
    pub acknowledged_at: Option<String>,
    /// Empty: nobody is notified yet.
    #[schema(value_type = Vec<Object>)]
    pub notification_rules: [(); 0],
    /// Empty likewise.
    #[schema(value_type = Vec<Object>)]
    pub notifications: [(); 0],
}

/// A value of a dimension.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct IncidentBreakdown {
    pub id: String,
    pub name: String,
    pub value: String,
}

impl From<Incident> for IncidentShown {
    fn from(incident: Incident) -> Self {
        let written = |ms: i64| time(ms, SecondsFormat::Secs);
        let detail = incident.detail;
        let acknowledged = incident.acknowledged;
        let breakdown = |(name, value): (String, String)| IncidentBreakdown {
            id: format!("{name}:{value}"),
            name,
            value,
        };
        Self {
            id: incident.id,
            incident_key: incident.key,
            status: incident.status.name(),
            severity: incident.severity.name(),
            description: detail.description,
            error_description: detail.error_description,
            impact: detail.impact,
            measurement: incident.measurement,
            measured_value: incident.measured_value,
            measured_value_on_close: detail.measured_value_on_close,
            threshold: detail.threshold,
            sample_size: detail.sample_size,
            sample_size_unit: detail.sample_size_unit,
            affected_views: incident.affected_views,
            affected_views_per_hour: whole(incident.affected_views_per_hour),
            affected_views_per_hour_on_open: whole(detail.affected_views_per_hour_on_open),
            breakdowns: detail.breakdowns.into_iter().map(breakdown).collect(),
            started_at: written(incident.started_ms),
            resolved_at: incident.resolved_ms.map(written),
            opened_by: incident.opened_by,
            acknowledged_by: acknowledged.clone().map(|(by, _)| by),
            acknowledged_at: acknowledged.map(|(_, at_ms)| written(at_ms)),
            notification_rules: [],
            notifications: [],
        }
    }
}

/// The orders, and what they are called in the API this one is shaped after.
pub const ORDERS: [(IncidentOrder, &str); 5] = [
    (IncidentOrder::Started, "started_at"),
    (IncidentOrder::AffectedViewsPerHour, "negative_impact"),
    (IncidentOrder::MeasuredValue, "value"),
    (IncidentOrder::AffectedViews, "views"),
    (IncidentOrder::Key, "field"),
];

/// Incidents, the newest first unless asked for otherwise.
#[utoipa::path(get, path = "/data/v1/incidents", tag = "incidents",
    params(openapi::WhichIncidents, openapi::Paging),
    responses((status = 200, body = IncidentsAnswer), (status = 400, body = super::problem::Problem)))]
pub async fn list(
    reader: Reader,
    params: Params,
    state: Data<ApiState>,
) -> Result<Json<IncidentsAnswer>, ApiError> {
    let one_of = |name: &str, value: &str, choices: &[&'static str]| {
        let detail = format!("`{value}` is no {name} of an incident");
        ApiError::parameter(name, detail, choices.iter().copied())
    };
    let status = params.one("status")?.map(|value| {
        let found = IncidentStatus::ALL.into_iter().find(|status| status.name() == value);
        found.ok_or_else(|| one_of("status", value, &IncidentStatus::ALL.map(IncidentStatus::name)))
    });
    let severity = params.one("severity")?.map(|value| {
        let found = Severity::ALL.into_iter().find(|severity| severity.name() == value);
        found.ok_or_else(|| one_of("severity", value, &Severity::ALL.map(Severity::name)))
    });
    let (order, _) = params.choice("order_by", &ORDERS, |(_, name)| name, ORDERS[0])?;
    let page = params.page()?;
    let question = IncidentQuestion {
        status: status.transpose()?,
        severity: severity.transpose()?,
        order,
        descending: params.descending(order != IncidentOrder::Key)?,
        limit: page.limit.into(),
        offset: page.offset(),
    };
    let (incidents, total_row_count) = state.control.incidents(&reader.environment, question).await?;
    Ok(Json(answer(&state, incidents, total_row_count)))
}

/// One incident.
#[utoipa::path(get, path = "/data/v1/incidents/{id}", tag = "incidents", params(("id" = String, Path,)),
    responses((status = 200, body = IncidentAnswer), (status = 404, body = super::problem::Problem)))]
pub async fn show(
    reader: Reader,
    id: Path<String>,
    state: Data<ApiState>,
) -> Result<Json<IncidentAnswer>, ApiError> {
    let data = found(&reader, &id, &state).await?.into();
    Ok(Json(IncidentAnswer { data, timeframe: ever(&state), total_row_count: None }))
}

/// Incidents that may have the same cause: at the same time, of the same metric or of views with the same value of a
/// dimension.
#[utoipa::path(get, path = "/data/v1/incidents/{id}/related", tag = "incidents",
    params(("id" = String, Path,), openapi::Paging),
    responses((status = 200, body = IncidentsAnswer), (status = 404, body = super::problem::Problem)))]
pub async fn related(
    reader: Reader,
    id: Path<String>,
    params: Params,
    state: Data<ApiState>,
) -> Result<Json<IncidentsAnswer>, ApiError> {
    let page = params.page()?;
    let incident = found(&reader, &id, &state).await?;
    let related = state.control.related_incidents(&reader.environment, &incident).await?;
    let count = i64::try_from(related.len()).unwrap_or(i64::MAX);
    let offset = usize::try_from(page.offset()).unwrap_or(usize::MAX);
    let related = related.into_iter().skip(offset).take(page.limit as usize).collect();
    Ok(Json(answer(&state, related, count)))
}

async fn found(reader: &Reader, id: &str, state: &ApiState) -> Result<Incident, ApiError> {
    let found = state.control.incident(&reader.environment, id).await?;
    found.ok_or_else(|| ApiError::NotFound("there is no such incident".to_owned()))
}

fn answer(state: &ApiState, incidents: Vec<Incident>, total_row_count: i64) -> IncidentsAnswer {
    let data = incidents.into_iter().map(IncidentShown::from).collect();
    IncidentsAnswer { data, timeframe: ever(state), total_row_count }
}

/// Incidents are kept for good.
fn ever(state: &ApiState) -> [i64; 2] {
    [0, state.clock.now_ms() / 1000]
}

#[expect(clippy::cast_possible_truncation, reason = "counts of views")]
fn whole(views: f64) -> i64 {
    views.round() as i64
}
