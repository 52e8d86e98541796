//! The API as the server mounts it: its state and its routes.

use std::{future::Future, sync::Arc, time::Duration};

use actix_web::{
    Handler, HttpResponse, Resource, Responder,
    middleware::from_fn,
    web::{self, ServiceConfig},
};
use async_trait::async_trait;
use bytes::Bytes;
use ipnet::IpNet;
use serde::Serialize;

use super::{
    annotations,
    auth::{Authenticator, LoginCode, Reader},
    batch,
    cache::AnswerCache,
    conditional::conditional,
    control, counts, delivery, dimensions, engagement,
    error::ApiError,
    errors, exports,
    guard::{envelope, guard},
    incidents, ledger,
    limit::Limits,
    live, metrics, monitoring, openapi,
    params::{Params, Wait},
    playback, refusals, sql, system, usage, views,
};
use crate::{clock::Clock, control::Control, log::Position, pipeline::live::Live, store::Store};

/// No body of the API is larger, but where it says so.
pub(super) const MAX_BODY: usize = 16 * 1024;

/// How far ClickHouse has come.
#[async_trait]
pub trait Progress: Send + Sync + 'static {
    /// Waits until the records at all `positions` can be read; false when that takes longer than `timeout`.
    async fn wait(&self, positions: &[Position], timeout: Duration) -> bool;
}

/// Everything the API needs. Mount it as `web::Data` beside [`configure`].
pub struct ApiState {
    pub control: Control,
    /// Shared with the websocket.
    pub authenticator: Arc<Authenticator>,
    pub store: Store,
    /// What monitoring answers from.
    pub live: Arc<Live>,
    pub progress: Arc<dyn Progress>,
    pub login_code: LoginCode,
    pub limits: Limits,
    pub clock: Clock,
    /// Proxies whose word about the client's address counts.
    pub trusted_proxies: Vec<IpNet>,
    pub cache: AnswerCache,
}

impl ApiState {
    /// Answers a question as JSON: once per second for all who ask it, or fresh after what it has to wait for.
    pub(super) async fn answer<T: Serialize>(
        &self,
        reader: &Reader,
        params: &Params,
        ask: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<HttpResponse, ApiError> {
        let ask = async {
            let answer = serde_json::to_vec(&ask.await?);
            answer.map(Bytes::from).map_err(|error| ApiError::Internal(error.to_string()))
        };
        let answer = match params.wait()? {
            Some(wait) => {
                self.settle(wait).await?;
                AnswerCache::ask(ask).await?
            }
            None => self.cache.answer(params.question(reader.environment.clone()), ask).await?,
        };
        Ok(HttpResponse::Ok()
            .insert_header(("server-timing", answer.timing))
            .content_type("application/json")
            .body(answer.body))
    }

    async fn settle(&self, wait: Wait) -> Result<(), ApiError> {
        match self.progress.wait(&wait.positions, wait.timeout).await {
            true => Ok(()),
            false => Err(ApiError::PositionLate),
        }
    }
}

/// Adds the routes: `/session` and everything under `/data/v1`.
pub fn configure(config: &mut ServiceConfig) {
    let json = json_up_to(MAX_BODY);
    config
        .configure(control::session_routes)
        .service(
            get("/data/v1/openapi.json", openapi::serve).wrap(from_fn(conditional)).wrap(from_fn(envelope)),
        )
        .service(get("/data/v1/viewer-count", counts::show))
        .service(
            web::scope("/data/v1")
                .app_data(json)
                .wrap(from_fn(conditional))
                .wrap(from_fn(guard))
                .wrap(from_fn(envelope))
                .service(get("/metrics", metrics::list))
                .service(get("/metrics/comparison", metrics::comparison::comparison))
                .service(get("/metrics/{metric}/overall", metrics::overall))
                .service(get("/metrics/{metric}/timeseries", metrics::timeseries))
                .service(get("/metrics/{metric}/breakdown", metrics::breakdown))
                .service(get("/metrics/{metric}/overall/sql", metrics::in_sql::overall))
                .service(get("/metrics/{metric}/timeseries/sql", metrics::in_sql::timeseries))
                .service(get("/metrics/{metric}/breakdown/sql", metrics::in_sql::breakdown))
                .service(get("/metrics/{metric}/insights/sql", metrics::in_sql::insights))
                .service(get("/live/{topic}", live::snapshot::snapshot))
                .service(get("/monitoring/metrics", monitoring::metrics))
                .service(get("/monitoring/dimensions", monitoring::dimensions))
                .service(get("/monitoring/metrics/{metric}/breakdown", monitoring::breakdown))
                .service(get("/monitoring/metrics/{metric}/timeseries", monitoring::timeseries))
                .service(get(
                    "/monitoring/metrics/{metric}/breakdown-timeseries",
                    monitoring::breakdown_timeseries,
                ))
                .service(get(
                    "/monitoring/metrics/{metric}/histogram-timeseries",
                    monitoring::histogram_timeseries,
                ))
                .service(
                    read("/annotations", annotations::list)
                        .route(web::post().to(annotations::create))
                        .default_service(web::to(|| async { refuse("GET, HEAD, POST") })),
                )
                .service(
                    read("/annotations/{id}", annotations::show)
                        .route(web::patch().to(annotations::update))
                        .route(web::delete().to(annotations::delete))
                        .default_service(web::to(|| async { refuse("DELETE, GET, HEAD, PATCH") })),
                )
                .service(
                    read("/incidents", incidents::list)
                        .route(web::post().to(incidents::by_hand::open))
                        .default_service(web::to(|| async { refuse("GET, HEAD, POST") })),
                )
                .service(
                    read("/incidents/{id}/log", incidents::by_hand::log)
                        .route(web::post().to(incidents::by_hand::act))
                        .default_service(web::to(|| async { refuse("GET, HEAD, POST") })),
                )
                .service(get("/incidents/{id}", incidents::show))
                .service(get("/incidents/{id}/related", incidents::related))
                .service(get("/metrics/{metric}/insights", metrics::insights::insights))
                .service(
                    web::resource("/query")
                        .app_data(json_up_to(batch::MAX_BODY))
                        .route(web::post().to(batch::query))
                        .default_service(web::to(|| async { refuse("POST") })),
                )
                .service(get("/cdn-scores", delivery::scores))
                .service(
                    web::resource("/viewer-tokens")
                        .route(web::post().to(counts::sign))
                        .route(web::delete().to(counts::revoke))
                        .default_service(web::to(|| async { refuse("DELETE, POST") })),
                )
                .service(get("/usage", usage::show))
                .service(get("/usage/sql", usage::usage_in_sql))
                .service(get("/refusals", refusals::list))
                .service(get("/system", system::show))
                .service(get("/exports/views", exports::list))
                .service(get("/exports/views/{file}", exports::file))
                .service(get("/video-views", views::list))
                .service(get("/video-views/sql", views::list_in_sql))
                .service(get("/video-views/{id}", views::show))
                .service(get("/errors", errors::list))
                .service(get("/errors/sql", errors::list_in_sql))
                .service(get("/renditions", playback::renditions))
                .service(get("/stalls", playback::stalls))
                .service(get("/dimensions", dimensions::list))
                .service(get("/dimensions/{dimension}", dimensions::values))
                .configure(engagement::routes)
                .service(
                    web::resource("/ledger")
                        .app_data(json_up_to(ledger::MAX_BODY))
                        .route(web::post().to(ledger::show))
                        .default_service(web::to(|| async { refuse("POST") })),
                )
                .configure(control::routes)
                .configure(sql::screen::routes)
                .default_service(web::to(nothing_here)),
        );
}

/// JSON bodies of at most `bytes`, and what is wrong with others.
pub(super) fn json_up_to(bytes: usize) -> web::JsonConfig {
    web::JsonConfig::default().limit(bytes).error_handler(|error, _| {
        use actix_web::error::JsonPayloadError;
        match error {
            JsonPayloadError::Overflow { .. } | JsonPayloadError::OverflowKnownLength { .. } => {
                ApiError::BodyTooLarge
            }
            JsonPayloadError::ContentType => ApiError::UnsupportedMedia,
            other => ApiError::InvalidBody(other.to_string()),
        }
        .into()
    })
}

/// A resource that can only be read.
pub(super) fn get<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: Responder + 'static,
{
    read(path, handler).default_service(web::to(|| async { refuse("GET, HEAD") }))
}

/// A resource that can be read, and to which other methods are added.
pub(super) fn read<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path).route(web::get().to(handler.clone())).route(web::head().to(handler))
}

/// What is answered where there is nothing.
pub async fn nothing_here() -> Result<HttpResponse, ApiError> {
    Err(ApiError::NotFound("there is nothing at this address".to_owned()))
}

/// What is answered to other methods than those an address takes.
pub fn refuse(allow: &'static str) -> Result<HttpResponse, ApiError> {
    Err(ApiError::MethodNotAllowed { allow })
}
