//! Invitations: links that make somebody a user once, or give a user who forgot theirs a new password.

use std::time::Duration;

use sqlx::{Row, any::AnyRow};

use super::{
    Control, ControlError, Role, now_ms,
    person::{check_email, check_password, role, set_memberships, upsert},
    secret,
};

/// How long an invitation can be accepted.
pub const INVITATION_LIFETIME: Duration = Duration::from_hours(72);

/// An invitation that was not accepted yet.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Invitation {
    pub id: String,
    pub email: String,
    pub role: Role,
    pub environments: Vec<String>,
    pub created_ms: i64,
    pub expires_ms: i64,
}

/// An invitation as it is handed out, once.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct NewInvitation {
    #[serde(flatten)]
    pub invitation: Invitation,
    /// Whoever has it may set the password; it works once.
    pub code: String,
}

impl Control {
    /// Invites somebody. Whoever is a user already keeps their password until the invitation is accepted.
    pub async fn invite(
        &self,
        email: &str,
        role: Role,
        environments: &[String],
    ) -> Result<NewInvitation, ControlError> {
        check_email(email)?;
        self.check_membership(role, environments).await?;
        let (now, code) = (now_ms(), secret::random_secret());
        let lifetime_ms = i64::try_from(INVITATION_LIFETIME.as_millis()).unwrap_or(i64::MAX);
        let invitation = Invitation {
            id: uuid::Uuid::new_v4().simple().to_string(),
            email: email.to_lowercase(),
            role,
            environments: environments.to_vec(),
            created_ms: now,
            expires_ms: now.saturating_add(lifetime_ms),
        };
        sqlx::query(
            "INSERT INTO invitations (id, hash, email, role, environments, created_ms, expires_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&invitation.id)
        .bind(secret::digest(&code))
        .bind(&invitation.email)
        .bind(role.word())
        .bind(environments.join(" "))
        .bind(now)
        .bind(invitation.expires_ms)
        .execute(&self.pool)
        .await?;
        Ok(NewInvitation { invitation, code })
    }

    /// Invitations that can still be accepted, newest first.
    pub async fn invitations(&self) -> Result<Vec<Invitation>, ControlError> {
        let rows = sqlx::query(
            "SELECT id, email, role, environments, created_ms, expires_ms FROM invitations
             WHERE used_ms IS NULL AND expires_ms > $1 ORDER BY created_ms DESC, id",
        )
        .bind(now_ms())
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(invitation).collect()
    }

    /// Takes an invitation back; whether it was still open.
    pub async fn withdraw_invitation(&self, id: &str) -> Result<bool, ControlError> {
        let done = sqlx::query("DELETE FROM invitations WHERE id = $1 AND used_ms IS NULL")
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Accepts an invitation with a password of one's own; the address of whoever did. Of two who try at once one does.
    /// A user's older sessions end: this is also how a lost password is replaced.
    pub async fn accept_invitation(
        &self,
        code: &str,
        password: &str,
    ) -> Result<Option<String>, ControlError> {
        let hash = secret::digest(code);
        let row = sqlx::query(
            "SELECT id, email, role, environments, created_ms, expires_ms FROM invitations
             WHERE hash = $1 AND used_ms IS NULL AND expires_ms > $2",
        )
        .bind(&hash)
        .bind(now_ms())
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let Invitation { email, role, environments, .. } = invitation(&row)?;
        check_password(password)?;
        let password_hash = secret::keep_chosen(password).await?;
        let mut transaction = self.pool.begin().await?;
        let done = sqlx::query("UPDATE invitations SET used_ms = $1 WHERE hash = $2 AND used_ms IS NULL")
            .bind(now_ms())
            .bind(&hash)
            .execute(&mut *transaction)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(None);
        }
        upsert(&mut transaction, &email, &password_hash, role).await?;
        set_memberships(&mut transaction, &email, &environments).await?;
        sqlx::query("DELETE FROM sessions WHERE email = $1").bind(&email).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(Some(email))
    }
}

fn invitation(row: &AnyRow) -> Result<Invitation, ControlError> {
    let environments: String = row.try_get("environments")?;
    Ok(Invitation {
        id: row.try_get("id")?,
        email: row.try_get("email")?,
        role: role(&row.try_get::<String, _>("role")?),
        environments: environments.split_whitespace().map(ToOwned::to_owned).collect(),
        created_ms: row.try_get("created_ms")?,
        expires_ms: row.try_get("expires_ms")?,
    })
}
