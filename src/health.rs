//! `/healthz` says the process runs; `/readyz` says it can acknowledge beacons durably, part by part.
//!
//! The two are kept apart: a node that is not ready must lose its traffic, not its life. ClickHouse and live are
//! reported but do not decide: the log absorbs while they are away. ClickHouse is there once it can be asked, tables and all.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use actix_web::{HttpResponse, web};
use serde::Serialize;
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

/// Something readiness is made of.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ReadinessPart)]
pub struct Part {
    /// `log`, `control` or `clickhouse`.
    pub name: &'static str,
    /// Whether no beacon can be taken without it.
    pub decides: bool,
    /// What is wrong with it; null if nothing is.
    pub problem: Option<String>,
}

/// What `/readyz` says.
#[derive(Debug)]
pub struct Readiness {
    pub ready: bool,
    pub draining: bool,
    pub parts: Vec<Part>,
}

impl Health {
    /// Asks every part.
    pub async fn readiness(&self) -> Readiness {
        let part = |name, decides, answer: Result<(), String>| Part { name, decides, problem: answer.err() };
        let (control, clickhouse) = tokio::join!(self.control.ready(), self.store.ready());
        let parts = vec![
            part("log", true, self.log.ready()),
            part("control", true, control.map_err(|error| error.to_string())),
            part("clickhouse", false, clickhouse),
        ];
        let draining = self.draining.load(Ordering::Relaxed);
        let ready = !draining && parts.iter().all(|part| !part.decides || part.problem.is_none());
        Readiness { ready, draining, parts }
    }
}

async fn readyz(health: web::Data<Health>) -> HttpResponse {
    let Readiness { ready, draining, parts } = health.readiness().await;
    let mut body = json!({"ready": ready, "draining": draining});
    for Part { name, problem, .. } in parts {
        body[name] = problem.unwrap_or_else(|| "ok".to_owned()).into();
    }
    let mut answer = if ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    answer.json(body)
}
