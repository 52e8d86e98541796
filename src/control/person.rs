//! People: who may sign in, with which role, and to which environments.

use std::collections::BTreeMap;

use sqlx::{Any, Row, Transaction};

use super::{Control, ControlError, Role, now_ms, secret};

/// Shortest and longest password, in characters.
const PASSWORD: std::ops::RangeInclusive<usize> = 10..=256;

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Person {
    pub email: String,
    pub role: Role,
    /// The environments they see; owners see all and have none listed.
    pub environments: Vec<String>,
    pub created_ms: i64,
    pub last_sign_in_ms: Option<i64>,
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

    /// Everybody who may sign in, by address.
    pub async fn people(&self) -> Result<Vec<Person>, ControlError> {
        let mut environments: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let select = "SELECT email, environment FROM memberships ORDER BY email, environment";
        for row in sqlx::query(select).fetch_all(&self.pool).await? {
            environments.entry(row.try_get("email")?).or_default().push(row.try_get("environment")?);
        }
        let select = "SELECT email, role, created_ms, last_sign_in_ms FROM users ORDER BY email";
        let mut people = Vec::new();
        for row in sqlx::query(select).fetch_all(&self.pool).await? {
            let email: String = row.try_get("email")?;
            people.push(Person {
                role: role(&row.try_get::<String, _>("role")?),
                environments: environments.remove(&email).unwrap_or_default(),
                created_ms: row.try_get("created_ms")?,
                last_sign_in_ms: row.try_get("last_sign_in_ms")?,
                email,
            });
        }
        Ok(people)
    }

    /// Gives somebody another role, or other environments. Open sessions follow at once.
    pub async fn change_person(
        &self,
        email: &str,
        role: Role,
        environments: &[String],
    ) -> Result<Person, ControlError> {
        self.check_membership(role, environments).await?;
        let email = email.to_lowercase();
        let mut transaction = self.pool.begin().await?;
        let done = sqlx::query("UPDATE users SET role = $1 WHERE email = $2")
            .bind(role.word())
            .bind(&email)
            .execute(&mut *transaction)
            .await?;
        if done.rows_affected() == 0 {
            return Err(nobody());
        }
        set_memberships(&mut transaction, &email, environments).await?;
        transaction.commit().await?;
        let changed = self.people().await?.into_iter().find(|person| person.email == email);
        changed.ok_or_else(nobody)
    }

    /// Takes somebody's access away and ends their sessions; whether they had any.
    pub async fn remove_person(&self, email: &str) -> Result<bool, ControlError> {
        let email = email.to_lowercase();
        let mut transaction = self.pool.begin().await?;
        for delete in [
            "DELETE FROM sessions WHERE email = $1",
            "DELETE FROM memberships WHERE email = $1",
            "DELETE FROM invitations WHERE email = $1 AND used_ms IS NULL",
        ] {
            sqlx::query(delete).bind(&email).execute(&mut *transaction).await?;
        }
        let done =
            sqlx::query("DELETE FROM users WHERE email = $1").bind(&email).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    /// Sets a password and ends every session but the one it was changed in.
    pub async fn change_password(
        &self,
        email: &str,
        password: &str,
        but_session: &str,
    ) -> Result<(), ControlError> {
        check_password(password)?;
        let hash = secret::keep_chosen(password).await?;
        sqlx::query("UPDATE users SET password_hash = $1 WHERE email = $2")
            .bind(hash)
            .bind(email)
            .execute(&self.pool)
            .await?;
        sqlx::query("DELETE FROM sessions WHERE email = $1 AND id != $2")
            .bind(email)
            .bind(but_session)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Makes sure that an owner exists with the password that is configured now.
    pub(super) async fn ensure_owner(&self, email: &str, password: &str) -> Result<(), ControlError> {
        if self.verify_password(email, password).await? {
            return Ok(());
        }
        let hash = secret::keep_chosen(password).await?;
        let mut transaction = self.pool.begin().await?;
        upsert(&mut transaction, &email.to_lowercase(), &hash, Role::Owner).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Owners see everything and name nothing; everybody else sees at least one environment, which has to exist.
    pub(super) async fn check_membership(
        &self,
        role: Role,
        environments: &[String],
    ) -> Result<(), ControlError> {
        if role == Role::Owner {
            return match environments.is_empty() {
                true => Ok(()),
                false => Err(ControlError::Invalid("an owner sees all environments; name none".to_owned())),
            };
        }
        let known: Vec<String> = self.environments().await?.into_iter().map(|known| known.id).collect();
        let choices = || format!("choices: {}", known.join(", "));
        if environments.is_empty() {
            return Err(ControlError::Invalid(format!("name at least one environment; {}", choices())));
        }
        match environments.iter().find(|environment| !known.contains(environment)) {
            Some(unknown) => {
                Err(ControlError::Invalid(format!("there is no environment `{unknown}`; {}", choices())))
            }
            None => Ok(()),
        }
    }
}

/// Makes or remakes a user.
pub(super) async fn upsert(
    transaction: &mut Transaction<'_, Any>,
    email: &str,
    hash: &str,
    role: Role,
) -> Result<(), ControlError> {
    sqlx::query(
        "INSERT INTO users (email, password_hash, created_ms, role) VALUES ($1, $2, $3, $4)
         ON CONFLICT (email) DO UPDATE SET password_hash = excluded.password_hash, role = excluded.role",
    )
    .bind(email)
    .bind(hash)
    .bind(now_ms())
    .bind(role.word())
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// The environments somebody sees from now on.
pub(super) async fn set_memberships(
    transaction: &mut Transaction<'_, Any>,
    email: &str,
    environments: &[String],
) -> Result<(), ControlError> {
    sqlx::query("DELETE FROM memberships WHERE email = $1").bind(email).execute(&mut **transaction).await?;
    for environment in environments {
        sqlx::query("INSERT INTO memberships (email, environment) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(email)
            .bind(environment)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}

/// A role of a newer version may the least.
pub(super) fn role(word: &str) -> Role {
    word.parse().unwrap_or(Role::Viewer)
}

/// What an address has to look like; whether it is one, the mail shows.
pub(super) fn check_email(email: &str) -> Result<(), ControlError> {
    let is_plain =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control());
    match email.rsplit_once('@') {
        Some((name, host)) if email.len() <= 254 && is_plain(name) && is_plain(host) => Ok(()),
        _ => Err(ControlError::Invalid(format!("`{email}` is no email address"))),
    }
}

/// Length is what makes a password; anything else is theatre.
pub(super) fn check_password(password: &str) -> Result<(), ControlError> {
    match PASSWORD.contains(&password.chars().count()) {
        true => Ok(()),
        false => Err(ControlError::Invalid(format!(
            "a password has {} to {} characters",
            PASSWORD.start(),
            PASSWORD.end()
        ))),
    }
}

fn nobody() -> ControlError {
    ControlError::Missing("there is nobody with this address".to_owned())
}
