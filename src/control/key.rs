//! Ingest keys: public names that say where beacons go, from which pages, and how many.

use std::{num::NonZero, sync::Arc};

use sqlx::{Row, any::AnyRow};

use super::{Control, ControlError, Origins, memory, now_ms, secret};

/// Longest name of a key or token, in characters.
pub const MAX_LABEL: usize = 100;
/// Largest quota that can be set, events per second.
pub const MAX_EVENTS_PER_S: u32 = 10_000_000;
/// Keys that were not heard of lately and are looked up one by one, a second: more than people make, fewer than cost
/// anything.
pub(super) const UNHEARD_PER_S: NonZero<u32> = NonZero::new(20).unwrap();

/// A key that works, as the collector needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestKey {
    pub environment: Arc<str>,
    pub origins: Origins,
    /// Its quota, if it has one.
    pub events_per_s: Option<u32>,
}

/// What can be set about a key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeySettings {
    /// For people.
    pub name: String,
    pub origins: Origins,
    pub events_per_s: Option<u32>,
}

/// A key as its owners see it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct ListedKey {
    pub ingest_key: String,
    pub name: String,
    /// Web origins it takes beacons from; empty is any. Programs that send no `Origin` are not concerned.
    pub origins: Vec<String>,
    /// Events it takes in per second and collector; null is no limit.
    pub events_per_s: Option<u32>,
    pub created_ms: i64,
    /// To the minute.
    pub last_used_ms: Option<i64>,
    /// The key that takes over; both work until this one is retired.
    pub replaced_by: Option<String>,
    /// Since when it is refused.
    pub retired_ms: Option<i64>,
}

impl KeySettings {
    fn check(&self) -> Result<(), ControlError> {
        check_label(&self.name)?;
        match self.events_per_s {
            Some(quota) if !(1..=MAX_EVENTS_PER_S).contains(&quota) => Err(ControlError::Invalid(format!(
                "events_per_s is from 1 to {MAX_EVENTS_PER_S}, or null for no limit"
            ))),
            _ => Ok(()),
        }
    }
}

/// Names are for people and may be empty.
pub(super) fn check_label(name: &str) -> Result<(), ControlError> {
    match name.chars().count() <= MAX_LABEL && !name.contains(char::is_control) {
        true => Ok(()),
        false => Err(ControlError::Invalid(format!("a name has at most {MAX_LABEL} printable characters"))),
    }
}

impl Control {
    /// The key that `text` is, if it works. The hot path of intake: answered from memory for seconds, and from memory
    /// alone while the database is away.
    pub async fn ingest_key(&self, text: &str) -> Result<Option<Arc<IngestKey>>, ControlError> {
        match secret::is_ingest_key(text) && self.may_be_a_key(text).await? {
            true => self.stored_key(text).await,
            false => Ok(None),
        }
    }

    /// Whether the database is worth asking for this key. For a few that were not heard of lately it is; of more than that
    /// somebody makes them up, and they have to be in a list of all, which is read every few seconds.
    async fn may_be_a_key(&self, text: &str) -> Result<bool, ControlError> {
        if self.keys.knows(text) || self.unheard_keys.check().is_ok() {
            return Ok(true);
        }
        let load = || {
            let pool = self.pool.clone();
            async move {
                memory::names(&pool, "SELECT ingest_key AS name FROM ingest_keys WHERE revoked_ms IS NULL")
                    .await
            }
        };
        Ok(self.key_names.get(memory::ALL, load).await?.is_some_and(|names| names.contains(text)))
    }

    async fn stored_key(&self, text: &str) -> Result<Option<Arc<IngestKey>>, ControlError> {
        let load = || {
            let (pool, text) = (self.pool.clone(), text.to_owned());
            async move {
                let row = sqlx::query(
                    "SELECT environment, origins, events_per_s FROM ingest_keys
                     WHERE ingest_key = $1 AND revoked_ms IS NULL",
                )
                .bind(text)
                .fetch_optional(&pool)
                .await?;
                row.map(|row| working(&row).map(Arc::new)).transpose()
            }
        };
        self.keys.get(text, load).await
    }

    /// Takes what was just written of a key for known, whatever the list of keys said before.
    async fn hear_of_key(&self, key: &str) -> Result<(), ControlError> {
        self.keys.forget(key).await;
        self.stored_key(key).await.map(|_| ())
    }

    /// Notes that a key took a beacon in.
    pub async fn key_was_used(&self, text: &str) {
        self.keys_used.note(&self.pool, text).await;
    }

    /// The keys of an environment, oldest first, retired ones too.
    pub async fn list_keys(&self, environment: &str) -> Result<Vec<ListedKey>, ControlError> {
        let rows = sqlx::query(
            "SELECT ingest_key, name, origins, events_per_s, created_ms, last_used_ms, revoked_ms, replaced_by
             FROM ingest_keys WHERE environment = $1 ORDER BY created_ms, ingest_key",
        )
        .bind(environment)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(listed).collect()
    }

    /// A new key for an environment.
    pub async fn create_key(
        &self,
        environment: &str,
        settings: &KeySettings,
    ) -> Result<ListedKey, ControlError> {
        settings.check()?;
        let key = secret::ingest_key();
        self.insert_key(environment, &key, settings).await?;
        self.listed_key(environment, &key).await
    }

    /// Sets everything about a key that works.
    pub async fn change_key(
        &self,
        environment: &str,
        key: &str,
        settings: &KeySettings,
    ) -> Result<ListedKey, ControlError> {
        settings.check()?;
        let done = sqlx::query(
            "UPDATE ingest_keys SET name = $1, origins = $2, events_per_s = $3
             WHERE ingest_key = $4 AND environment = $5 AND revoked_ms IS NULL",
        )
        .bind(&settings.name)
        .bind(settings.origins.to_string())
        .bind(settings.events_per_s.map(i64::from))
        .bind(key)
        .bind(environment)
        .execute(&self.pool)
        .await?;
        if done.rows_affected() == 0 {
            return Err(no_such_key());
        }
        self.hear_of_key(key).await?;
        self.listed_key(environment, key).await
    }

    /// A new key with the settings of `key`, to take its place. Both work until `key` is retired.
    pub async fn rotate_key(&self, environment: &str, key: &str) -> Result<ListedKey, ControlError> {
        let old = self.listed_key(environment, key).await?;
        if old.retired_ms.is_some() {
            return Err(no_such_key());
        }
        let new = secret::ingest_key();
        let mut transaction = self.pool.begin().await?;
        let done = sqlx::query(
            "UPDATE ingest_keys SET replaced_by = $1
             WHERE ingest_key = $2 AND environment = $3 AND revoked_ms IS NULL AND replaced_by IS NULL",
        )
        .bind(&new)
        .bind(key)
        .bind(environment)
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Err(ControlError::Exists(
                "another key takes this one's place already; retire this one, or rotate the other".to_owned(),
            ));
        }
        sqlx::query(
            "INSERT INTO ingest_keys (ingest_key, environment, created_ms, name, origins, events_per_s)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(&new)
        .bind(environment)
        .bind(now_ms())
        .bind(&old.name)
        .bind(old.origins.join(" "))
        .bind(old.events_per_s.map(i64::from))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        self.hear_of_key(&new).await?;
        self.listed_key(environment, &new).await
    }

    /// Ends a key's life; whether it was alive. It stops working here at once, on other nodes within seconds.
    pub async fn retire_key(&self, environment: &str, key: &str) -> Result<bool, ControlError> {
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

    /// One key of an environment, retired or not.
    pub async fn listed_key(&self, environment: &str, key: &str) -> Result<ListedKey, ControlError> {
        let keys = self.list_keys(environment).await?;
        keys.into_iter().find(|listed| listed.ingest_key == key).ok_or_else(no_such_key)
    }

    /// Makes sure that `key` sends to `environment`; what is set about a key that is there already stays.
    pub(super) async fn insert_key(
        &self,
        environment: &str,
        key: &str,
        settings: &KeySettings,
    ) -> Result<(), ControlError> {
        sqlx::query(
            "INSERT INTO ingest_keys (ingest_key, environment, created_ms, name, origins, events_per_s)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        )
        .bind(key)
        .bind(environment)
        .bind(now_ms())
        .bind(&settings.name)
        .bind(settings.origins.to_string())
        .bind(settings.events_per_s.map(i64::from))
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
        self.hear_of_key(key).await
    }
}

fn no_such_key() -> ControlError {
    ControlError::Missing("there is no such ingest key".to_owned())
}

fn working(row: &AnyRow) -> Result<IngestKey, ControlError> {
    let environment: String = row.try_get("environment")?;
    let origins: String = row.try_get("origins")?;
    Ok(IngestKey {
        environment: environment.into(),
        origins: Origins::from_words(&origins)?,
        events_per_s: quota(row)?,
    })
}

fn listed(row: &AnyRow) -> Result<ListedKey, ControlError> {
    let origins: String = row.try_get("origins")?;
    Ok(ListedKey {
        ingest_key: row.try_get("ingest_key")?,
        name: row.try_get("name")?,
        origins: origins.split_whitespace().map(ToOwned::to_owned).collect(),
        events_per_s: quota(row)?,
        created_ms: row.try_get("created_ms")?,
        last_used_ms: row.try_get("last_used_ms")?,
        replaced_by: row.try_get("replaced_by")?,
        retired_ms: row.try_get("revoked_ms")?,
    })
}

fn quota(row: &AnyRow) -> Result<Option<u32>, ControlError> {
    let quota: Option<i64> = row.try_get("events_per_s")?;
    Ok(quota.and_then(|quota| u32::try_from(quota).ok()))
}
