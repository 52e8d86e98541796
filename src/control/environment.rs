//! Environments: the tenants. Each has its own keys, tokens, views and time to keep them.

use sqlx::{Row, any::AnyRow};

use super::{Control, ControlError, KeySettings, NewToken, TokenSettings, now_ms, secret};

/// ClickHouse drops whole days after this time, whatever an environment says.
pub const MAX_RETENTION_DAYS: u32 = 90;

/// A tenant as the dashboard sees it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Environment {
    /// Stable slug of its first name.
    pub id: String,
    pub name: String,
    /// The oldest ingest key that works and that no other replaces, empty when there is none.
    pub ingest_key: String,
}

/// A tenant with its settings.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Tenant {
    #[serde(flatten)]
    pub environment: Environment,
    pub created_ms: i64,
    /// Views and events are kept so many days after they came in.
    pub retention_days: u32,
}

/// What a new environment starts with. The secret is never shown again.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct NewEnvironment {
    pub id: String,
    pub ingest_key: String,
    pub token: NewToken,
}

impl Control {
    /// All environments, oldest first.
    pub async fn environments(&self) -> Result<Vec<Environment>, ControlError> {
        Ok(self.tenants().await?.into_iter().map(|tenant| tenant.environment).collect())
    }

    /// The same with their settings.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, ControlError> {
        let rows = sqlx::query(
            "SELECT e.id, e.name, e.created_ms, e.retention_days,
                 COALESCE((SELECT k.ingest_key FROM ingest_keys k
                     WHERE k.environment = e.id AND k.revoked_ms IS NULL
                     ORDER BY CASE WHEN k.replaced_by IS NULL THEN 0 ELSE 1 END, k.created_ms, k.ingest_key
                     LIMIT 1), '') AS ingest_key
             FROM environments e ORDER BY e.created_ms, e.id",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| tenant(row).map_err(ControlError::from)).collect()
    }

    /// One of them.
    pub async fn tenant(&self, id: &str) -> Result<Tenant, ControlError> {
        let found = self.tenants().await?.into_iter().find(|tenant| tenant.environment.id == id);
        found.ok_or_else(|| ControlError::Missing("there is no such environment".to_owned()))
    }

    /// A new environment with a key to send and a token to read.
    pub async fn create_environment(&self, name: &str) -> Result<NewEnvironment, ControlError> {
        let id = slug(name)?;
        if !self.insert_environment(&id, name).await? {
            return Err(ControlError::Exists(format!("an environment with the id `{id}` exists already")));
        }
        let ingest_key = self.create_key(&id, &KeySettings::default()).await?.ingest_key;
        let token = self.create_token(&id, &TokenSettings::default()).await?;
        Ok(NewEnvironment { id, ingest_key, token })
    }

    /// Sets what is given of an environment. Its id stays: programs and stored rows know it by that.
    pub async fn change_environment(
        &self,
        id: &str,
        name: Option<&str>,
        retention_days: Option<u32>,
    ) -> Result<Tenant, ControlError> {
        if let Some(name) = name {
            slug(name)?;
        }
        if retention_days.is_some_and(|days| !(1..=MAX_RETENTION_DAYS).contains(&days)) {
            return Err(ControlError::Invalid(format!("retention_days is from 1 to {MAX_RETENTION_DAYS}")));
        }
        sqlx::query(
            "UPDATE environments SET name = COALESCE($1, name), retention_days = COALESCE($2, retention_days)
             WHERE id = $3",
        )
        .bind(name)
        .bind(retention_days.map(i64::from))
        .bind(id)
        .execute(&self.pool)
        .await?;
        self.tenant(id).await
    }

    /// Whether this call made it: two nodes may start at once on one empty database.
    pub(super) async fn insert_environment(&self, id: &str, name: &str) -> Result<bool, ControlError> {
        let done = sqlx::query(
            "INSERT INTO environments (id, name, created_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .bind(id)
        .bind(name)
        .bind(now_ms())
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn slug(name: &str) -> Result<String, ControlError> {
    secret::slug(name).ok_or_else(|| {
        ControlError::Invalid(format!(
            "`{name}` is no name for an environment: it needs a letter or digit, and at most {} characters",
            secret::MAX_NAME
        ))
    })
}

fn tenant(row: &AnyRow) -> Result<Tenant, sqlx::Error> {
    let days: i64 = row.try_get("retention_days")?;
    Ok(Tenant {
        environment: Environment {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            ingest_key: row.try_get("ingest_key")?,
        },
        created_ms: row.try_get("created_ms")?,
        retention_days: u32::try_from(days).unwrap_or(MAX_RETENTION_DAYS),
    })
}
