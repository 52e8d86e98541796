//! The SQL port: ClickHouse's HTTP interface for analysts' own tools, confined to the token's environment.
//!
//! ```text
//!  client ─▶ port ── who asks (API token) ── what (asked) ── ask ─ wall ── a place (running) ── upstream ─▶ ClickHouse
//!         ◀─ answer ◀──────────────────────────────────────────────────────────────────────┘
//!                └─▶ audit: who asked what, and what it took
//! ```
//!
//! It serves the same on the embedded engine and on a server, because it knows neither: it reads the statement
//! ([`wall`]), sends on what it wrote itself ([`upstream`]), and lets the answer through as it comes ([`answer`]). The SQL
//! screen of the dashboard comes in by the API ([`screen`]) and goes the same way.

mod answer;
mod ask;
mod asked;
mod asker;
mod audit;
mod coding;
mod port;
mod running;
pub mod screen;
mod sessions;
pub mod upstream;
pub mod wall;

use std::sync::Arc;

use actix_web::{
    Error,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header,
    middleware::{Compress, Next, from_fn},
    web::{self, Data},
};

use self::{
    coding::Coding, running::Running, sessions::Sessions, upstream::Upstream, wall::settings::Bounds,
};
use super::api::ApiState;

/// How much one token, and the port as a whole, may do at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// What each statement may take.
    pub statement: Bounds,
    /// Statements of one token at a time.
    pub per_token: usize,
    /// Statements of all tokens at a time. Less than the engine has places, so that the API always finds one.
    pub at_once: usize,
}

/// Where ClickHouse's clients connect on this host. Mount it beside [`screen::routes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqlPort(pub u16);

/// Everything the port and the screen need.
pub struct SqlState {
    api: Data<ApiState>,
    upstream: Upstream,
    bounds: Bounds,
    running: Arc<Running>,
    sessions: Sessions,
}

impl SqlState {
    /// A port over `upstream`, for the tokens that `api` knows.
    pub fn new(api: Data<ApiState>, upstream: Upstream, limits: Limits) -> Self {
        Self {
            api,
            upstream,
            bounds: limits.statement,
            running: Arc::new(Running::new(limits.per_token, limits.at_once)),
            sessions: Sessions::default(),
        }
    }
}

/// Adds the routes.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/ping", web::get().to(port::alive))
        .route("/replicas_status", web::get().to(port::alive))
        .service(
            web::resource("/")
                .wrap(Compress::default())
                .wrap(from_fn(content_coding_if_asked))
                .route(web::route().to(port::serve)),
        );
}

/// ClickHouse answers in a content coding only with `enable_http_compression=1`, and JDBC counts on it: it says that it
/// takes gzip and then reads native frames.
async fn content_coding_if_asked<B>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error>
where
    B: MessageBody + 'static,
{
    let asked = request
        .query_string()
        .split('&')
        .any(|pair| matches!(pair.split_once('='), Some(("enable_http_compression", "1" | "true"))));
    let coding = Coding::accepted(request.headers()).filter(|_| asked);
    if !asked || coding.is_some() {
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    let response = next.call(request).await?;
    Ok(match coding {
        Some(coding) => response.map_body(|head, body| EitherBody::right(coding.encode(head, body))),
        None => response.map_into_left_body(),
    })
}
