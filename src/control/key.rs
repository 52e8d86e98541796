//! Ingest keys: public names that say where beacons go.

use std::sync::Arc;

use sqlx::Row;

use super::{Control, ControlError, now_ms, secret};

impl Control {
    /// The environment beacons with `key` belong to. The hot path of intake: answered from memory for seconds, and
    /// from memory alone while the database is away.
    pub async fn environment_of_key(&self, key: &str) -> Result<Option<Arc<str>>, ControlError> {
        if !secret::is_ingest_key(key) {
            return Ok(None);
        }
        let load = async {
            let row = sqlx::query(
                "SELECT environment FROM ingest_keys WHERE ingest_key = $1 AND revoked_ms IS NULL",
            )
            .bind(key)
            .fetch_optional(&self.pool)
            .await?;
            Ok(row.map(|row| row.try_get::<String, _>("environment")).transpose()?.map(Arc::from))
        };
        self.keys.get(key, load).await
    }

    /// A new key for an environment.
    pub async fn create_key(&self, environment: &str) -> Result<String, ControlError> {
        let key = secret::ingest_key();
        self.insert_key(environment, &key).await?;
        Ok(key)
    }

    /// Ends a key's life; whether it was alive. It stops working here at once, on other nodes within seconds.
    pub async fn revoke_key(&self, environment: &str, key: &str) -> Result<bool, ControlError> {
        let done = sqlx::query(
            "UPDATE ingest_keys SET revoked_ms = $1
             WHERE ingest_key = $2 AND environment = $3 AND revoked_ms IS NULL",
        )
        .bind(now_ms())
        .bind(key)
        .bind(environment)
        .execute(&self.pool)
        .await?;
        self.keys.forget(key).await;
        Ok(done.rows_affected() == 1)
    }

    /// Makes sure that `key` sends to `environment`.
    pub(super) async fn insert_key(&self, environment: &str, key: &str) -> Result<(), ControlError> {
        sqlx::query(
            "INSERT INTO ingest_keys (ingest_key, environment, created_ms) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING",
        )
        .bind(key)
        .bind(environment)
        .bind(now_ms())
        .execute(&self.pool)
        .await?;
        let row = sqlx::query("SELECT environment FROM ingest_keys WHERE ingest_key = $1")
            .bind(key)
            .fetch_one(&self.pool)
            .await?;
        let owner: String = row.try_get("environment")?;
        if owner != environment {
            return Err(ControlError::Exists(format!(
                "the ingest key for environment `{environment}` belongs to `{owner}` already"
            )));
        }
        self.keys.forget(key).await;
        Ok(())
    }
}
