//! Incidents: what was wrong with the figures, from when to when, and for whom.
//!
//! This is their storage. Whoever finds one saves it under its own id as often as it changes; what people do about it is
//! in [`super::incident_log`].

use serde::{Deserialize, Serialize};
use sqlx::{Row, any::AnyRow};

use super::{Control, ControlError};

/// Whether it is still going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncidentStatus {
    Open,
    /// The figures are as usual again.
    Closed,
    /// There were no views any more to tell.
    Expired,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = IncidentSeverity)]
pub enum Severity {
    Warning,
    Alert,
}

/// What incidents are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncidentOrder {
    Started,
    AffectedViews,
    AffectedViewsPerHour,
    MeasuredValue,
    Key,
}

/// One incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    pub id: String,
    /// The same for each time the same thing goes wrong.
    pub key: String,
    pub status: IncidentStatus,
    pub severity: Severity,
    /// The metric that went wrong, by its id.
    pub measurement: String,
    pub measured_value: Option<f64>,
    pub affected_views: i64,
    pub affected_views_per_hour: f64,
    pub started_ms: i64,
    pub resolved_ms: Option<i64>,
    /// Who opened it by hand; its figures are not measured then.
    pub opened_by: Option<String>,
    /// Who sees to it, and since when.
    pub acknowledged: Option<(String, i64)>,
    pub detail: IncidentDetail,
}

/// What nobody searches by.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct IncidentDetail {
    pub description: String,
    pub error_description: String,
    pub impact: String,
    pub threshold: f64,
    pub measured_value_on_close: Option<f64>,
    pub sample_size: i64,
    pub sample_size_unit: String,
    pub affected_views_per_hour_on_open: f64,
    /// The views it is about, as dimension and value.
    pub breakdowns: Vec<(String, String)>,
}

/// Which incidents, and which page of them.
#[derive(Debug, Clone, Copy)]
pub struct IncidentQuestion {
    pub status: Option<IncidentStatus>,
    pub severity: Option<Severity>,
    pub order: IncidentOrder,
    pub descending: bool,
    pub limit: i64,
    pub offset: i64,
}

impl IncidentStatus {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Open, Self::Closed, Self::Expired];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Expired => "expired",
        }
    }
}

impl Severity {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Warning, Self::Alert];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Alert => "alert",
        }
    }
}

impl IncidentOrder {
    const fn column(self) -> &'static str {
        match self {
            Self::Started => "started_ms",
            Self::AffectedViews => "affected_views",
            Self::AffectedViewsPerHour => "affected_views_per_hour",
            Self::MeasuredValue => "measured_value",
            Self::Key => "incident_key",
        }
    }
}

impl Incident {
    /// Whether `other` may have the same cause: it went on at the same time, and is of the same metric or of views with
    /// the same value of a dimension.
    pub fn is_related_to(&self, other: &Self) -> bool {
        let end = |incident: &Self| incident.resolved_ms.unwrap_or(i64::MAX);
        let overlap = self.started_ms <= end(other) && other.started_ms <= end(self);
        let shared = self.detail.breakdowns.iter().any(|value| other.detail.breakdowns.contains(value));
        self.id != other.id && overlap && (self.measurement == other.measurement || shared)
    }
}

const COLUMNS: &str = "id, incident_key, status, severity, measurement, measured_value, affected_views, \
                       affected_views_per_hour, started_ms, resolved_ms, detail,
    (SELECT actor FROM incident_log WHERE incident = incidents.id AND action = 'open') AS opened_by,
    (SELECT actor FROM incident_log WHERE incident = incidents.id AND action = 'acknowledge') AS acknowledged_by,
    (SELECT at_ms FROM incident_log WHERE incident = incidents.id AND action = 'acknowledge') AS acknowledged_ms";
/// Null stands for any.
const WHICH: &str =
    "environment = $1 AND status = COALESCE($2, status) AND severity = COALESCE($3, severity)";

impl Control {
    /// Writes an incident as it is now.
    pub async fn save_incident(&self, environment: &str, incident: &Incident) -> Result<(), ControlError> {
        write_incident(&self.pool, environment, incident).await
    }

    /// A page of incidents, and how many there are in all.
    pub async fn incidents(
        &self,
        environment: &str,
        question: IncidentQuestion,
    ) -> Result<(Vec<Incident>, i64), ControlError> {
        let status = question.status.map(IncidentStatus::name);
        let severity = question.severity.map(Severity::name);
        let count =
            sqlx::query(sqlx::AssertSqlSafe(format!("SELECT COUNT(*) AS n FROM incidents WHERE {WHICH}")))
                .bind(environment)
                .bind(status)
                .bind(severity)
                .fetch_one(&self.pool)
                .await?;
        let direction = if question.descending { "DESC" } else { "ASC" };
        let column = question.order.column();
        let page = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM incidents WHERE {WHICH}
             ORDER BY {column} {direction}, started_ms DESC, id LIMIT $4 OFFSET $5"
        )))
        .bind(environment)
        .bind(status)
        .bind(severity)
        .bind(question.limit)
        .bind(question.offset)
        .fetch_all(&self.pool)
        .await?;
        let page = page.iter().map(incident).collect::<Result<_, _>>()?;
        Ok((page, count.try_get("n")?))
    }

    /// One incident of an environment.
    pub async fn incident(&self, environment: &str, id: &str) -> Result<Option<Incident>, ControlError> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM incidents WHERE environment = $1 AND id = $2"
        )))
        .bind(environment)
        .bind(id)
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(incident).transpose()
    }

    /// Incidents that may have the same cause as this one, newest first.
    pub async fn related_incidents(
        &self,
        environment: &str,
        of: &Incident,
    ) -> Result<Vec<Incident>, ControlError> {
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM incidents
             WHERE environment = $1 AND started_ms <= $2 AND COALESCE(resolved_ms, $2) >= $3
             ORDER BY started_ms DESC, id"
        )))
        .bind(environment)
        .bind(of.resolved_ms.unwrap_or(i64::MAX))
        .bind(of.started_ms)
        .fetch_all(&self.pool)
        .await?;
        let overlapping: Vec<_> = rows.iter().map(incident).collect::<Result<_, _>>()?;
        Ok(overlapping.into_iter().filter(|other| of.is_related_to(other)).collect())
    }
}

/// Writes an incident, perhaps as a part of something larger.
pub(super) async fn write_incident<'c>(
    executor: impl sqlx::Executor<'c, Database = sqlx::Any>,
    environment: &str,
    incident: &Incident,
) -> Result<(), ControlError> {
    let detail = serde_json::to_string(&incident.detail)
        .map_err(|error| ControlError::Invalid(format!("the incident cannot be written: {error}")))?;
    sqlx::query(
        "INSERT INTO incidents (id, environment, incident_key, status, severity, measurement, measured_value,
             affected_views, affected_views_per_hour, started_ms, resolved_ms, detail)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (id) DO UPDATE SET status = excluded.status, severity = excluded.severity,
             measured_value = excluded.measured_value, affected_views = excluded.affected_views,
             affected_views_per_hour = excluded.affected_views_per_hour, resolved_ms = excluded.resolved_ms,
             detail = excluded.detail
         WHERE incidents.environment = excluded.environment",
    )
    .bind(&incident.id)
    .bind(environment)
    .bind(&incident.key)
    .bind(incident.status.name())
    .bind(incident.severity.name())
    .bind(&incident.measurement)
    .bind(incident.measured_value)
    .bind(incident.affected_views)
    .bind(incident.affected_views_per_hour)
    .bind(incident.started_ms)
    .bind(incident.resolved_ms)
    .bind(detail)
    .execute(executor)
    .await?;
    Ok(())
}

fn incident(row: &AnyRow) -> Result<Incident, ControlError> {
    let unknown =
        |what: &str| ControlError::Unavailable(format!("an incident in the database has no {what}"));
    let (status, severity): (String, String) = (row.try_get("status")?, row.try_get("severity")?);
    let detail: String = row.try_get("detail")?;
    let acknowledged_by: Option<String> = row.try_get("acknowledged_by")?;
    Ok(Incident {
        id: row.try_get("id")?,
        key: row.try_get("incident_key")?,
        status: IncidentStatus::ALL
            .into_iter()
            .find(|s| s.name() == status)
            .ok_or_else(|| unknown("status"))?,
        severity: Severity::ALL
            .into_iter()
            .find(|s| s.name() == severity)
            .ok_or_else(|| unknown("severity"))?,
        measurement: row.try_get("measurement")?,
        measured_value: row.try_get("measured_value")?,
        affected_views: row.try_get("affected_views")?,
        affected_views_per_hour: row.try_get("affected_views_per_hour")?,
        started_ms: row.try_get("started_ms")?,
        resolved_ms: row.try_get("resolved_ms")?,
        opened_by: row.try_get("opened_by")?,
        acknowledged: acknowledged_by.zip(row.try_get("acknowledged_ms")?),
        detail: serde_json::from_str(&detail).map_err(|_| unknown("detail that can be read"))?,
    })
}
