//! Why a beacon request got no 2xx. One enum; status, code, text and headers are exhaustive matches, so a new reason
//! does not compile until every question about it is answered.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};

use serde_json::{Map, Value};

use crate::{log::AppendError, web::problem::Problem};

/// Largest body on the wire and after inflating, bytes.
pub const MAX_WIRE_BYTES: usize = 512 * 1024;
pub const MAX_INFLATED_BYTES: usize = 2 * 1024 * 1024;
/// Deepest nesting of a body and most events in it.
pub const MAX_DEPTH: usize = 32;
pub const MAX_EVENTS: usize = 10_000;

/// A whole request refused; none of its events was accepted.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("this ingest key is not known")]
    UnknownKey,
    #[error("this ingest key does not take beacons from pages of this origin")]
    ForeignOrigin,
    #[error("the body must be text/plain or application/json")]
    UnsupportedType,
    #[error("the body must be sent as it is or compressed with gzip once")]
    UnsupportedEncoding,
    #[error("the body is larger than {MAX_WIRE_BYTES} bytes")]
    BodyTooLarge,
    #[error("the body inflates to more than {MAX_INFLATED_BYTES} bytes")]
    InflatedTooLarge,
    #[error("more than {MAX_EVENTS} events in one body")]
    TooManyEvents,
    #[error("the body did not arrive within 10 s")]
    BodyTimeout,
    #[error("the body could not be read to its end")]
    BodyBroken,
    #[error("the body is not valid gzip")]
    BadGzip,
    #[error("the body is not valid JSON")]
    BadJson,
    #[error("the body is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    #[error("{0}")]
    BadBeacon(&'static str),
    #[error("no event of this body can be taken: {0}")]
    BadEvent(&'static str),
    #[error("the time of arrival can only be told by a sender on this machine, and not through a proxy")]
    NoHistory,
    #[error("more events than this service is set to take in now")]
    OverLimit,
    #[error("more events than this ingest key may send; try again in {retry_after_s} s")]
    OverQuota { retry_after_s: u64 },
    #[error("the service has no room for more now")]
    Full,
    #[error("the service cannot store beacons now")]
    Unavailable,
}

impl Refusal {
    /// The machine-readable code, also the metric label.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownKey => "unknown_key",
            Self::ForeignOrigin => "foreign_origin",
            Self::UnsupportedType => "unsupported_type",
            Self::UnsupportedEncoding => "unsupported_encoding",
            Self::BodyTooLarge => "body_too_large",
            Self::InflatedTooLarge => "inflated_too_large",
            Self::TooManyEvents => "too_many_events",
            Self::BodyTimeout => "body_timeout",
            Self::BodyBroken => "body_broken",
            Self::BadGzip => "bad_gzip",
            Self::BadJson => "bad_json",
            Self::TooDeep => "too_deep",
            Self::BadBeacon(_) => "bad_beacon",
            Self::BadEvent(code) => code,
            Self::NoHistory => "no_history",
            Self::OverLimit => "over_limit",
            Self::OverQuota { .. } => "over_quota",
            Self::Full => "full",
            Self::Unavailable => "unavailable",
        }
    }

    /// The HTTP status (contracts: 4xx is for good, 503 is worth another try).
    pub fn status(&self) -> StatusCode {
        match self {
            Self::UnknownKey => StatusCode::UNAUTHORIZED,
            Self::UnsupportedType | Self::UnsupportedEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyTooLarge | Self::InflatedTooLarge | Self::TooManyEvents => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::BodyBroken
            | Self::BadGzip
            | Self::BadJson
            | Self::TooDeep
            | Self::BadBeacon(_)
            | Self::BadEvent(_) => StatusCode::BAD_REQUEST,
            Self::NoHistory | Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::OverLimit | Self::OverQuota { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Full | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Whether the events stay with the client to be sent again.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::OverLimit | Self::OverQuota { .. } | Self::Full | Self::Unavailable)
    }

    /// The RFC 9457 answer, readable from any origin: players run on their customers' pages.
    pub fn response(&self) -> HttpResponse {
        self.response_with(Map::new())
    }

    /// The same with members that a format's own clients read.
    pub fn response_with(&self, members: Map<String, Value>) -> HttpResponse {
        let problem = Problem::new(self.status(), self.code(), self.to_string());
        let mut response = problem.builder();
        response
            .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
            .insert_header((header::ACCESS_CONTROL_EXPOSE_HEADERS, "retry-after"));
        match self {
            // Its clients are one tenant's own crowd, and a second is spread enough.
            Self::OverQuota { retry_after_s } => {
                response.insert_header((header::RETRY_AFTER, *retry_after_s));
            }
            _ if self.is_temporary() => {
                response.insert_header((header::RETRY_AFTER, jittered_retry_s()));
            }
            _ => {}
        }
        problem.send_with(response, members)
    }
}

impl From<AppendError> for Refusal {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Full(reason) => {
                tracing::warn!(reason, "beacon refused: log full");
                Self::Full
            }
            AppendError::Unavailable(reason) => {
                tracing::warn!(reason, "beacon refused: log unavailable");
                Self::Unavailable
            }
            AppendError::TooLarge { .. } => Self::BodyTooLarge,
        }
    }
}

/// Clients that failed together must not come back together.
fn jittered_retry_s() -> u64 {
    rand::random_range(1..=5)
}
