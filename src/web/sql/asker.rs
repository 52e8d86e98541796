//! Who asks SQL: a token at the port, or whoever is signed in at the screen.

use std::sync::Arc;

use crate::web::auth::{OPERATOR, Reader, Via};

/// Somebody who asks, in one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    pub environment: Arc<str>,
    /// Whose places, sessions and statements they are. It says how they have shown who they are, and where: a person's
    /// statements in one environment are not there in another, and no token can be named so that it passes for a person.
    pub key: String,
    /// What `currentUser()` says.
    pub user: String,
    /// As in the audit log.
    pub name: String,
}

impl Asker {
    /// Whoever was let in.
    pub fn of(reader: &Reader) -> Self {
        let user = match &reader.via {
            Via::Token(id) => id.clone(),
            Via::Session(session) => session.email.clone().unwrap_or_else(|| OPERATOR.to_owned()),
        };
        let key = format!("{} {}", reader.environment, reader.limit_key());
        Self { environment: Arc::clone(&reader.environment), key, user, name: reader.name() }
    }
}
