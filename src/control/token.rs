//! API tokens: an id and a secret that may do something in one environment, for ever or until a day.

use std::{sync::Arc, time::Duration};

use moka::future::Cache;
use sqlx::{Row, any::AnyRow};

use super::{Control, ControlError, Scopes, key::check_label, memory, now_ms, secret};

/// How long a chosen secret is known to be right: a program that asks once an hour has shown who it is.
const RECALLED: Duration = Duration::from_hours(24);

/// What a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub environment: Arc<str>,
    pub scopes: Scopes,
}

/// What is said about a new token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenSettings {
    /// For people.
    pub name: String,
    pub scopes: Scopes,
    /// When it stops working, Unix ms; never if there is none.
    pub expires_ms: Option<i64>,
}

impl Default for TokenSettings {
    fn default() -> Self {
        Self { name: String::new(), scopes: Scopes::PROGRAM, expires_ms: None }
    }
}

/// A token as its owners see it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct ListedToken {
    pub id: String,
    pub name: String,
    #[schema(value_type = Vec<super::Scope>)]
    pub scopes: Scopes,
    pub created_ms: i64,
    pub expires_ms: Option<i64>,
    /// To the minute.
    pub last_used_ms: Option<i64>,
    pub revoked_ms: Option<i64>,
}

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
    grant: Grant,
    expires_ms: Option<i64>,
}

/// Secrets that were right, by a digest over what they were checked against: a chosen secret costs Argon2 once and
/// not per request, and a changed or revoked token is not recalled.
#[derive(Clone)]
pub struct Proofs(Cache<String, ()>);

impl Proofs {
    pub fn new() -> Self {
        Self(Cache::builder().max_capacity(10_000).time_to_live(RECALLED).build())
    }
}

impl Stored {
    fn proof(&self, secret: &str) -> String {
        secret::digest(&format!("{}\0{secret}", self.kept))
    }
}

impl Control {
    /// What a token may do, if it and its secret are right and it has not expired.
    pub async fn verify_token(&self, id: &str, secret: &str) -> Result<Option<Grant>, ControlError> {
        let Some(stored) = self.stored_token(id).await? else { return Ok(None) };
        if stored.expires_ms.is_some_and(|expires_ms| expires_ms <= now_ms()) {
            return Ok(None);
        }
        let proof = stored.proof(secret);
        if !self.proofs.0.contains_key(&proof) {
            if !secret::matches(&stored.kept, secret).await? {
                return Ok(None);
            }
            self.proofs.0.insert(proof, ()).await;
        }
        self.tokens_used.note(&self.pool, id).await;
        Ok(Some(stored.grant))
    }

    /// Whether a guesser gains nothing by this token being looked at: its secret is random, or was right before. A
    /// chosen one may be weak, and each look at it costs an Argon2.
    pub async fn is_safe_to_check(&self, id: &str, secret: &str) -> Result<bool, ControlError> {
        let stored = self.stored_token(id).await?;
        Ok(stored.is_some_and(|stored| {
            secret::is_random(&stored.kept) || self.proofs.0.contains_key(&stored.proof(secret))
        }))
    }

    /// Whether there is a token of this id: from a list of all, so that the database is asked every few seconds however many
    /// ids somebody tries.
    pub async fn has_token(&self, id: &str) -> Result<bool, ControlError> {
        let load = || {
            let pool = self.pool.clone();
            async move { memory::names(&pool, "SELECT id AS name FROM tokens WHERE revoked_ms IS NULL").await }
        };
        Ok(self.token_ids.get(memory::ALL, load).await?.is_some_and(|ids| ids.contains(id)))
    }

    /// A new token for an environment.
    pub async fn create_token(
        &self,
        environment: &str,
        settings: &TokenSettings,
    ) -> Result<NewToken, ControlError> {
        check_label(&settings.name)?;
        if settings.scopes.is_empty() {
            return Err(ControlError::Invalid(
                "a token needs a scope; choices: read, sql, write, admin".to_owned(),
            ));
        }
        if settings.expires_ms.is_some_and(|expires_ms| expires_ms <= now_ms()) {
            return Err(ControlError::Invalid(
                "expires_ms is in the past; it is in Unix milliseconds".to_owned(),
            ));
        }
        let token =
            NewToken { id: uuid::Uuid::new_v4().simple().to_string(), secret: secret::random_secret() };
        self.insert_token(environment, &token.id, &secret::keep_random(&token.secret), settings).await?;
        Ok(token)
    }

    /// The tokens of an environment, oldest first, revoked ones too.
    pub async fn list_tokens(&self, environment: &str) -> Result<Vec<ListedToken>, ControlError> {
        let rows = sqlx::query(
            "SELECT id, name, scopes, created_ms, expires_ms, last_used_ms, revoked_ms FROM tokens
             WHERE environment = $1 ORDER BY created_ms, id",
        )
        .bind(environment)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(listed).collect()
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

    /// Makes sure that a configured token works in `environment`, with the secret that is configured now, and the scopes
    /// if any are.
    pub(super) async fn ensure_token(
        &self,
        environment: &str,
        id: &str,
        secret: &str,
        scopes: Option<Scopes>,
    ) -> Result<(), ControlError> {
        self.tokens.forget(id).await;
        let mut settings = TokenSettings::default();
        if let Some(stored) = self.stored_token(id).await? {
            let Grant { environment: owner, scopes: now } = &stored.grant;
            if &**owner != environment {
                return Err(ControlError::Exists(format!(
                    "the token `{id}` for environment `{environment}` belongs to `{owner}` already"
                )));
            }
            settings.scopes = *now;
            if scopes.is_none_or(|scopes| scopes == *now) && secret::matches(&stored.kept, secret).await? {
                return Ok(());
            }
        }
        settings.scopes = scopes.unwrap_or(settings.scopes);
        self.insert_token(environment, id, &secret::keep_chosen(secret).await?, &settings).await
    }

    async fn stored_token(&self, id: &str) -> Result<Option<Stored>, ControlError> {
        let load = || {
            let (pool, id) = (self.pool.clone(), id.to_owned());
            async move {
                let row = sqlx::query(
                    "SELECT secret_hash, environment, scopes, expires_ms FROM tokens
                     WHERE id = $1 AND revoked_ms IS NULL",
                )
                .bind(id)
                .fetch_optional(&pool)
                .await?;
                row.map(|row| stored(&row)).transpose()
            }
        };
        self.tokens.get(id, load).await
    }

    async fn insert_token(
        &self,
        environment: &str,
        id: &str,
        kept: &str,
        settings: &TokenSettings,
    ) -> Result<(), ControlError> {
        sqlx::query(
            "INSERT INTO tokens (id, secret_hash, environment, created_ms, name, scopes, expires_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (id) DO UPDATE
             SET secret_hash = excluded.secret_hash, scopes = excluded.scopes, revoked_ms = NULL
             WHERE tokens.environment = excluded.environment",
        )
        .bind(id)
        .bind(kept)
        .bind(environment)
        .bind(now_ms())
        .bind(&settings.name)
        .bind(settings.scopes.to_string())
        .bind(settings.expires_ms)
        .execute(&self.pool)
        .await?;
        self.tokens.forget(id).await;
        self.token_ids.forget(memory::ALL).await;
        Ok(())
    }
}

fn stored(row: &AnyRow) -> Result<Stored, ControlError> {
    let kept: String = row.try_get("secret_hash")?;
    let environment: String = row.try_get("environment")?;
    let scopes: String = row.try_get("scopes")?;
    Ok(Stored {
        kept: kept.into(),
        grant: Grant { environment: environment.into(), scopes: Scopes::from_words(&scopes) },
        expires_ms: row.try_get("expires_ms")?,
    })
}

fn listed(row: &AnyRow) -> Result<ListedToken, ControlError> {
    let scopes: String = row.try_get("scopes")?;
    Ok(ListedToken {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        scopes: Scopes::from_words(&scopes),
        created_ms: row.try_get("created_ms")?,
        expires_ms: row.try_get("expires_ms")?,
        last_used_ms: row.try_get("last_used_ms")?,
        revoked_ms: row.try_get("revoked_ms")?,
    })
}
