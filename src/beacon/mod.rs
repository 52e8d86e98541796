//! 1 · HTTP in: what players send, answered only when it is durable.
//!
//! [`front`] takes what nearly all players send, before the application's routes; [`handler`] reads top to bottom. A beacon is admitted by its ingest key, read under caps ([`body`]), decoded by its
//! format ([`formats`]) into log records, let in by what it is worth ([`admission`], [`importance`]), enriched with what the server knows ([`enrich`]) and appended to the log.

pub mod admission;
pub mod body;
pub mod enrich;
pub mod fates;
pub mod formats;
pub mod front;
pub mod handler;
mod history;
pub mod importance;
mod origin;
mod quota;
pub mod refusal;
pub mod refusals;
pub mod senders;

use std::sync::Arc;

use actix_web::web;

pub use self::quota::Quotas;
use self::{
    admission::Admission, body::BodyRoom, enrich::Enricher, fates::Fates, importance::KnownViews,
    origin::Incoming, refusal::Refusal, refusals::Refusals, senders::Senders,
};
use crate::{
    clock::Clock,
    control::{Control, IngestKey},
    log::EventLog,
    web::api::refuse,
};

/// What a beacon request needs.
pub struct Collector {
    pub control: Arc<Control>,
    pub log: Arc<dyn EventLog>,
    pub enricher: Enricher,
    /// Counts them.
    pub fates: Fates,
    pub clock: Clock,
    pub admission: Admission,
    pub quotas: Quotas,
    /// Memory for bodies.
    pub body_room: BodyRoom,
    /// Whose start, error and end are refused last.
    pub known_views: KnownViews,
    /// Of formats whose events need not name their view.
    pub senders: Senders,
    /// What was refused of whom, for its environment to see.
    pub refusals: Arc<Refusals>,
    /// How often our SDK is to send totals.
    pub heartbeat_ms: u32,
    /// Whether senders on this machine may tell when a beacon arrived.
    pub accept_history: bool,
    /// Whether what browsers say about privacy keeps ids of people out of the log.
    pub respect_privacy_signals: bool,
}

/// A sender whose key is known.
pub struct Admitted {
    /// As it was sent.
    pub key: String,
    pub ingest_key: Arc<IngestKey>,
}

impl Collector {
    /// Whose beacon this is, by its key and the page it comes from.
    async fn admit(&self, incoming: &Incoming<'_>, key: &str) -> Result<Admitted, Refusal> {
        let ingest_key = match self.control.ingest_key(key).await {
            Ok(Some(ingest_key)) => ingest_key,
            Ok(None) => return Err(Refusal::UnknownKey),
            Err(error) => {
                tracing::error!(%error, "ingest key cannot be looked up");
                return Err(Refusal::Unavailable);
            }
        };
        incoming.check(&ingest_key)?;
        Ok(Admitted { key: key.to_owned(), ingest_key })
    }

    /// Whether so many events more are within the quota of the key.
    fn within_quota(&self, admitted: &Admitted, events: usize) -> Result<(), Refusal> {
        let Some(events_per_s) = admitted.ingest_key.events_per_s else { return Ok(()) };
        let taken = self.quotas.take(&admitted.key, events_per_s, events);
        taken.map_err(|wait| Refusal::OverQuota { retry_after_s: wait.as_secs() + 1 })
    }
}

/// The intake routes but those of [`front`]. `prefix` is configurable because filter lists block words, not hosts.
pub fn routes(prefix: &str) -> impl FnOnce(&mut web::ServiceConfig) + use<> {
    let native = format!("{prefix}/{{ingest_key}}");
    let cmcd = format!("{native}/cmcd");
    let epas = format!("{native}/epas");
    move |config| {
        config
            .route("/", web::method(actix_web::http::Method::OPTIONS).to(handler::preflight_without_key))
            .service(
                web::resource(native)
                    .route(web::method(actix_web::http::Method::OPTIONS).to(handler::preflight))
                    .default_service(web::to(|| async { refuse("POST, OPTIONS") })),
            )
            .service(
                web::resource(cmcd)
                    .route(web::post().to(handler::cmcd::report))
                    .route(web::get().to(handler::cmcd::pixel))
                    .route(web::method(actix_web::http::Method::OPTIONS).to(handler::preflight))
                    .default_service(web::to(|| async { refuse("POST, GET, OPTIONS") })),
            )
            .service(
                web::resource(epas)
                    .route(web::post().to(handler::epas::take))
                    .route(web::method(actix_web::http::Method::OPTIONS).to(handler::epas::preflight))
                    .default_service(web::to(|| async { refuse("POST, OPTIONS") })),
            );
    }
}
