//! Viewers to erase: the request, whose turn it is, and the receipt that stays.

use std::time::Duration;

use sqlx::{Row, any::AnyRow};

use super::{Control, ControlError, now_ms, secret};

/// Longest id of a viewer, in bytes; nothing longer is stored.
const MAX_VIEWER_ID: usize = 4096;
/// Whoever took a request and is not heard of for this long has died.
const CLAIM: Duration = Duration::from_mins(30);

/// A request to be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    pub id: String,
    pub environment: String,
    pub viewer_id: String,
    /// Everything that was received before this is meant.
    pub requested_ms: i64,
}

/// What was found and deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Erased {
    pub views: u64,
    pub view_rows: u64,
    pub event_rows: u64,
}

/// What stays of an erasure: that it was asked for, and what became of it. The viewer's id is no part of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Receipt {
    pub id: String,
    pub environment: String,
    /// SHA-256 of the environment's id, a zero byte and the viewer's id, in hexadecimal.
    pub viewer_sha256: String,
    pub requested_ms: i64,
    /// The token or the person that asked.
    pub requested_by: String,
    /// When the last row was gone; null while that is pending.
    pub finished_ms: Option<i64>,
    /// Views the viewer had.
    pub views: u64,
    /// Rows deleted from `view_states`; a view may have several before they are merged.
    pub view_rows: u64,
    /// Rows deleted from `event_rows`.
    pub event_rows: u64,
    /// What still has to happen, in words.
    pub pending: Vec<String>,
}

/// By what an erased viewer is found again, by whoever knows the id.
fn viewer_digest(environment: &str, viewer_id: &str) -> String {
    secret::digest(&format!("{environment}\0{viewer_id}"))
}

impl Control {
    /// Asks for everything about a viewer to be erased. A request that is still pending is answered with its receipt.
    pub async fn request_erasure(
        &self,
        environment: &str,
        viewer_id: &str,
        requested_by: &str,
    ) -> Result<Receipt, ControlError> {
        if viewer_id.is_empty() || viewer_id.len() > MAX_VIEWER_ID {
            return Err(ControlError::Invalid(format!("a viewer's id has 1 to {MAX_VIEWER_ID} bytes")));
        }
        let digest = viewer_digest(environment, viewer_id);
        let pending = |receipt: &Receipt| receipt.viewer_sha256 == digest && receipt.finished_ms.is_none();
        let open = self.receipts(environment).await?.into_iter().find(pending);
        if let Some(receipt) = open {
            return Ok(receipt);
        }
        let id = uuid::Uuid::now_v7().simple().to_string();
        sqlx::query(
            "INSERT INTO erasures (id, environment, viewer_sha256, viewer_id, requested_ms, requested_by)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(&id)
        .bind(environment)
        .bind(&digest)
        .bind(viewer_id)
        .bind(now_ms())
        .bind(requested_by)
        .execute(&self.pool)
        .await?;
        self.receipt(environment, &id).await
    }

    /// The receipts of an environment, newest first.
    pub async fn receipts(&self, environment: &str) -> Result<Vec<Receipt>, ControlError> {
        let rows = sqlx::query(
            "SELECT id, environment, viewer_sha256, requested_ms, requested_by, finished_ms, views, view_rows,
                 event_rows
             FROM erasures WHERE environment = $1 ORDER BY requested_ms DESC, id DESC",
        )
        .bind(environment)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| receipt(row).map_err(ControlError::from)).collect()
    }

    /// One of them.
    pub async fn receipt(&self, environment: &str, id: &str) -> Result<Receipt, ControlError> {
        let found = self.receipts(environment).await?.into_iter().find(|receipt| receipt.id == id);
        found.ok_or_else(|| ControlError::Missing("there is no such receipt".to_owned()))
    }

    /// The oldest request nobody is at, for the caller alone until it is finished or let go.
    pub async fn claim_erasure(&self) -> Result<Option<Erasure>, ControlError> {
        let now = now_ms();
        let row = sqlx::query(
            "SELECT id, environment, viewer_id, requested_ms, claimed_ms FROM erasures
             WHERE finished_ms IS NULL AND claimed_ms <= $1 ORDER BY requested_ms, id LIMIT 1",
        )
        .bind(now)
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let erasure = Erasure {
            id: row.try_get("id")?,
            environment: row.try_get("environment")?,
            viewer_id: row.try_get::<Option<String>, _>("viewer_id")?.unwrap_or_default(),
            requested_ms: row.try_get("requested_ms")?,
        };
        let claim_ms = i64::try_from(CLAIM.as_millis()).unwrap_or(i64::MAX);
        let done = sqlx::query("UPDATE erasures SET claimed_ms = $1 WHERE id = $2 AND claimed_ms = $3")
            .bind(now.saturating_add(claim_ms))
            .bind(&erasure.id)
            .bind(row.try_get::<i64, _>("claimed_ms")?)
            .execute(&self.pool)
            .await?;
        Ok((done.rows_affected() == 1).then_some(erasure))
    }

    /// Lets a claimed request go, to be taken again after `wait`.
    pub async fn release_erasure(&self, id: &str, wait: Duration) -> Result<(), ControlError> {
        let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        sqlx::query("UPDATE erasures SET claimed_ms = $1 WHERE id = $2")
            .bind(now_ms().saturating_add(wait_ms))
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Notes that a request was carried out, and forgets whom it was about.
    pub async fn finish_erasure(&self, id: &str, erased: Erased) -> Result<(), ControlError> {
        let count = |rows: u64| i64::try_from(rows).unwrap_or(i64::MAX);
        sqlx::query(
            "UPDATE erasures SET viewer_id = NULL, finished_ms = $1, views = $2, view_rows = $3, event_rows = $4
             WHERE id = $5",
        )
        .bind(now_ms())
        .bind(count(erased.views))
        .bind(count(erased.view_rows))
        .bind(count(erased.event_rows))
        .bind(id)
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

fn receipt(row: &AnyRow) -> Result<Receipt, sqlx::Error> {
    let count = |name: &str| row.try_get::<i64, _>(name).map(|rows| u64::try_from(rows).unwrap_or_default());
    let finished_ms: Option<i64> = row.try_get("finished_ms")?;
    let pending = match finished_ms {
        None => vec!["rows in ClickHouse".to_owned(), "records in the log".to_owned()],
        // The log cannot delete single records; docs/privacy.md says how long it keeps them.
        Some(_) => vec!["records in the log, until its retention ends".to_owned()],
    };
    Ok(Receipt {
        id: row.try_get("id")?,
        environment: row.try_get("environment")?,
        viewer_sha256: row.try_get("viewer_sha256")?,
        requested_ms: row.try_get("requested_ms")?,
        requested_by: row.try_get("requested_by")?,
        finished_ms,
        views: count("views")?,
        view_rows: count("view_rows")?,
        event_rows: count("event_rows")?,
        pending,
    })
}
