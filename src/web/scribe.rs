//! Who a handler's caller is in the audit log, and from where: an argument of every handler that changes something.

use std::net::IpAddr;

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web::Data};
use serde_json::Value;
use std::future::{Ready, ready};

use super::{
    address::{client_address, limit_key},
    api::ApiState,
    auth::{Reader, Via},
    error::ApiError,
};
use crate::control::{AuditEntry, Control, Deed};

/// Writes what its caller has done.
pub struct Scribe {
    control: Control,
    environment: Option<String>,
    actor: String,
    address: Option<IpAddr>,
}

impl FromRequest for Scribe {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let reader = request.extensions().get::<Reader>().cloned();
        ready(match (request.app_data::<Data<ApiState>>(), reader) {
            (Some(state), Some(reader)) => Ok(Self::new(request, state, &reader.name(), Some(&reader))),
            _ => Err(ApiError::Unauthenticated),
        })
    }
}

impl Scribe {
    /// For what happens where nobody has been let in yet.
    pub fn at_the_door(request: &HttpRequest, state: &ApiState, actor: &str) -> Self {
        Self::new(request, state, actor, None)
    }

    fn new(request: &HttpRequest, state: &ApiState, actor: &str, reader: Option<&Reader>) -> Self {
        Self {
            control: state.control.clone(),
            environment: reader.map(|reader| reader.environment.to_string()),
            actor: actor.to_owned(),
            address: client_address(request.head(), &state.trusted_proxies).map(limit_key),
        }
    }

    /// About the environment the caller is in.
    pub async fn note(&self, deed: Deed, subject: &str, detail: Value) {
        self.write(self.environment.clone(), deed, subject, detail).await;
    }

    /// About an environment that is named.
    pub async fn note_in(&self, environment: &str, deed: Deed, subject: &str, detail: Value) {
        self.write(Some(environment.to_owned()), deed, subject, detail).await;
    }

    /// About the installation, which owners read.
    pub async fn note_for_owners(&self, deed: Deed, subject: &str, detail: Value) {
        self.write(None, deed, subject, detail).await;
    }

    async fn write(&self, environment: Option<String>, deed: Deed, subject: &str, detail: Value) {
        let (actor, address, subject) = (self.actor.clone(), self.address, subject.to_owned());
        self.control.audit(AuditEntry { environment, actor, address, deed, subject, detail }).await;
    }
}

impl Reader {
    /// The owner whose session this is, if it is one's.
    pub(super) fn is_owner(&self) -> bool {
        matches!(&self.via, Via::Session(session) if session.role == crate::control::Role::Owner)
    }
}
