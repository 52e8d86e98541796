//! The statements that run now: how many may, whose they are, and how they are stopped.
//!
//! Whose they are is said by [`super::asker::Asker::key`].

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use parking_lot::Mutex;
use tokio::sync::watch;

use super::{upstream::Upstream, wall::catalog::Process};
use crate::store::embedded::error::EngineError;

/// All of them.
pub struct Running {
    statements: Mutex<HashMap<u64, Entry>>,
    count: AtomicU64,
    per_token: usize,
    at_once: usize,
}

struct Entry {
    token: String,
    query_id: String,
    query: String,
    begun: Instant,
    stop: watch::Sender<bool>,
}

/// The right to run one statement, until it is dropped and the engine has let go of the statement.
pub struct Ticket {
    running: Arc<Running>,
    number: u64,
    stopped: watch::Receiver<bool>,
    /// The statement in the engine, which may go on after nobody waits for it.
    followed: Option<Followed>,
}

struct Followed {
    upstream: Upstream,
    engine_id: String,
}

impl Running {
    /// None yet.
    pub fn new(per_token: usize, at_once: usize) -> Self {
        Self { statements: Mutex::default(), count: AtomicU64::new(1), per_token, at_once }
    }

    /// How many statements of one token, or person, may run at a time.
    pub const fn per_token(&self) -> usize {
        self.per_token
    }

    /// Lets a statement of a token run, if the token and the port have a place left.
    ///
    /// # Errors
    /// TOO_MANY_SIMULTANEOUS_QUERIES, or that the token runs one under this id already.
    pub fn begin(self: &Arc<Self>, token: &str, query_id: &str, query: &str) -> Result<Ticket, EngineError> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let (stop, stopped) = watch::channel(false);
        let mut statements = self.statements.lock();
        let own = statements.values().filter(|entry| entry.token == token);
        if own.clone().any(|entry| entry.query_id == query_id) {
            let text = format!("Query with id = {query_id} is already running");
            return Err(EngineError::raised(216, "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING", text));
        }
        let (own, all) = (own.count(), statements.len());
        if own >= self.per_token || all >= self.at_once {
            let whose = if own >= self.per_token {
                format!("this token runs {own}, which is as many as it may")
            } else {
                format!("this port runs {all}, which is as many as it may")
            };
            let text = format!("Too many simultaneous queries: {whose}; try again when one has ended");
            return Err(EngineError::raised(202, "TOO_MANY_SIMULTANEOUS_QUERIES", text));
        }
        let entry = Entry {
            token: token.to_owned(),
            query_id: query_id.to_owned(),
            query: query.to_owned(),
            begun: Instant::now(),
            stop,
        };
        statements.insert(number, entry);
        Ok(Ticket { running: Arc::clone(self), number, stopped, followed: None })
    }

    /// Stops a token's statement; what it was, if it ran.
    pub fn kill(&self, token: &str, query_id: &str) -> Option<String> {
        let statements = self.statements.lock();
        let entry = statements.values().find(|entry| entry.token == token && entry.query_id == query_id)?;
        entry.stop.send_replace(true);
        Some(entry.query.clone())
    }

    /// A token's statements.
    pub fn of(&self, token: &str) -> Vec<Process> {
        let statements = self.statements.lock();
        let own = statements.values().filter(|entry| entry.token == token);
        own.map(|entry| Process {
            query_id: entry.query_id.clone(),
            query: entry.query.clone(),
            elapsed_ms: u64::try_from(entry.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        })
        .collect()
    }
}

impl Ticket {
    /// The statement is in the engine now, under this id.
    pub fn follow(&mut self, upstream: &Upstream, engine_id: &str) {
        self.followed = Some(Followed { upstream: upstream.clone(), engine_id: engine_id.to_owned() });
    }

    /// The engine has answered to the end.
    pub fn ended(&mut self) {
        self.followed = None;
    }

    /// Waits until somebody stops the statement.
    pub async fn stopped(&mut self) -> EngineError {
        if self.stopped.wait_for(|stopped| *stopped).await.is_err() {
            // Its sender lives as long as the ticket.
            std::future::pending::<()>().await;
        }
        EngineError::raised(394, "QUERY_WAS_CANCELLED", "Query was cancelled by KILL QUERY")
    }
}

impl Drop for Ticket {
    /// A statement that was left to itself keeps its place while the engine is at it: some cannot be stopped (one call of
    /// a function, a plan being made), and whoever leaves them would else begin another each time.
    fn drop(&mut self) {
        let (running, number) = (Arc::clone(&self.running), self.number);
        match (self.followed.take(), tokio::runtime::Handle::try_current()) {
            (Some(Followed { upstream, engine_id }), Ok(runtime)) => drop(runtime.spawn(async move {
                upstream.until_gone(&engine_id).await;
                running.statements.lock().remove(&number);
            })),
            _ => drop(running.statements.lock().remove(&number)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_by_token_and_in_all() {
        let running = Arc::new(Running::new(2, 3));
        let first = running.begin("a", "1", "q").ok();
        let second = running.begin("a", "2", "q").ok();
        assert!(first.is_some() && second.is_some());
        assert_eq!(running.begin("a", "3", "q").err().map(|error| error.code()), Some(202));
        let other = running.begin("b", "1", "q").ok();
        assert_eq!(
            running.begin("b", "2", "q").err().map(|error| error.code()),
            Some(202),
            "the port is full"
        );
        drop(first);
        assert_eq!(running.begin("a", "2", "q").err().map(|error| error.code()), Some(216));
        assert_eq!(running.of("b").len(), 1);
        drop(other);
        assert!(running.of("b").is_empty());
    }

    #[tokio::test]
    async fn a_token_stops_its_own_statements_only() {
        let running = Arc::new(Running::new(2, 3));
        let mut ticket = running.begin("a", "1", "SELECT 1").unwrap();
        assert_eq!(running.kill("b", "1"), None);
        assert_eq!(running.kill("a", "1").as_deref(), Some("SELECT 1"));
        assert_eq!(ticket.stopped().await.code(), 394);
    }
}
