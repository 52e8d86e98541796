//! Sessions of dashboards: opened by a person with a password, or with the printed code by whoever runs the server.
//!
//! A session looks at one environment at a time, and only at one its person may see now: a role or an environment that
//! is taken away counts with the next request.

use std::{sync::Arc, time::Duration};

use sqlx::Row;

use super::{Control, ControlError, Environment, Role, now_ms, person::role, secret};

/// How long a session lasts from sign-in.
pub const SESSION_LIFETIME: Duration = Duration::from_hours(12);
/// Longest description of a device, in characters.
const MAX_DEVICE: usize = 200;
/// How exact the time of the last use is.
const RESOLUTION_MS: i64 = 60_000;

/// An open session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// No secret.
    pub id: String,
    /// Whose it is; nobody's if the printed code opened it.
    pub email: Option<String>,
    pub role: Role,
    /// The environment being looked at.
    pub environment: Arc<str>,
}

/// An open session in a list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct ListedSession {
    pub id: String,
    /// Null: opened with the printed code.
    pub email: Option<String>,
    /// What the browser said of itself.
    pub device: String,
    pub created_ms: i64,
    pub expires_ms: i64,
    /// To the minute.
    pub last_used_ms: Option<i64>,
}

impl Control {
    /// Opens a session on the first environment its person sees, and returns the cookie's value. `device` is what the
    /// browser says of itself.
    pub async fn open_session(&self, email: Option<&str>, device: &str) -> Result<String, ControlError> {
        let email = email.map(str::to_lowercase);
        let role = match &email {
            Some(email) => self.role_of(email).await?,
            None => Role::Owner,
        };
        let visible = self.visible(email.as_deref(), role).await?;
        let first = visible
            .first()
            .ok_or_else(|| ControlError::Invalid("there is no environment to look at yet".to_owned()))?;
        let now = now_ms();
        sqlx::query("DELETE FROM sessions WHERE expires_ms <= $1").bind(now).execute(&self.pool).await?;
        let cookie = secret::random_secret();
        let lifetime_ms = i64::try_from(SESSION_LIFETIME.as_millis()).unwrap_or(i64::MAX);
        sqlx::query(
            "INSERT INTO sessions (hash, environment, created_ms, expires_ms, id, email, device)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(secret::digest(&cookie))
        .bind(&first.id)
        .bind(now)
        .bind(now.saturating_add(lifetime_ms))
        .bind(uuid::Uuid::new_v4().simple().to_string())
        .bind(&email)
        .bind(device.chars().filter(|c| !c.is_control()).take(MAX_DEVICE).collect::<String>())
        .execute(&self.pool)
        .await?;
        if let Some(email) = &email {
            sqlx::query("UPDATE users SET last_sign_in_ms = $1 WHERE email = $2")
                .bind(now)
                .bind(email)
                .execute(&self.pool)
                .await?;
        }
        Ok(cookie)
    }

    /// The session of a cookie, unless it has expired at `now_ms` or its person sees nothing any more.
    pub async fn session(&self, cookie: &str, now_ms: i64) -> Result<Option<Session>, ControlError> {
        let row = sqlx::query(
            "SELECT s.id, s.environment, s.email, s.last_used_ms, u.role,
                 (SELECT COUNT(*) FROM memberships m
                  WHERE m.email = s.email AND m.environment = s.environment) AS is_member
             FROM sessions s LEFT JOIN users u ON u.email = s.email
             WHERE s.hash = $1 AND s.expires_ms > $2",
        )
        .bind(secret::digest(cookie))
        .bind(now_ms)
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let (id, email): (String, Option<String>) = (row.try_get("id")?, row.try_get("email")?);
        let word: Option<String> = row.try_get("role")?;
        let role = match (&email, word) {
            (None, _) => Role::Owner,
            (Some(_), Some(word)) => role(&word),
            (Some(_), None) => return Ok(None),
        };
        let mut environment: String = row.try_get("environment")?;
        if role != Role::Owner && row.try_get::<i64, _>("is_member")? == 0 {
            let visible = self.visible(email.as_deref(), role).await?;
            let Some(first) = visible.into_iter().next() else { return Ok(None) };
            environment = first.id;
        }
        let last_used_ms: Option<i64> = row.try_get("last_used_ms")?;
        if last_used_ms.is_none_or(|last| last < now_ms - RESOLUTION_MS) {
            let update = "UPDATE sessions SET last_used_ms = $1 WHERE id = $2";
            sqlx::query(update).bind(now_ms).bind(&id).execute(&self.pool).await?;
        }
        Ok(Some(Session { id, email, role, environment: environment.into() }))
    }

    /// The environments a session may look at.
    pub async fn environments_of(&self, session: &Session) -> Result<Vec<Environment>, ControlError> {
        self.visible(session.email.as_deref(), session.role).await
    }

    /// Turns a session to another environment; false if it sees none of that id.
    pub async fn turn_session(&self, session: &Session, environment: &str) -> Result<bool, ControlError> {
        let visible = self.environments_of(session).await?;
        if !visible.iter().any(|visible| visible.id == environment) {
            return Ok(false);
        }
        let update = "UPDATE sessions SET environment = $1 WHERE id = $2";
        let done = sqlx::query(update).bind(environment).bind(&session.id).execute(&self.pool).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Open sessions, newest first: all of them for an owner, one's own for anybody else.
    pub async fn list_sessions(&self, asking: &Session) -> Result<Vec<ListedSession>, ControlError> {
        let rows = sqlx::query(
            "SELECT id, email, device, created_ms, expires_ms, last_used_ms FROM sessions
             WHERE expires_ms > $1 ORDER BY created_ms DESC, id",
        )
        .bind(now_ms())
        .fetch_all(&self.pool)
        .await?;
        let mut sessions = Vec::new();
        for row in rows {
            let email: Option<String> = row.try_get("email")?;
            if asking.role == Role::Owner || email == asking.email {
                sessions.push(ListedSession {
                    id: row.try_get("id")?,
                    email,
                    device: row.try_get("device")?,
                    created_ms: row.try_get("created_ms")?,
                    expires_ms: row.try_get("expires_ms")?,
                    last_used_ms: row.try_get("last_used_ms")?,
                });
            }
        }
        Ok(sessions)
    }

    /// Ends one of the sessions that [`Self::list_sessions`] shows; whether there was one.
    pub async fn end_session(&self, asking: &Session, id: &str) -> Result<bool, ControlError> {
        if !self.list_sessions(asking).await?.iter().any(|listed| listed.id == id) {
            return Ok(false);
        }
        let done = sqlx::query("DELETE FROM sessions WHERE id = $1").bind(id).execute(&self.pool).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Ends the session of a cookie.
    pub async fn close_session(&self, cookie: &str) -> Result<(), ControlError> {
        sqlx::query("DELETE FROM sessions WHERE hash = $1")
            .bind(secret::digest(cookie))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn role_of(&self, email: &str) -> Result<Role, ControlError> {
        let row = sqlx::query("SELECT role FROM users WHERE email = $1")
            .bind(email)
            .fetch_optional(&self.pool)
            .await?
            .ok_or_else(|| ControlError::Missing("there is nobody with this address".to_owned()))?;
        Ok(role(&row.try_get::<String, _>("role")?))
    }

    async fn visible(&self, email: Option<&str>, role: Role) -> Result<Vec<Environment>, ControlError> {
        let mut environments = self.environments().await?;
        if role != Role::Owner {
            let rows = sqlx::query("SELECT environment FROM memberships WHERE email = $1")
                .bind(email)
                .fetch_all(&self.pool)
                .await?;
            let own: Vec<String> =
                rows.iter().map(|row| row.try_get("environment")).collect::<Result<_, _>>()?;
            environments.retain(|environment| own.contains(&environment.id));
        }
        Ok(environments)
    }
}
