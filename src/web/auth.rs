//! Who is asking: an API token, a session's cookie, or (on the websocket alone) a demo token.
//!
//! Everything ends in a [`Reader`] or a [`Principal`] with one environment in it; handlers have no other way to come
//! by one, so they cannot answer about somebody else's.

use std::{fmt, net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use actix_web::{HttpMessage, HttpRequest, http::header};
use base64::{Engine, engine::general_purpose::STANDARD};
use moka::sync::Cache;

use super::{
    api::ApiState,
    error::ApiError,
    limit::{Left, Refused},
};
use crate::{
    clock::Clock,
    control::{Control, Scope, Scopes, Session, digest, equal, random_secret},
};

/// The session's cookie.
pub const COOKIE: &str = "playhead_session";
/// Who opened a session with the printed code.
pub const OPERATOR: &str = "the operator";
/// How long a demo page may look at its own view.
const DEMO_LIFETIME: Duration = Duration::from_mins(30);
const MOST_DEMO_TOKENS: u64 = 10_000;

/// Somebody who may do something in one environment; what, [`super::permission`] asks.
#[derive(Debug, Clone)]
pub struct Reader {
    pub environment: Arc<str>,
    pub via: Via,
    pub scopes: Scopes,
}

/// How a reader has shown who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// The token's id.
    Token(String),
    Session(Arc<Session>),
}

impl Reader {
    /// What requests are counted by; no secret.
    pub(super) fn limit_key(&self) -> String {
        match &self.via {
            Via::Token(id) => format!("token {id}"),
            Via::Session(session) => format!("session {}", session.id),
        }
    }
}

/// Who may be on the websocket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    Reader {
        environment: Arc<str>,
    },
    /// Sees one video.
    Demo {
        environment: Arc<str>,
        video_id: Arc<str>,
    },
}

/// What a websocket was opened with: looked at again while it is open, since what it stands for may end.
#[derive(Clone)]
pub enum Proof {
    /// `id:secret`, or a demo token.
    Token(String),
    /// The session's cookie.
    Cookie(String),
}

impl Proof {
    /// The cookie that came with an upgrade.
    pub fn of(request: &HttpRequest) -> Option<Self> {
        request.cookie(COOKIE).map(|cookie| Self::Cookie(cookie.value().to_owned()))
    }
}

/// The word that opens the first session, new with each start of the process.
pub struct LoginCode(String);

impl LoginCode {
    /// A code that is already known to whoever started the process.
    pub fn new(code: &str) -> Self {
        Self(digest(code))
    }

    /// A new code, to be printed.
    pub fn generate() -> (Self, String) {
        let code = random_secret();
        (Self::new(&code), code)
    }

    /// Whether `code` is it.
    pub fn matches(&self, code: &str) -> bool {
        equal(&self.0, &digest(code))
    }
}

impl fmt::Debug for LoginCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginCode")
    }
}

/// Tokens for demo pages: in memory, short-lived, for one video, and of no use to the API.
#[derive(Clone)]
pub struct DemoTokens(Cache<String, (Arc<str>, Arc<str>)>);

impl Default for DemoTokens {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(MOST_DEMO_TOKENS).time_to_live(DEMO_LIFETIME).build())
    }
}

impl DemoTokens {
    /// What every one of them begins with.
    const PREFIX: &str = "demo.";

    /// A new token that sees one video of an environment.
    pub fn issue(&self, environment: Arc<str>, video_id: &str) -> String {
        let token = format!("{}{}", Self::PREFIX, random_secret());
        self.0.insert(digest(&token), (environment, video_id.into()));
        token
    }

    /// What a token sees, if it still does.
    pub fn verify(&self, token: &str) -> Option<Principal> {
        let (environment, video_id) = self.0.get(&digest(token))?;
        Some(Principal::Demo { environment, video_id })
    }
}

/// What a request came with.
enum Credentials {
    Token { id: String, secret: String },
    Session(String),
    Malformed,
    None,
}

/// The header first: a program that sends one means it, whatever cookie is about.
fn credentials(request: &HttpRequest) -> Credentials {
    if let Some(value) = request.headers().get(header::AUTHORIZATION) {
        let token = value.to_str().ok().and_then(|value| value.split_once(' ')).and_then(|(scheme, rest)| {
            match scheme.to_ascii_lowercase().as_str() {
                "basic" => pair(&decoded(rest.trim())?),
                // Both `id:secret` and its base64 are taken: clients differ.
                "bearer" => pair(rest.trim()).or_else(|| pair(&decoded(rest.trim())?)),
                _ => None,
            }
        });
        return token.map_or(Credentials::Malformed, |(id, secret)| Credentials::Token { id, secret });
    }
    request.cookie(COOKIE).map_or(Credentials::None, |cookie| Credentials::Session(cookie.value().to_owned()))
}

fn decoded(text: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(text).ok()?).ok()
}

fn pair(text: &str) -> Option<(String, String)> {
    text.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
}

/// A request that was let in or turned away, and how much its sender may still ask.
pub struct Admission {
    pub reader: Result<Reader, ApiError>,
    pub left: Option<Left>,
}

impl ApiState {
    /// Finds out who sends a request and whether they may ask now.
    pub async fn admit(&self, request: &HttpRequest, address: IpAddr) -> Admission {
        let reader = match credentials(request) {
            Credentials::None => Err(ApiError::Unauthenticated),
            Credentials::Malformed => Err(ApiError::BadCredentials),
            Credentials::Token { id, secret } => self.reader_of_token(&id, &secret, address).await,
            // Nobody guesses a cookie, so an address that guesses tokens does not keep sessions out.
            Credentials::Session(cookie) => self.authenticator.reader_of_session(&cookie).await,
        };
        self.counted(reader, address)
    }

    /// The same for a token that came another way than by the headers of the API.
    pub async fn admit_token(&self, id: &str, secret: &str, address: IpAddr) -> Admission {
        let reader = self.reader_of_token(id, secret, address).await;
        self.counted(reader, address)
    }

    /// Counts a request, by who sent it or by where it came from.
    fn counted(&self, reader: Result<Reader, ApiError>, address: IpAddr) -> Admission {
        match reader {
            Ok(reader) => match self.limits.request(&reader.limit_key()) {
                Ok(left) => Admission { reader: Ok(reader), left: Some(left) },
                Err(Refused { left, wait }) => {
                    Admission { reader: Err(Refused { left, wait }.into()), left: Some(left) }
                }
            },
            // Only these say something about whoever asks.
            Err(error @ (ApiError::Unauthenticated | ApiError::BadCredentials)) => {
                match self.limits.failure(address) {
                    Ok(left) => Admission { reader: Err(error), left: Some(left) },
                    Err(refused) => Admission { reader: Err(refused.into()), left: Some(refused.left) },
                }
            }
            Err(error) => Admission { reader: Err(error), left: None },
        }
    }

    /// Counts `more` requests for one that was let in and is as much work as so many beside it.
    pub fn charge(&self, request: &HttpRequest, reader: &Reader, more: u32) -> Result<(), ApiError> {
        let Some(more) = NonZeroU32::new(more) else { return Ok(()) };
        let charged = self.limits.work(&reader.limit_key(), more);
        let left = charged.as_ref().map_or_else(|refused| refused.left, |left| *left);
        request.extensions_mut().insert(left);
        Ok(charged.map(drop)?)
    }

    async fn reader_of_token(&self, id: &str, secret: &str, address: IpAddr) -> Result<Reader, ApiError> {
        self.may_be_looked_at(id, secret, address).await?;
        self.authenticator.reader_of_token(id, secret).await
    }

    /// While an address may not try, tokens from there are looked at that exist and cannot be guessed: whoever has one is let
    /// in whatever the neighbours do, and they cost neither an Argon2 nor a question to the database.
    async fn may_be_looked_at(&self, id: &str, secret: &str, address: IpAddr) -> Result<(), ApiError> {
        let Err(refused) = self.limits.may_try(address) else { return Ok(()) };
        let control = &self.authenticator.control;
        match control.has_token(id).await? && control.is_safe_to_check(id, secret).await? {
            true => Ok(()),
            false => Err(refused.into()),
        }
    }

    /// Finds out who opens a websocket. Tokens are tried there as at any other door.
    ///
    /// # Errors
    /// As [`Authenticator::principal`], or that the address has to wait.
    pub async fn principal(&self, proof: &Proof, address: IpAddr) -> Result<Principal, ApiError> {
        let token = match proof {
            Proof::Token(token) => pair(token),
            Proof::Cookie(_) => None,
        };
        if let Some((id, secret)) = &token {
            self.may_be_looked_at(id, secret, address).await?;
        }
        let principal = self.authenticator.principal(proof).await;
        if token.is_some() && matches!(principal, Err(ApiError::BadCredentials)) {
            self.limits.failure(address)?;
        }
        principal
    }
}

/// Checks who somebody is, for the API and the websocket alike.
pub struct Authenticator {
    pub control: Control,
    pub demo_tokens: DemoTokens,
    pub clock: Clock,
}

impl Authenticator {
    /// Whoever is on a websocket, as of now.
    ///
    /// # Errors
    /// That nobody is, that they may not read, or that it cannot be found out.
    pub async fn principal(&self, proof: &Proof) -> Result<Principal, ApiError> {
        let reader = match proof {
            Proof::Token(token) if token.starts_with(DemoTokens::PREFIX) => {
                return self.demo_tokens.verify(token).ok_or(ApiError::BadCredentials);
            }
            Proof::Token(token) => {
                let (id, secret) = pair(token).ok_or(ApiError::BadCredentials)?;
                self.reader_of_token(&id, &secret).await?
            }
            Proof::Cookie(cookie) => self.reader_of_session(cookie).await?,
        };
        Ok(Principal::Reader { environment: reader.allowed(Scope::Read)?.environment })
    }

    /// Whoever a token stands for.
    ///
    /// # Errors
    /// [`ApiError::BadCredentials`], or that the database cannot be asked.
    pub async fn reader_of_token(&self, id: &str, secret: &str) -> Result<Reader, ApiError> {
        let grant = self.control.verify_token(id, secret).await?.ok_or(ApiError::BadCredentials)?;
        Ok(Reader { environment: grant.environment, via: Via::Token(id.to_owned()), scopes: grant.scopes })
    }

    async fn reader_of_session(&self, cookie: &str) -> Result<Reader, ApiError> {
        let session = self.control.session(cookie, self.clock.now_ms()).await?;
        let session = session.ok_or(ApiError::Unauthenticated)?;
        let (environment, scopes) = (Arc::clone(&session.environment), session.role.scopes());
        Ok(Reader { environment, scopes, via: Via::Session(Arc::new(session)) })
    }
}

/// Whether a request was made by our own pages or by no page at all. Cookies are `SameSite=Strict`; this is the second
/// wall, for browsers and proxies that get the first wrong.
pub fn same_site(request: &HttpRequest) -> Result<(), ApiError> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    if header("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return Err(ApiError::CrossSite);
    }
    let Some(origin) = header("origin") else { return Ok(()) };
    let connection = request.connection_info();
    match origin.split_once("://") {
        Some((_, host)) if host.eq_ignore_ascii_case(connection.host()) => Ok(()),
        _ => Err(ApiError::CrossSite),
    }
}
