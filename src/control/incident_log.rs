//! What people do about incidents: open one by hand, take it on, note something, resolve it. Who did what and when stays.

use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, Row};

use super::{
    Control, ControlError, Incident, IncidentDetail, IncidentStatus, Severity, incident::write_incident,
    now_ms,
};

/// Longest description and note, in characters.
const MAX_DESCRIPTION: usize = 200;
const MAX_NOTE: usize = 4_000;
/// Values of dimensions that one incident is about.
const MOST_BREAKDOWNS: usize = 10;
/// Clocks of people who report are a little ahead.
const AHEAD_MS: i64 = 60_000;

/// What is done about an incident that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum IncidentAction {
    /// Somebody sees to it; once.
    Acknowledge,
    /// Something is known or was tried; at any time.
    Note,
    /// It is over.
    Resolve,
}

/// An incident as somebody opens it.
#[derive(Debug, Clone)]
pub struct NewIncident {
    pub description: String,
    pub severity: Severity,
    /// The id of a metric.
    pub measurement: String,
    pub started_ms: Option<i64>,
    /// Dimensions and values; none: all views.
    pub breakdowns: Vec<(String, String)>,
    pub note: String,
}

/// A line of an incident's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct IncidentEntry {
    pub at_ms: i64,
    /// `open`, `acknowledge`, `note` or `resolve`.
    pub action: String,
    /// `token ID`, an email address or `the operator`.
    pub actor: String,
    /// Empty: nothing was said.
    pub note: String,
}

impl IncidentAction {
    /// Its word in the API and the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Note => "note",
            Self::Resolve => "resolve",
        }
    }
}

impl NewIncident {
    fn check(&self, now_ms: i64) -> Result<(), ControlError> {
        let invalid = |text: String| Err(ControlError::Invalid(text));
        let length = self.description.chars().count();
        if self.description.trim().is_empty() || length > MAX_DESCRIPTION {
            return invalid(format!("`description` has 1 to {MAX_DESCRIPTION} characters"));
        }
        if self.breakdowns.len() > MOST_BREAKDOWNS {
            return invalid(format!("`breakdowns` has at most {MOST_BREAKDOWNS} values"));
        }
        if self.started_ms.is_some_and(|at| at > now_ms + AHEAD_MS) {
            return invalid("`started_at` is in the future".to_owned());
        }
        check_note(&self.note)
    }
}

fn check_note(note: &str) -> Result<(), ControlError> {
    if note.chars().count() > MAX_NOTE {
        return Err(ControlError::Invalid(format!("`note` has at most {MAX_NOTE} characters")));
    }
    Ok(())
}

impl Control {
    /// Opens an incident by hand.
    pub async fn open_incident(
        &self,
        environment: &str,
        new: NewIncident,
        by: &str,
    ) -> Result<Incident, ControlError> {
        let now = now_ms();
        new.check(now)?;
        let id = uuid::Uuid::now_v7().to_string();
        let incident = Incident {
            // Each is one of its kind: nobody measures whether it comes back.
            key: id.clone(),
            id,
            status: IncidentStatus::Open,
            severity: new.severity,
            measurement: new.measurement,
            measured_value: None,
            affected_views: 0,
            affected_views_per_hour: 0.0,
            started_ms: new.started_ms.unwrap_or(now),
            resolved_ms: None,
            opened_by: Some(by.to_owned()),
            acknowledged: None,
            detail: IncidentDetail {
                description: new.description.trim().to_owned(),
                breakdowns: new.breakdowns,
                ..IncidentDetail::default()
            },
        };
        let mut transaction = self.pool.begin().await?;
        write_incident(&mut *transaction, environment, &incident).await?;
        enter(&mut transaction, environment, &incident.id, "open", by, &new.note).await?;
        transaction.commit().await?;
        Ok(incident)
    }

    /// Does something about an incident.
    ///
    /// # Errors
    /// That there is none, that it is over, or that somebody has it already.
    pub async fn act_on_incident(
        &self,
        environment: &str,
        id: &str,
        action: IncidentAction,
        note: &str,
        by: &str,
    ) -> Result<(), ControlError> {
        check_note(note)?;
        if action == IncidentAction::Note && note.trim().is_empty() {
            return Err(ControlError::Invalid("a note says something: `note` is empty".to_owned()));
        }
        let mut transaction = self.pool.begin().await?;
        let is_done = action != IncidentAction::Resolve || resolve(&mut transaction, environment, id).await?;
        if is_done && enter(&mut transaction, environment, id, action.word(), by, note).await? {
            transaction.commit().await?;
            return Ok(());
        }
        transaction.rollback().await?;
        self.why_not(environment, id).await
    }

    /// What people did about an incident, the first first.
    pub async fn incident_log(
        &self,
        environment: &str,
        id: &str,
    ) -> Result<Vec<IncidentEntry>, ControlError> {
        let rows = sqlx::query(
            "SELECT at_ms, action, actor, note FROM incident_log
             WHERE incident = (SELECT id FROM incidents WHERE environment = $1 AND id = $2) ORDER BY at_ms, id",
        )
        .bind(environment)
        .bind(id)
        .fetch_all(&self.pool)
        .await?;
        let entry = |row: &sqlx::any::AnyRow| -> Result<IncidentEntry, sqlx::Error> {
            Ok(IncidentEntry {
                at_ms: row.try_get("at_ms")?,
                action: row.try_get("action")?,
                actor: row.try_get("actor")?,
                note: row.try_get("note")?,
            })
        };
        Ok(rows.iter().map(entry).collect::<Result<_, _>>()?)
    }

    async fn why_not(&self, environment: &str, id: &str) -> Result<(), ControlError> {
        let found = self.incident(environment, id).await?;
        let found = found.ok_or_else(|| ControlError::Missing("there is no such incident".to_owned()))?;
        Err(ControlError::Exists(match (found.status, found.acknowledged) {
            (IncidentStatus::Open, Some((by, _))) => format!("{by} has acknowledged it already"),
            _ => "the incident is over already".to_owned(),
        }))
    }
}

async fn resolve(connection: &mut AnyConnection, environment: &str, id: &str) -> Result<bool, ControlError> {
    let done = sqlx::query(
        "UPDATE incidents SET status = 'closed', resolved_ms = $1
         WHERE environment = $2 AND id = $3 AND status = 'open'",
    )
    .bind(now_ms())
    .bind(environment)
    .bind(id)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes a line; whether there is such an incident, and nobody has done the same. An open one alone is taken on; a note may
/// come afterwards.
async fn enter(
    connection: &mut AnyConnection,
    environment: &str,
    incident: &str,
    action: &str,
    by: &str,
    note: &str,
) -> Result<bool, ControlError> {
    let done = sqlx::query(
        "INSERT INTO incident_log (id, incident, at_ms, action, actor, note)
         SELECT $1, id, $2, $3, $4, $5 FROM incidents
         WHERE environment = $6 AND id = $7 AND (status = 'open' OR $3 != 'acknowledge')
         ON CONFLICT DO NOTHING",
    )
    .bind(uuid::Uuid::now_v7().to_string())
    .bind(now_ms())
    .bind(action)
    .bind(by)
    .bind(note.trim())
    .bind(environment)
    .bind(incident)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
