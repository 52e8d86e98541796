//! Sessions: the settings and the database that SET and USE leave for the next statements under the same `session_id`.
//!
//! That is all a session can hold here; temporary tables need writing. A session belongs to its token, statements in one
//! session may run at the same time, and one nobody comes back to is forgotten.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use moka::sync::Cache;

use super::wall::catalog::Database;
use crate::store::embedded::{
    error::{EngineError, code},
    request::SessionWish,
};

/// The longest time-out a client may ask for, as on a ClickHouse server.
const LONGEST: Duration = Duration::from_secs(3600);
const MOST: u64 = 10_000;

/// What a session remembers.
#[derive(Debug, Clone, Default)]
pub struct Session {
    pub settings: BTreeMap<String, String>,
    pub database: Option<Database>,
}

/// The sessions of all tokens.
pub struct Sessions(Cache<(String, String), (Session, Instant)>);

impl Default for Sessions {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(MOST).time_to_idle(LONGEST).build())
    }
}

impl Sessions {
    /// The session a request belongs to; an empty one when it names none or a new one.
    ///
    /// # Errors
    /// SESSION_NOT_FOUND when it has to exist and does not.
    pub fn resume(&self, token: &str, wish: Option<&SessionWish>) -> Result<Session, EngineError> {
        let Some(wish) = wish else { return Ok(Session::default()) };
        let kept = self.0.get(&key(token, wish)).filter(|(_, until)| *until > Instant::now());
        if kept.is_none() && wish.must_exist {
            let text = format!("Session {} not found", wish.id);
            return Err(EngineError::raised(code::SESSION_NOT_FOUND, "SESSION_NOT_FOUND", text));
        }
        let session = kept.map(|(session, _)| session).unwrap_or_default();
        self.keep(token, Some(wish), session.clone());
        Ok(session)
    }

    /// Remembers what a session is now.
    pub fn keep(&self, token: &str, wish: Option<&SessionWish>, session: Session) {
        if let Some(wish) = wish {
            self.0.insert(key(token, wish), (session, Instant::now() + wish.timeout));
        }
    }
}

fn key(token: &str, wish: &SessionWish) -> (String, String) {
    (token.to_owned(), wish.id.clone())
}
