//! `/healthz` says the process runs; `/readyz` says it can acknowledge beacons durably, part by part.
//!
//! The two are kept apart: a node that is not ready must lose its traffic, not its life. ClickHouse and live are
//! reported but do not decide: the log absorbs while they are away.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use actix_web::{HttpResponse, web};
use serde_json::json;

use crate::{control::Control, log::EventLog, store::Store};

/// What readiness depends on.
#[derive(Clone)]
pub struct Health {
    pub log: Arc<dyn EventLog>,
    pub control: Arc<Control>,
    pub store: Store,
    /// Set when the process begins to stop.
    pub draining: Arc<AtomicBool>,
}

/// The routes, on the main and the admin address.
pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/healthz", web::get().to(healthz)).route("/readyz", web::get().to(readyz));
}

async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("ok\n")
}

async fn readyz(health: web::Data<Health>) -> HttpResponse {
    let draining = health.draining.load(Ordering::Relaxed);
    let log = health.log.ready();
    let control = health.control.ready().await.map_err(|error| error.to_string());
    let clickhouse = health.store.ping().await;
    let ready = !draining && log.is_ok() && control.is_ok();
    let word = |part: &Result<(), String>| part.as_ref().map_or_else(Clone::clone, |()| "ok".to_owned());
    let body = json!({
        "ready": ready, "draining": draining,
        "log": word(&log), "control": word(&control), "clickhouse": word(&clickhouse),
    });
    let mut answer = if ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    answer.json(body)
}
