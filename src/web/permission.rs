//! What a handler's caller may do, in the type of the handler's argument: [`Reader`], [`Analyst`], [`QueryKeeper`],
//! [`Writer`], [`Admin`], [`Owner`].
//!
//! A handler without one of these has no environment to answer about, and one with the wrong one does not exist: the
//! scope is checked before the handler runs, and the answer to whoever lacks it names it.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};

use super::{
    auth::{OPERATOR, Reader, Via},
    error::ApiError,
};
use crate::control::{Role, Scope, Session};

/// May add to the data: annotations, incidents.
pub struct Writer(pub Reader);

/// May ask SQL.
pub struct Analyst(pub Reader);

/// May change the SQL that is kept: who asks SQL their own, who may write anybody's.
pub struct QueryKeeper(pub Reader);

/// May administer its environment.
pub struct Admin(pub Reader);

/// Administers the installation: an owner's session.
pub struct Owner(pub Arc<Session>);

/// Signed in, with whatever role. Tokens have nothing to do with sessions.
pub struct SignedIn(pub Arc<Session>);

impl Reader {
    /// Passes those who may do what `scope` says.
    pub fn allowed(self, scope: Scope) -> Result<Self, ApiError> {
        if self.scopes.has(scope) {
            return Ok(self);
        }
        Err(ApiError::Forbidden(match scope {
            Scope::Read => "this needs the scope `read`",
            Scope::Sql => "this needs the scope `sql`",
            Scope::Write => "this needs the scope `write`: an editor, or a token that has it",
            Scope::Admin => "this needs the scope `admin`: an admin, or a token that has it",
        }))
    }

    /// Who is asking, for receipts.
    pub fn name(&self) -> String {
        match &self.via {
            Via::Token(id) => format!("token {id}"),
            Via::Session(session) => match &session.email {
                Some(email) => email.clone(),
                None => OPERATOR.to_owned(),
            },
        }
    }

    fn session(self) -> Result<SignedIn, ApiError> {
        match self.via {
            Via::Session(session) => Ok(SignedIn(session)),
            Via::Token(_) => {
                Err(ApiError::Forbidden("this needs a session: tokens belong to an environment"))
            }
        }
    }
}

/// The caller [`super::guard`] found; a route outside of it has none.
fn caller(request: &HttpRequest) -> Result<Reader, ApiError> {
    request.extensions().get::<Reader>().cloned().ok_or(ApiError::Unauthenticated)
}

macro_rules! extracted {
    ($type:ty, $by:expr) => {
        impl FromRequest for $type {
            type Error = ApiError;
            type Future = Ready<Result<Self, ApiError>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                ready(caller(request).and_then($by))
            }
        }
    };
}

extracted!(Reader, |caller| caller.allowed(Scope::Read));
extracted!(Writer, |caller| caller.allowed(Scope::Write).map(Writer));
extracted!(Analyst, |caller| caller.allowed(Scope::Sql).map(Analyst));
extracted!(QueryKeeper, |caller| match caller.scopes.has(Scope::Write) {
    true => Ok(QueryKeeper(caller)),
    false => caller.allowed(Scope::Sql).map(QueryKeeper),
});
extracted!(Admin, |caller| caller.allowed(Scope::Admin).map(Admin));
extracted!(SignedIn, Reader::session);
extracted!(Owner, |caller| {
    let SignedIn(session) = caller.session()?;
    match session.role {
        Role::Owner => Ok(Owner(session)),
        _ => Err(ApiError::Forbidden("this needs an owner")),
    }
});
