//! Users, and the sessions of dashboards they opened.
//!
//! Whoever signs in runs the installation and may look at every environment; a session looks at one at a time.

use std::{sync::Arc, time::Duration};

use sqlx::Row;

use super::{Control, ControlError, now_ms, secret};

/// How long a session lasts from sign-in.
pub const SESSION_LIFETIME: Duration = Duration::from_hours(12);

/// An open session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The environment being looked at.
    pub environment: Arc<str>,
}

impl Control {
    /// Whether a user may sign in. An unknown address takes as long as a wrong password.
    pub async fn verify_password(&self, email: &str, password: &str) -> Result<bool, ControlError> {
        let row = sqlx::query("SELECT password_hash FROM users WHERE email = $1")
            .bind(email.to_lowercase())
            .fetch_optional(&self.pool)
            .await?;
        match row {
            Some(row) => secret::matches(&row.try_get::<String, _>("password_hash")?, password).await,
            None => secret::keep_chosen(password).await.map(|_| false),
        }
    }

    /// Opens a session on the first environment and returns the cookie's value.
    pub async fn open_session(&self) -> Result<String, ControlError> {
        let environments = self.environments().await?;
        let first = environments
            .first()
            .ok_or_else(|| ControlError::Invalid("there is no environment to look at yet".to_owned()))?;
        let now = now_ms();
        sqlx::query("DELETE FROM sessions WHERE expires_ms <= $1").bind(now).execute(&self.pool).await?;
        let cookie = secret::random_secret();
        let lifetime_ms = i64::try_from(SESSION_LIFETIME.as_millis()).unwrap_or(i64::MAX);
        sqlx::query(
            "INSERT INTO sessions (hash, environment, created_ms, expires_ms) VALUES ($1, $2, $3, $4)",
        )
        .bind(secret::digest(&cookie))
        .bind(&first.id)
        .bind(now)
        .bind(now.saturating_add(lifetime_ms))
        .execute(&self.pool)
        .await?;
        Ok(cookie)
    }

    /// The session of a cookie, unless it has expired at `now_ms`.
    pub async fn session(&self, cookie: &str, now_ms: i64) -> Result<Option<Session>, ControlError> {
        let row = sqlx::query("SELECT environment FROM sessions WHERE hash = $1 AND expires_ms > $2")
            .bind(secret::digest(cookie))
            .bind(now_ms)
            .fetch_optional(&self.pool)
            .await?;
        let environment = row.map(|row| row.try_get::<String, _>("environment")).transpose()?;
        Ok(environment.map(|environment| Session { environment: environment.into() }))
    }

    /// Turns a session to another environment; false if there is no such environment.
    pub async fn turn_session(&self, cookie: &str, environment: &str) -> Result<bool, ControlError> {
        let done = sqlx::query(
            "UPDATE sessions SET environment = $1
             WHERE hash = $2 AND EXISTS (SELECT 1 FROM environments WHERE id = $1)",
        )
        .bind(environment)
        .bind(secret::digest(cookie))
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Ends a session.
    pub async fn close_session(&self, cookie: &str) -> Result<(), ControlError> {
        sqlx::query("DELETE FROM sessions WHERE hash = $1")
            .bind(secret::digest(cookie))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Makes sure that a user exists with the password that is configured now.
    pub(super) async fn ensure_user(&self, email: &str, password: &str) -> Result<(), ControlError> {
        if self.verify_password(email, password).await? {
            return Ok(());
        }
        sqlx::query(
            "INSERT INTO users (email, password_hash, created_ms) VALUES ($1, $2, $3)
             ON CONFLICT (email) DO UPDATE SET password_hash = excluded.password_hash",
        )
        .bind(email.to_lowercase())
        .bind(secret::keep_chosen(password).await?)
        .bind(now_ms())
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
