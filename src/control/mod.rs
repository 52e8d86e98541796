//! Control data: environments, the keys that may send to them, the tokens and sessions that may read them, and what is
//! noted beside their figures.
//!
//! Relational, in SQLite beside the other data or in PostgreSQL by URL, through one code path: portable SQL over
//! sqlx's `Any` driver. It does not depend on ClickHouse, and the two questions asked all the time (whose key, whose
//! token) go through [`memory`], so that a short outage of the database is not one of the collector.

mod annotation;
mod bootstrap;
mod incident;
mod key;
mod memory;
mod secret;
mod session;
mod signing;
mod token;

use std::{
    sync::{Arc, Once},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use sqlx::{
    AnyPool, Row,
    any::{AnyPoolOptions, AnyRow},
    migrate::Migrator,
};

pub use annotation::{Annotation, AnnotationChange, AnnotationQuestion};
pub use bootstrap::{
    Bootstrap, BootstrapAdmin, BootstrapEnvironment, BootstrapReport, BootstrapToken, Provisioned,
};
pub use incident::{Incident, IncidentDetail, IncidentOrder, IncidentQuestion, IncidentStatus, Severity};
pub use secret::{digest, equal, random_secret};
pub use session::{SESSION_LIFETIME, Session};
pub use signing::Viewable;
pub use token::NewToken;

static MIGRATIONS: Migrator = sqlx::migrate!("schema/control");

/// SQLite has one writer anyway and PostgreSQL is asked little, thanks to the caches.
const MAX_CONNECTIONS: u32 = 8;
/// How long a question waits for the database before the last known answer is taken.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);

/// A failure of control data.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ControlError {
    /// The database cannot be reached or failed; may pass.
    #[error("the control database is unavailable: {0}")]
    Unavailable(String),
    /// The caller asked for something that cannot be; told to the caller as it is.
    #[error("{0}")]
    Invalid(String),
    /// The name is taken.
    #[error("{0}")]
    Exists(String),
}

impl From<sqlx::Error> for ControlError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// A tenant as the dashboard sees it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Environment {
    /// Stable slug of the name.
    pub id: String,
    pub name: String,
    /// The oldest ingest key that works, empty when there is none.
    pub ingest_key: String,
}

/// What a new environment starts with. The secret is never shown again.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub struct NewEnvironment {
    pub id: String,
    pub ingest_key: String,
    pub token: NewToken,
}

/// The control database and what is remembered of it. Cheap to clone.
#[derive(Clone)]
pub struct Control {
    pool: AnyPool,
    keys: memory::Memory<Arc<str>>,
    tokens: memory::Memory<token::Stored>,
    signing_keys: memory::Memory<signing::SigningKey>,
    proofs: token::Proofs,
}

impl Control {
    /// Opens `sqlite:PATH` or `postgres://…`, creating the file and the tables that are missing.
    pub async fn open(database_url: &str) -> Result<Self, ControlError> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let sqlite = database_url.starts_with("sqlite:");
        let pool = AnyPoolOptions::new()
            .max_connections(MAX_CONNECTIONS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    // Readers do not wait for the writer. The only statement that differs between the hosts.
                    if sqlite {
                        sqlx::query("PRAGMA journal_mode = WAL").execute(connection).await?;
                    }
                    Ok(())
                })
            })
            .connect(&create_if_missing(database_url))
            .await?;
        MIGRATIONS.run(&pool).await.map_err(|error| ControlError::Unavailable(error.to_string()))?;
        Ok(Self {
            pool,
            keys: memory::Memory::new(100_000),
            tokens: memory::Memory::new(10_000),
            signing_keys: memory::Memory::new(10_000),
            proofs: token::Proofs::new(),
        })
    }

    /// All environments, oldest first.
    pub async fn environments(&self) -> Result<Vec<Environment>, ControlError> {
        let rows = sqlx::query(
            "SELECT e.id, e.name, COALESCE((SELECT k.ingest_key FROM ingest_keys k
                 WHERE k.environment = e.id AND k.revoked_ms IS NULL
                 ORDER BY k.created_ms, k.ingest_key LIMIT 1), '') AS ingest_key
             FROM environments e ORDER BY e.created_ms, e.id",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| environment(row).map_err(ControlError::from)).collect()
    }

    /// A new environment with a key to send and a token to read.
    pub async fn create_environment(&self, name: &str) -> Result<NewEnvironment, ControlError> {
        let id = secret::slug(name).ok_or_else(|| {
            ControlError::Invalid(format!(
                "`{name}` is no name for an environment: it needs a letter or digit, and at most {} characters",
                secret::MAX_NAME
            ))
        })?;
        if !self.insert_environment(&id, name).await? {
            return Err(ControlError::Exists(format!("an environment with the id `{id}` exists already")));
        }
        let ingest_key = self.create_key(&id).await?;
        let token = self.create_token(&id).await?;
        Ok(NewEnvironment { id, ingest_key, token })
    }

    /// Whether the database answers now. For `/readyz`.
    pub async fn ready(&self) -> Result<(), ControlError> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Waits for what is under way and closes the connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Whether this call made it: two nodes may start at once on one empty database.
    async fn insert_environment(&self, id: &str, name: &str) -> Result<bool, ControlError> {
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

fn environment(row: &AnyRow) -> Result<Environment, sqlx::Error> {
    Ok(Environment {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        ingest_key: row.try_get("ingest_key")?,
    })
}

/// SQLite only makes a file when asked to.
fn create_if_missing(database_url: &str) -> String {
    if database_url.starts_with("sqlite:") && !database_url.contains("mode=") {
        let separator = if database_url.contains('?') { '&' } else { '?' };
        return format!("{database_url}{separator}mode=rwc");
    }
    database_url.to_owned()
}

fn now_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}
