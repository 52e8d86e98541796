//! The HTTP servers: what players, people and programs use, what analysts' tools use, and what operators use.

use std::{net::SocketAddr, sync::Arc};

use actix_http::{Request, Response};
use actix_service::{Service, apply_fn_factory};
use actix_web::{
    App as Web, HttpResponse, HttpServer,
    dev::Server,
    middleware::{self, from_fn},
    web,
};
use futures_util::{FutureExt, TryFutureExt, future::Either};
use metrics_exporter_prometheus::PrometheusHandle;

use super::StartError;
use crate::{
    beacon::{self, Collector, front::Front},
    config::{Config, Role},
    health::{self, Health},
    prompt,
    quarantine::{self, routes::Door},
    web::{
        api::{self, ApiState},
        assets, demo,
        line::{self, HEADER_DEADLINE, KEEP_ALIVE},
        live::{self, LiveState},
        sql::{self, SqlPort, SqlState},
        system::System,
    },
};

/// How long open requests may take once the end has come; with the steps after it below 30 s.
const HTTP_GRACE_S: u64 = 10;
/// Players get one in two of the descriptors, operators and analysts one in eight each; the rest is for files and engines.
const PLAYERS: usize = 2;
const OTHERS: usize = 8;

/// Beacons, pages, API and websocket, as the roles say; `sql` is there where this process answers questions.
pub fn web_server(
    config: &Config,
    health: Health,
    collector: web::Data<Collector>,
    live_state: LiveState,
    api_state: web::Data<ApiState>,
    sql: Option<(web::Data<SqlState>, SocketAddr)>,
    system: web::Data<System>,
) -> Result<(Server, SocketAddr), StartError> {
    let collects = config.roles.contains(&Role::Collect);
    let prefix = config.intake_prefix.clone();
    let front = collects.then(|| Front::new(collector.clone(), &prefix));
    listen(config.http_addr, "http-addr", Manners::Web, PLAYERS, front, move |web| {
        web.app_data(web::Data::new(health.clone()))
            .app_data(collector.clone())
            .app_data(web::Data::from(Arc::clone(&collector.log)))
            .app_data(web::Data::new(live_state.clone()))
            .app_data(api_state.clone())
            .app_data(system.clone())
            .app_data(web::Data::from(Arc::clone(&collector.refusals)))
            .app_data(web::Data::new(demo::IntakePrefix(prefix.clone())));
        // Their answers are too short to compress.
        if collects {
            web.configure(beacon::routes(&prefix));
        }
        compressed(web, |web| {
            web.configure(health::routes);
            if let Some((state, bound)) = &sql {
                web.app_data(state.clone()).app_data(web::Data::new(SqlPort(bound.port())));
                web.configure(demo::routes)
                    .configure(assets::routes)
                    .configure(live::routes)
                    .configure(api::configure);
            }
        });
    })
}

/// The SQL port, where this process answers questions.
pub fn sql_server(config: &Config, state: web::Data<SqlState>) -> Result<(Server, SocketAddr), StartError> {
    listen(config.sql.addr, "sql-addr", Manners::ClickHouse, OTHERS, None, move |web| {
        web.app_data(state.clone()).configure(sql::configure);
    })
}

/// Health, metrics and the quarantine.
pub fn admin_server(
    config: &Config,
    health: Health,
    metrics: PrometheusHandle,
    door: web::Data<Door>,
) -> Result<(Server, SocketAddr), StartError> {
    listen(config.admin_addr, "admin-addr", Manners::Web, OTHERS, None, move |web| {
        let metrics = metrics.clone();
        let render = move || {
            let text = metrics.render();
            async move { HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(text) }
        };
        web.app_data(web::Data::new(health.clone())).app_data(door.clone());
        compressed(web, |web| {
            web.configure(health::routes)
                .configure(quarantine::routes::configure)
                .route("/metrics", web::get().to(render));
        });
    })
}

/// Routes whose answers are compressed for whoever takes them so. They come last: nothing after them is asked.
fn compressed(config: &mut web::ServiceConfig, routes: impl FnOnce(&mut web::ServiceConfig)) {
    let rest = web::scope("").wrap(middleware::Compress::default()).configure(routes);
    config.service(rest.default_service(web::to(api::nothing_here)));
}

/// What clients of an address are used to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manners {
    /// Who closes the sending side still hears the answer.
    Web,
    /// Who closes a side has left, and the statement is stopped.
    ClickHouse,
}

/// Binds, applies the limits every address has, and starts. Port 0 takes any free port.
fn listen(
    address: SocketAddr,
    flag: &'static str,
    manners: Manners,
    share: usize,
    front: Option<Front>,
    configure: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
) -> Result<(Server, SocketAddr), StartError> {
    // Each worker makes an application of its own, in its own thread.
    let application = move || {
        prompt::be_prompt();
        let application = Web::new().wrap(from_fn(line::hold)).configure(configure.clone());
        let front = front.clone();
        apply_fn_factory(application, move |request: Request, application: &_| {
            let taken = match &front {
                Some(front) => front.take(request),
                None => Err(request),
            };
            match taken {
                Ok(answer) => Either::Left(answer.map(Ok)),
                Err(request) => Either::Right(application.call(request).map_ok(Response::from)),
            }
        })
    };
    let server = HttpServer::new(application)
        .on_connect(line::watch(share))
        .max_connections(line::most_per_worker(share))
        .h1_allow_half_closed(manners == Manners::Web)
        .keep_alive(KEEP_ALIVE)
        // Else the second piece of an answer waits for the client's kernel to acknowledge the first, up to 40 ms.
        .tcp_nodelay(true)
        .client_request_timeout(HEADER_DEADLINE)
        .shutdown_timeout(HTTP_GRACE_S)
        .disable_signals()
        .bind(address)
        .map_err(|error| StartError::Listen { address, flag, error })?;
    let bound = server.addrs().first().copied().unwrap_or(address);
    Ok((server.run(), bound))
}
