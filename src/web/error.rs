//! What can be wrong with a request, and everything that follows from it.
//!
//! Each question (status, code, log level, headers, what the caller may read) is an exhaustive match: a new kind of error
//! does not compile until all are answered. The form is RFC 9457 with `error: {type, messages}` added, which is what
//! the official Mux clients read.

use super::{problem::Problem, sql::screen::Fault};
use crate::{control::ControlError, store::query::QueryError};
use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{StatusCode, header},
};

/// A refused or failed request.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApiError {
    // 400
    #[error("{detail}")]
    InvalidParameter { name: String, detail: String, choices: Vec<String> },
    #[error("{0}")]
    InvalidBody(String),
    /// SQL; its status is its own.
    #[error("{}", .0.text())]
    Statement(Box<Fault>),
    // 401
    #[error("this needs an API token (HTTP Basic or Bearer, id:secret) or a session")]
    Unauthenticated,
    #[error("the credentials are not valid")]
    BadCredentials,
    // 403
    #[error("{0}")]
    Forbidden(&'static str),
    #[error("the request comes from another site")]
    CrossSite,
    // 404, 405, 409, 413, 415
    #[error("{0}")]
    NotFound(String),
    #[error("this address takes {allow}")]
    MethodNotAllowed { allow: &'static str },
    #[error("{0}")]
    Conflict(String),
    #[error("the body is larger than this address takes")]
    BodyTooLarge,
    #[error("the body has to be application/json")]
    UnsupportedMedia,
    // 429
    #[error("too many requests; try again in {retry_after_s} s")]
    RateLimited { retry_after_s: u64 },
    // 500, 503, 504
    #[error("the server failed; the request id helps to find out why")]
    Internal(String),
    #[error("this part of the server cannot be reached now")]
    Unavailable(String),
    #[error("the question is too heavy; a shorter timeframe or more filters help")]
    TooHeavy(String),
    #[error("the position was not reached in time")]
    PositionLate,
}

impl ApiError {
    /// A bad value of a parameter, with what it may be.
    pub fn parameter<I>(name: &str, detail: impl Into<String>, choices: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let choices = choices.into_iter().map(Into::into).collect();
        Self::InvalidParameter { name: name.to_owned(), detail: detail.into(), choices }
    }

    /// HTTP status.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Statement(fault) => fault.status(),
            Self::InvalidParameter { .. } | Self::InvalidBody(_) => StatusCode::BAD_REQUEST,
            Self::Unauthenticated | Self::BadCredentials => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) | Self::CrossSite => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMedia => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable(_) | Self::TooHeavy(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::PositionLate => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// The word for it that programs may rely on.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InvalidParameter { .. } => "invalid_parameters",
            Self::InvalidBody(_) => "invalid_body",
            Self::Statement(fault) => fault.word(),
            Self::Unauthenticated => "unauthenticated",
            Self::BadCredentials => "bad_credentials",
            Self::Forbidden(_) => "forbidden",
            Self::CrossSite => "cross_site",
            Self::NotFound(_) => "not_found",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::Conflict(_) => "conflict",
            Self::BodyTooLarge => "body_too_large",
            Self::UnsupportedMedia => "unsupported_media_type",
            Self::RateLimited { .. } => "rate_limited",
            Self::Internal(_) => "internal",
            Self::Unavailable(_) => "unavailable",
            Self::TooHeavy(_) => "too_heavy",
            Self::PositionLate => "position_late",
        }
    }

    /// What went wrong on our side, which the caller does not read.
    pub fn cause(&self) -> Option<&str> {
        match self {
            Self::Internal(cause) | Self::Unavailable(cause) | Self::TooHeavy(cause) => Some(cause),
            Self::InvalidParameter { .. }
            | Self::InvalidBody(_)
            | Self::Statement(_)
            | Self::Unauthenticated
            | Self::BadCredentials
            | Self::Forbidden(_)
            | Self::CrossSite
            | Self::NotFound(_)
            | Self::MethodNotAllowed { .. }
            | Self::Conflict(_)
            | Self::BodyTooLarge
            | Self::UnsupportedMedia
            | Self::RateLimited { .. }
            | Self::PositionLate => None,
        }
    }

    /// How loudly to say it in the log.
    pub fn level(&self) -> tracing::Level {
        match self {
            Self::Internal(_) => tracing::Level::ERROR,
            Self::Unavailable(_) | Self::TooHeavy(_) => tracing::Level::WARN,
            Self::Statement(fault) if fault.status().is_server_error() => tracing::Level::WARN,
            Self::BadCredentials | Self::CrossSite | Self::RateLimited { .. } | Self::PositionLate => {
                tracing::Level::INFO
            }
            Self::InvalidParameter { .. }
            | Self::InvalidBody(_)
            | Self::Statement(_)
            | Self::Unauthenticated
            | Self::Forbidden(_)
            | Self::NotFound(_)
            | Self::MethodNotAllowed { .. }
            | Self::Conflict(_)
            | Self::BodyTooLarge
            | Self::UnsupportedMedia => tracing::Level::DEBUG,
        }
    }

    fn headers(&self, to: &mut HttpResponseBuilder) {
        match self {
            Self::Unauthenticated | Self::BadCredentials => {
                // Basic is taken but not asked for: a browser would put its own password dialog over the login page.
                to.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"playhead\""));
            }
            Self::RateLimited { retry_after_s } => {
                to.insert_header((header::RETRY_AFTER, retry_after_s.to_string()));
            }
            Self::Statement(fault) if !matches!(fault.code, 201 | 202 | 209 | 210) => {}
            Self::Statement(_) | Self::Unavailable(_) | Self::TooHeavy(_) | Self::PositionLate => {
                to.insert_header((header::RETRY_AFTER, "1"));
            }
            Self::MethodNotAllowed { allow } => {
                to.insert_header((header::ALLOW, *allow));
            }
            Self::InvalidParameter { .. }
            | Self::InvalidBody(_)
            | Self::Forbidden(_)
            | Self::CrossSite
            | Self::NotFound(_)
            | Self::Conflict(_)
            | Self::BodyTooLarge
            | Self::UnsupportedMedia
            | Self::Internal(_) => {}
        }
    }

    /// What the caller may read of it.
    pub fn problem(&self) -> Problem {
        let mut problem = Problem::new(self.status(), self.code(), self.to_string());
        if let Self::InvalidParameter { name, choices, .. } = self {
            problem.parameter = Some(name.clone());
            problem = problem.choices(choices.clone());
        }
        if let Self::Statement(fault) = self {
            problem.statement = Some((**fault).clone());
        }
        problem
    }

    /// The answer.
    pub fn response(&self, request_id: Option<&str>) -> HttpResponse {
        let mut problem = self.problem();
        problem.request_id = request_id.map(ToOwned::to_owned);
        let mut response = problem.builder();
        self.headers(&mut response);
        problem.send(response)
    }
}

impl actix_web::ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.response(None)
    }
}

impl From<ControlError> for ApiError {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::Unavailable(cause) => Self::Unavailable(cause),
            ControlError::Invalid(detail) => Self::InvalidBody(detail),
            ControlError::Exists(detail) => Self::Conflict(detail),
            ControlError::Missing(detail) => Self::NotFound(detail),
        }
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Unavailable(cause) => Self::Unavailable(cause),
            QueryError::TooHeavy(cause) => Self::TooHeavy(cause),
            QueryError::Failed(cause) => Self::Internal(cause),
        }
    }
}
