//! Who gets which connection.
//!
//! A request without a session gets a connection of its own, opened for it and closed after it: opening
//! costs a fraction of a millisecond, and no setting, database or temporary table can leak to the next user
//! of a connection that nobody uses again. A session keeps its connection between requests.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::engine::{Connection, Engine};
use super::error::{EngineError, code};
use super::request::{Request, SessionWish};

/// The setting statements are tagged with, so that they can be found and stopped: the C interface does not
/// let a caller choose the query id, but this one shows in `system.processes`.
const TAG: &str = "log_comment";

enum Slot {
    InUse,
    Idle { connection: Connection, until: Instant },
}

/// Opens connections and keeps those of sessions.
pub struct Sessions {
    engine: Engine,
    slots: Mutex<HashMap<String, Slot>>,
    statements: AtomicU64,
}

/// Which statements to stop.
#[derive(Clone, Copy, Debug)]
pub enum Target<'t> {
    /// The one with this tag.
    Tag(&'t str),
    /// All questions.
    Selects,
    /// All there are.
    All,
}

/// A connection made ready for one statement.
pub struct Lease {
    connection: Option<Connection>,
    session: Option<(SessionWish, Arc<Sessions>)>,
    restore: Vec<String>,
}

impl Sessions {
    /// Sessions of one engine.
    pub fn new(engine: Engine) -> Arc<Self> {
        Arc::new(Self { engine, slots: Mutex::default(), statements: AtomicU64::new(1) })
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<String, Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A tag no other statement has, even when two clients chose the same query id.
    pub fn tag(&self, query_id: &str) -> String {
        format!("{query_id}/{}", self.statements.fetch_add(1, Ordering::Relaxed))
    }

    /// A connection set up as the request asks: its database, its settings, and the tag to stop it by.
    pub fn lease(
        self: &Arc<Self>,
        request: &Request,
        extra: &[(&str, &str)],
        tag: &str,
    ) -> Result<Lease, EngineError> {
        let session = request.session()?;
        let connection = match &session {
            Some(wish) => self.resume(wish)?,
            None => self.engine.connect()?,
        };
        let mut lease = Lease {
            connection: Some(connection),
            session: session.map(|wish| (wish, Arc::clone(self))),
            restore: Vec::new(),
        };
        lease.prepare(request, extra, tag)?;
        Ok(lease)
    }

    fn resume(&self, wish: &SessionWish) -> Result<Connection, EngineError> {
        self.forget_expired();
        let mut slots = self.slots();
        let connection = match slots.remove(&wish.id) {
            Some(Slot::Idle { connection, .. }) => connection,
            Some(Slot::InUse) => {
                slots.insert(wish.id.clone(), Slot::InUse);
                let text = format!("Session {} is locked by a concurrent client", wish.id);
                return Err(EngineError::raised(code::SESSION_IS_LOCKED, "SESSION_IS_LOCKED", text));
            }
            None if wish.must_exist => {
                let text = format!("Session {} not found", wish.id);
                return Err(EngineError::raised(code::SESSION_NOT_FOUND, "SESSION_NOT_FOUND", text));
            }
            None => self.engine.connect()?,
        };
        slots.insert(wish.id.clone(), Slot::InUse);
        Ok(connection)
    }

    /// Closes the connections of sessions nobody came back to.
    pub fn forget_expired(&self) {
        let now = Instant::now();
        let expired: Vec<Slot> = {
            let mut slots = self.slots();
            let ids: Vec<String> = slots
                .iter()
                .filter(|(_, slot)| matches!(slot, Slot::Idle { until, .. } if *until <= now))
                .map(|(id, _)| id.clone())
                .collect();
            ids.iter().filter_map(|id| slots.remove(id)).collect()
        };
        // Closing happens outside the lock: it may wait for the engine.
        drop(expired);
    }

    /// Closes every idle session, for the end of the process.
    pub fn close_idle(&self) {
        let all = std::mem::take(&mut *self.slots());
        drop(all);
    }

    /// Stops running statements, without waiting until they have noticed.
    pub fn kill(&self, target: Target<'_>) -> Result<(), EngineError> {
        let condition = match target {
            Target::Tag(tag) => format!("Settings['{TAG}'] = {}", quoted(tag)),
            Target::Selects => "query_kind = 'Select'".to_owned(),
            // but not this very statement, nor others of its kind
            Target::All => "query_kind != 'KillQuery'".to_owned(),
        };
        let sql = format!("KILL QUERY WHERE {condition} ASYNC");
        self.engine.connect()?.query(sql.as_bytes(), "Null", &[]).map(drop)
    }

    fn give_back(&self, wish: &SessionWish, connection: Option<Connection>) {
        let slot = connection.map(|connection| Slot::Idle {
            connection,
            until: Instant::now() + wish.timeout.max(Duration::from_secs(1)),
        });
        let mut slots = self.slots();
        match slot {
            Some(slot) => slots.insert(wish.id.clone(), slot),
            None => slots.remove(&wish.id),
        };
    }
}

impl Lease {
    /// The connection.
    pub fn connection(&mut self) -> Result<&mut Connection, EngineError> {
        self.connection.as_mut().ok_or_else(|| EngineError::host("the connection is gone"))
    }

    fn prepare(&mut self, request: &Request, extra: &[(&str, &str)], tag: &str) -> Result<(), EngineError> {
        let mut wanted: Vec<(&str, &str)> = vec![(TAG, tag)];
        wanted.extend(extra.iter().filter(|(name, _)| !request.settings.contains_key(*name)));
        wanted.extend(
            request.settings.iter().filter(|(name, _)| *name != TAG).map(|(name, value)| (&**name, &**value)),
        );
        if self.session.is_some() {
            self.remember(&wanted, request.database.is_some())?;
        }
        if let Some(database) = &request.database {
            self.run(&format!("USE {}", identifier(database)))?;
        }
        let assignments: Vec<String> =
            wanted.iter().map(|(name, value)| format!("{name} = {}", quoted(value))).collect();
        self.run(&format!("SET {}", assignments.join(", ")))
    }

    /// Notes how to undo what this request is about to set: what a URL says is for one statement, only a
    /// `SET` or `USE` statement is for the session.
    fn remember(&mut self, wanted: &[(&str, &str)], database: bool) -> Result<(), EngineError> {
        let names: Vec<String> = wanted.iter().map(|(name, _)| quoted(name)).collect();
        let sql =
            format!("SELECT name, value, changed FROM system.settings WHERE name IN ({})", names.join(", "));
        let answer = self.connection()?.query(sql.as_bytes(), "JSONCompactEachRow", &[])?;
        let values: Vec<String> = serde_json::Deserializer::from_slice(answer.as_ref())
            .into_iter::<(String, String, u8)>()
            .map(|row| {
                let (name, value, changed) = row.map_err(EngineError::host)?;
                let value = if changed == 1 { quoted(&value) } else { "DEFAULT".to_owned() };
                Ok(format!("{name} = {value}"))
            })
            .collect::<Result<_, EngineError>>()?;
        self.restore = vec![format!("SET {}", values.join(", "))];
        if database {
            let answer = self.connection()?.query(b"SELECT currentDatabase()", "TSVRaw", &[])?;
            let name = String::from_utf8_lossy(answer.as_ref()).trim_end_matches('\n').to_owned();
            self.restore.push(format!("USE {}", identifier(&name)));
        }
        Ok(())
    }

    fn run(&mut self, sql: &str) -> Result<(), EngineError> {
        self.connection()?.query(sql.as_bytes(), "Null", &[]).map(drop)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some((wish, sessions)) = self.session.take() else {
            return;
        };
        // A session that cannot be put back as it was (after readonly=1, say) must not go on.
        let sound = std::mem::take(&mut self.restore).iter().all(|undo| self.run(undo).is_ok());
        let connection = self.connection.take().filter(|_| sound);
        sessions.give_back(&wish, connection);
    }
}

/// A string literal.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn identifier(text: &str) -> String {
    format!("`{}`", text.replace('\\', "\\\\").replace('`', "\\`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_inside_its_quotes() {
        assert_eq!(quoted("it's \\ x"), r"'it\'s \\ x'");
        assert_eq!(identifier("a`b\\"), r"`a\`b\\`");
    }
}
