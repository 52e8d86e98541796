//! Control data: environments, the keys that may send to them, the tokens and sessions that may read them, and what is
//! noted beside their figures.
//!
//! Relational, in SQLite beside the other data or in PostgreSQL by URL, through one code path: portable SQL over
//! sqlx's `Any` driver. It does not depend on ClickHouse, and the two questions asked all the time (whose key, whose
//! token) go through [`memory`], so that a short outage of the database is not one of the collector.

mod access;
mod annotation;
mod audit;
mod bootstrap;
mod environment;
mod erasure;
mod file;
mod incident;
mod incident_log;
mod invitation;
mod key;
mod memory;
mod origin;
mod person;
mod saved;
mod secret;
mod session;
mod signing;
mod token;
mod used;

use std::{
    sync::{Arc, Once},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use sqlx::{AnyConnection, AnyPool, Connection, any::AnyPoolOptions, migrate::Migrator};

pub use access::{Role, Scope, Scopes};
pub use annotation::{Annotation, AnnotationChange, AnnotationQuestion};
pub use audit::{AUDIT_DAYS, AuditEntry, AuditLine, AuditQuestion, Deed, MOST_STATEMENTS, STATEMENT_DAYS};
pub use bootstrap::{
    Bootstrap, BootstrapAdmin, BootstrapEnvironment, BootstrapReport, BootstrapToken, Provisioned,
};
pub use environment::{Environment, MAX_RETENTION_DAYS, NewEnvironment, Tenant};
pub use erasure::{Erased, Erasure, Receipt};
pub use incident::{Incident, IncidentDetail, IncidentOrder, IncidentQuestion, IncidentStatus, Severity};
pub use incident_log::{IncidentAction, IncidentEntry, NewIncident};
pub use invitation::{INVITATION_LIFETIME, Invitation, NewInvitation};
pub use key::{IngestKey, KeySettings, ListedKey};
pub use origin::Origins;
pub use person::Person;
pub use saved::SavedQuery;
pub use secret::{digest, equal, random_secret};
pub use session::{ListedSession, SESSION_LIFETIME, Session};
pub use signing::Viewable;
pub use token::{Grant, ListedToken, NewToken, TokenSettings};

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
    /// There is nothing of that name, or it is somebody else's.
    #[error("{0}")]
    Missing(String),
}

impl From<sqlx::Error> for ControlError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// The control database and what is remembered of it. Cheap to clone.
#[derive(Clone)]
pub struct Control {
    pool: AnyPool,
    audit_queue: audit::Queue,
    keys: memory::Memory<Arc<IngestKey>>,
    key_names: memory::Memory<memory::Names>,
    unheard_keys: Arc<DefaultDirectRateLimiter>,
    keys_used: used::Used,
    tokens: memory::Memory<token::Stored>,
    token_ids: memory::Memory<memory::Names>,
    tokens_used: used::Used,
    signing_keys: memory::Memory<signing::SigningKey>,
    proofs: token::Proofs,
}

impl Control {
    /// Opens `sqlite:PATH` or `postgres://…`, creating the file and the tables that are missing.
    pub async fn open(database_url: &str) -> Result<Self, ControlError> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let sqlite = database_url.starts_with("sqlite:");
        let url = if sqlite { file::looked_through(database_url).await? } else { database_url.to_owned() };
        let opened = AnyPoolOptions::new()
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
            .connect(&url)
            .await;
        let pool = match opened {
            Err(sqlx::Error::PoolTimedOut) => return Err(unreachable(&url).await),
            opened => opened?,
        };
        MIGRATIONS.run(&pool).await.map_err(|error| ControlError::Unavailable(error.to_string()))?;
        Ok(Self {
            audit_queue: audit::queue(pool.clone()),
            pool,
            keys: memory::Memory::new(100_000),
            key_names: memory::Memory::new(1),
            unheard_keys: Arc::new(RateLimiter::direct(Quota::per_second(key::UNHEARD_PER_S))),
            keys_used: used::Used::new("UPDATE ingest_keys SET last_used_ms = $1 WHERE ingest_key = $2"),
            tokens: memory::Memory::new(10_000),
            token_ids: memory::Memory::new(1),
            tokens_used: used::Used::new("UPDATE tokens SET last_used_ms = $1 WHERE id = $2"),
            signing_keys: memory::Memory::new(10_000),
            proofs: token::Proofs::new(),
        })
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
}

/// Why the database at `url` could not be reached: a pool tries again until its time is over, and then says only that.
async fn unreachable(url: &str) -> ControlError {
    let reason = match tokio::time::timeout(ACQUIRE_TIMEOUT, AnyConnection::connect(url)).await {
        Ok(Err(error)) => error.to_string(),
        Ok(Ok(_)) | Err(_) => "it does not answer in time".to_owned(),
    };
    let url = reqwest::Url::parse(url).ok();
    let server =
        url.as_ref().and_then(|url| Some(format!("{}:{}: ", url.host_str()?, url.port().unwrap_or(5432))));
    ControlError::Unavailable(server.unwrap_or_default() + &reason)
}

fn now_ms() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}
