//! The audit log: who did what, and who asked which SQL. Lines are added, and dropped when they are old; nothing changes one.
//!
//! What an administrator does is written before the answer to it ([`Control::audit`]); statements are written moments
//! later, many at once ([`Control::audit_soon`]), because a tool may ask fifty a second.

use std::net::IpAddr;

use serde_json::Value;
use sqlx::{AnyConnection, AnyPool, Row, any::AnyRow};
use tokio::sync::mpsc;

use super::{Control, ControlError, now_ms};

/// Days a line is kept: a year, and the month in which one looks back at it.
pub const AUDIT_DAYS: i64 = 400;
/// Days a statement is kept. It may name viewers.
pub const STATEMENT_DAYS: i64 = 30;
/// Statements kept of one environment; the oldest go first.
pub const MOST_STATEMENTS: i64 = 100_000;
const DAY_MS: i64 = 24 * 3600 * 1000;
/// Lines that wait to be written, and that are written at once.
const WAITING: usize = 4096;
const AT_ONCE: usize = 256;

macro_rules! deeds {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Deed { $($(#[$doc])* $name,)* }

        impl Deed {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its word in the API, the command line and the database.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

deeds! {
    EnvironmentCreated = "environment.create",
    /// Its name or its retention.
    EnvironmentChanged = "environment.change",
    KeyCreated = "key.create",
    KeyChanged = "key.change",
    KeyRotated = "key.rotate",
    KeyRetired = "key.retire",
    TokenCreated = "token.create",
    TokenRevoked = "token.revoke",
    PersonInvited = "person.invite",
    InvitationWithdrawn = "person.invite.withdraw",
    InvitationAccepted = "person.invite.accept",
    PersonChanged = "person.change",
    PersonRemoved = "person.remove",
    PasswordChanged = "person.password",
    SignedIn = "session.open",
    SignInFailed = "session.fail",
    SessionEnded = "session.end",
    ErasureRequested = "viewer.erase",
    /// Everything an environment owns was taken out.
    Exported = "export",
    IncidentOpened = "incident.open",
    IncidentAcknowledged = "incident.acknowledge",
    IncidentNoted = "incident.note",
    IncidentResolved = "incident.resolve",
    QuerySaved = "query.save",
    QueryChanged = "query.change",
    QueryDeleted = "query.delete",
    /// A statement, on the SQL port or on the screen.
    SqlAsked = "sql",
}

impl Deed {
    /// Whether a word is a deed's, or what several begin with, such as `key`.
    pub fn knows(word: &str) -> bool {
        Self::ALL.iter().any(|deed| {
            deed.word() == word || deed.word().strip_prefix(word).is_some_and(|rest| rest.starts_with('.'))
        })
    }
}

/// A line to be written.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    /// None: about the installation.
    pub environment: Option<String>,
    /// `token ID`, an email address, `the operator` or `the command line`.
    pub actor: String,
    pub address: Option<IpAddr>,
    pub deed: Deed,
    /// What it was done to. Never a secret.
    pub subject: String,
    /// More about it: an object.
    pub detail: Value,
}

/// A line as it is read.
#[derive(Debug, Clone, PartialEq, serde::Serialize, utoipa::ToSchema)]
pub struct AuditLine {
    pub id: String,
    pub at_ms: i64,
    /// Null: about the installation, as who may sign in.
    pub environment: Option<String>,
    /// `token ID`, an email address, `the operator` or `the command line`; `somebody` where nobody was recognised.
    pub actor: String,
    /// Where it came from; of IPv6 the network.
    pub address: Option<String>,
    /// What was done, such as `key.create`.
    pub deed: String,
    /// What it was done to.
    pub subject: String,
    /// More about it.
    #[schema(value_type = Object)]
    pub detail: Value,
}

/// Which lines: newest first.
#[derive(Debug, Clone, Copy)]
pub struct AuditQuestion<'q> {
    /// Of this environment.
    pub environment: Option<&'q str>,
    /// And those about the installation.
    pub installation: bool,
    /// A deed, or what several begin with, such as `key`; all when empty.
    pub deed: &'q str,
    /// Older than this line.
    pub before: Option<&'q str>,
    pub limit: i64,
}

/// The way to the log for lines nobody waits for.
pub(super) type Queue = mpsc::Sender<AuditEntry>;

/// Starts to write lines as they come, until every sender is gone.
pub(super) fn queue(pool: AnyPool) -> Queue {
    let (sender, mut receiver) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let mut entries = Vec::with_capacity(AT_ONCE);
        while receiver.recv_many(&mut entries, AT_ONCE).await > 0 {
            if let Err(error) = write_all(&pool, &entries).await {
                tracing::warn!(%error, lines = entries.len(), "lines of the audit log were not written");
            }
            entries.clear();
        }
    });
    sender
}

async fn write_all(pool: &AnyPool, entries: &[AuditEntry]) -> Result<(), ControlError> {
    let mut transaction = pool.begin().await?;
    for entry in entries {
        write(&mut transaction, entry).await?;
    }
    Ok(transaction.commit().await?)
}

async fn write(connection: &mut AnyConnection, entry: &AuditEntry) -> Result<(), ControlError> {
    sqlx::query(
        "INSERT INTO audit_log (id, at_ms, environment, actor, address, deed, subject, detail)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(uuid::Uuid::now_v7().to_string())
    .bind(now_ms())
    .bind(entry.environment.clone())
    .bind(&entry.actor)
    .bind(entry.address.map(|address| address.to_string()))
    .bind(entry.deed.word())
    .bind(&entry.subject)
    .bind(entry.detail.to_string())
    .execute(connection)
    .await?;
    Ok(())
}

impl Control {
    /// Writes a line. What it is about has been done by then, so a failure is told to the log of the process and not to
    /// whoever did it.
    pub async fn audit(&self, entry: AuditEntry) {
        let written = async { write(&mut *self.pool.acquire().await?, &entry).await };
        if let Err(error) = written.await {
            tracing::error!(%error, deed = entry.deed.word(), actor = entry.actor, subject = entry.subject, "a line of the audit log was not written");
        }
    }

    /// Writes a line a moment later. When thousands wait it is left out, and the process's log has it all the same.
    pub fn audit_soon(&self, entry: AuditEntry) {
        if self.audit_queue.try_send(entry).is_err() {
            tracing::warn!("the audit log is behind; a statement is in this log alone");
        }
    }

    /// A page of lines.
    pub async fn audit_lines(&self, question: AuditQuestion<'_>) -> Result<Vec<AuditLine>, ControlError> {
        let rows = sqlx::query(
            "SELECT id, at_ms, environment, actor, address, deed, subject, detail FROM audit_log
             WHERE (environment = $1 OR ($2 = 1 AND environment IS NULL))
               AND (deed = $3 OR deed LIKE $4) AND id < $5
             ORDER BY id DESC LIMIT $6",
        )
        .bind(question.environment.map(str::to_owned))
        .bind(i64::from(question.installation))
        .bind(question.deed)
        .bind(if question.deed.is_empty() { "%".to_owned() } else { format!("{}.%", question.deed) })
        // Behind every UUID.
        .bind(question.before.unwrap_or("z"))
        .bind(question.limit)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| line(row).map_err(ControlError::from)).collect()
    }

    /// Drops lines that are older than is kept; how many.
    pub async fn trim_audit(&self, now_ms: i64) -> Result<u64, ControlError> {
        let aged = "DELETE FROM audit_log WHERE (deed = 'sql' AND at_ms < $1) OR at_ms < $2";
        let mut gone = sqlx::query(aged)
            .bind(now_ms - STATEMENT_DAYS * DAY_MS)
            .bind(now_ms - AUDIT_DAYS * DAY_MS)
            .execute(&self.pool)
            .await?
            .rows_affected();
        for environment in self.environments().await? {
            let beyond = "DELETE FROM audit_log WHERE environment = $1 AND deed = 'sql' AND id <=
                (SELECT id FROM audit_log WHERE environment = $1 AND deed = 'sql' ORDER BY id DESC LIMIT 1 OFFSET $2)";
            let done = sqlx::query(beyond).bind(&environment.id).bind(MOST_STATEMENTS).execute(&self.pool);
            gone += done.await?.rows_affected();
        }
        Ok(gone)
    }
}

fn line(row: &AnyRow) -> Result<AuditLine, sqlx::Error> {
    let detail: String = row.try_get("detail")?;
    Ok(AuditLine {
        id: row.try_get("id")?,
        at_ms: row.try_get("at_ms")?,
        environment: row.try_get("environment")?,
        actor: row.try_get("actor")?,
        address: row.try_get("address")?,
        deed: row.try_get("deed")?,
        subject: row.try_get("subject")?,
        detail: serde_json::from_str(&detail).unwrap_or_default(),
    })
}
