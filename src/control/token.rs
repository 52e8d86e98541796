//! API tokens: an id and a secret that read one environment.

use std::{sync::Arc, time::Duration};

use moka::future::Cache;
use sqlx::Row;

use super::{Control, ControlError, now_ms, secret};

/// A token as it is handed out, once.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct NewToken {
    pub id: String,
    pub secret: String,
}

/// What is kept of a token.
#[derive(Clone)]
pub struct Stored {
    kept: Arc<str>,
    environment: Arc<str>,
}

/// Secrets that were right, by a digest over what they were checked against: a chosen secret costs Argon2 once and
/// not per request, and a changed or revoked token is not recalled.
#[derive(Clone)]
pub struct Proofs(Cache<String, ()>);

impl Proofs {
    pub fn new() -> Self {
        Self(Cache::builder().max_capacity(10_000).time_to_live(Duration::from_secs(600)).build())
    }
}

impl Stored {
    fn proof(&self, secret: &str) -> String {
        secret::digest(&format!("{}\0{secret}", self.kept))
    }
}

impl Control {
    /// The environment a token reads, if it and its secret are right.
    pub async fn verify_token(&self, id: &str, secret: &str) -> Result<Option<Arc<str>>, ControlError> {
        let Some(stored) = self.stored_token(id).await? else { return Ok(None) };
        let proof = stored.proof(secret);
        if self.proofs.0.contains_key(&proof) {
            return Ok(Some(stored.environment));
        }
        if !secret::matches(&stored.kept, secret).await? {
            return Ok(None);
        }
        self.proofs.0.insert(proof, ()).await;
        Ok(Some(stored.environment))
    }

    /// Whether this very token was right a moment ago; costs nothing. Lets those who have shown who they are pass
    /// while others behind the same address are slowed down for guessing.
    pub async fn recalls_token(&self, id: &str, secret: &str) -> bool {
        match self.tokens.peek(id).await {
            Some(stored) => self.proofs.0.contains_key(&stored.proof(secret)),
            None => false,
        }
    }

    /// A new token for an environment.
    pub async fn create_token(&self, environment: &str) -> Result<NewToken, ControlError> {
        let token =
            NewToken { id: uuid::Uuid::new_v4().simple().to_string(), secret: secret::random_secret() };
        self.insert_token(environment, &token.id, &secret::keep_random(&token.secret)).await?;
        Ok(token)
    }

    /// Ends a token's life; whether it was alive. It stops working here at once, on other nodes within seconds.
    pub async fn revoke_token(&self, environment: &str, id: &str) -> Result<bool, ControlError> {
        let done = sqlx::query(
            "UPDATE tokens SET revoked_ms = $1 WHERE id = $2 AND environment = $3 AND revoked_ms IS NULL",
        )
        .bind(now_ms())
        .bind(id)
        .bind(environment)
        .execute(&self.pool)
        .await?;
        self.tokens.forget(id).await;
        Ok(done.rows_affected() == 1)
    }

    /// Makes sure that a configured token reads `environment`, with the secret that is configured now.
    pub(super) async fn ensure_token(
        &self,
        environment: &str,
        id: &str,
        secret: &str,
    ) -> Result<(), ControlError> {
        self.tokens.forget(id).await;
        if let Some(stored) = self.stored_token(id).await? {
            if &*stored.environment != environment {
                return Err(ControlError::Exists(format!(
                    "the token `{id}` for environment `{environment}` belongs to `{}` already",
                    stored.environment
                )));
            }
            if secret::matches(&stored.kept, secret).await? {
                return Ok(());
            }
        }
        self.insert_token(environment, id, &secret::keep_chosen(secret).await?).await
    }

    async fn stored_token(&self, id: &str) -> Result<Option<Stored>, ControlError> {
        let load = async {
            let row = sqlx::query(
                "SELECT secret_hash, environment FROM tokens WHERE id = $1 AND revoked_ms IS NULL",
            )
            .bind(id)
            .fetch_optional(&self.pool)
            .await?;
            let Some(row) = row else { return Ok(None) };
            let kept: String = row.try_get("secret_hash")?;
            let environment: String = row.try_get("environment")?;
            Ok(Some(Stored { kept: kept.into(), environment: environment.into() }))
        };
        self.tokens.get(id, load).await
    }

    async fn insert_token(&self, environment: &str, id: &str, kept: &str) -> Result<(), ControlError> {
        sqlx::query(
            "INSERT INTO tokens (id, secret_hash, environment, created_ms) VALUES ($1, $2, $3, $4)
             ON CONFLICT (id) DO UPDATE SET secret_hash = excluded.secret_hash, revoked_ms = NULL
             WHERE tokens.environment = excluded.environment",
        )
        .bind(id)
        .bind(kept)
        .bind(environment)
        .bind(now_ms())
        .execute(&self.pool)
        .await?;
        self.tokens.forget(id).await;
        Ok(())
    }
}
