//! The API as it is served, on a port of its own, over one engine that all tests share.

use std::{
    sync::{Arc, OnceLock, mpsc},
    time::Duration,
};

use actix_web::{App, HttpServer, web::Data};
use async_trait::async_trait;
use metrics_exporter_prometheus::PrometheusBuilder;
use playhead::{
    beacon::refusals::Refusals,
    clock::Clock,
    control::{Control, NewEnvironment},
    health::Health,
    log::{self, EventLog, LogSettings, Position, segment::SegmentSettings},
    pipeline::{self, live::Live},
    store::{
        Store,
        embedded::{EmbeddedClickHouse, Settings},
        migrate::migrate,
    },
    web::{
        api::{ApiState, Progress, configure},
        auth::{Authenticator, DemoTokens, LoginCode},
        cache::AnswerCache,
        limit::{Limits, Rate, Rates},
        sql::{self, SqlPort, SqlState, upstream::Upstream, wall::settings::Bounds},
        system::System,
    },
};
use reqwest::{Response, StatusCode};
use serde_json::Value;

/// The code that opens a session here.
pub const LOGIN_CODE: &str = "open-sesame";

/// What a statement may take here.
const SQL_LIMITS: sql::Limits = sql::Limits {
    statement: Bounds {
        seconds: 60,
        memory_bytes: 1 << 30,
        read_rows: 1_000_000_000,
        result_rows: 10_000_000,
        result_bytes: 1 << 30,
        threads: 2,
    },
    per_token: 4,
    at_once: 16,
};

/// No limit a test could reach by accident.
pub fn unlimited() -> Rates {
    let rate = Rate::per_second(1_000_000, 1_000_000);
    Rates { requests: rate, failures: rate, sign_ins: rate, accounts: rate }
}

/// The engine with the schema.
pub fn store() -> Store {
    let Access { url, user, password } = engine();
    Store::new(url, user, password)
}

/// How the engine is reached.
pub struct Access {
    pub url: String,
    pub user: String,
    pub password: String,
}

/// The engine. It lives as long as the test process; its child ends with it.
pub fn engine() -> &'static Access {
    static ENGINE: OnceLock<Access> = OnceLock::new();
    let start = || {
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let data = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("api-engine");
                let _ = std::fs::remove_dir_all(&data);
                std::fs::create_dir_all(&data).unwrap();
                let mut settings = Settings::new(data.join("engine"));
                settings.program = Some(env!("CARGO_BIN_EXE_playhead").into());
                settings.memory_limit = 2 << 30;
                let engine = EmbeddedClickHouse::start(settings).unwrap();
                engine.ready(Duration::from_secs(120)).await.unwrap();
                let store = Store::new(&engine.url(), engine.user(), engine.password());
                migrate(&store).await.unwrap();
                let access = Access {
                    url: engine.url(),
                    user: engine.user().into(),
                    password: engine.password().into(),
                };
                sender.send(access).unwrap();
                std::future::pending::<()>().await;
            });
        });
        receiver.recv().unwrap()
    };
    ENGINE.get_or_init(start)
}

/// Positions below 100 have been reached, others never will be.
struct UpTo100;

#[async_trait]
impl Progress for UpTo100 {
    async fn wait(&self, positions: &[Position], timeout: Duration) -> bool {
        if positions.iter().all(|position| position.offset < 100) {
            return true;
        }
        tokio::time::sleep(timeout).await;
        false
    }
}

/// What the page about the system tells, of parts that are really there.
fn system(state: &ApiState, log: Arc<dyn EventLog>) -> System {
    System {
        health: Health {
            log: Arc::clone(&log),
            control: Arc::new(state.control.clone()),
            store: state.store.clone(),
            draining: Arc::default(),
        },
        quarantine: log,
        metrics: PrometheusBuilder::new().build_recorder().handle(),
        course: Arc::default(),
        clock: Clock::system(),
        started_ms: 0,
        roles: vec!["query"],
        log_dir: None,
        has_embedded_engine: true,
    }
}

/// A running server.
pub struct Server {
    pub url: String,
    pub control: Control,
    pub demo_tokens: DemoTokens,
    pub authenticator: Arc<Authenticator>,
    /// What monitoring answers from.
    pub live: Arc<Live>,
    pub http: reqwest::Client,
    _database: tempfile::TempDir,
}

impl Server {
    /// Starts one with its own control database.
    pub fn start(rates: Rates) -> Self {
        let database = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", database.path().join("control.db").display());
        let (sender, receiver) = mpsc::channel();
        let store = store();
        let live = Arc::new(Live::default());
        let served = Arc::clone(&live);
        let log =
            LogSettings::Embedded(SegmentSettings::new(database.path().join("log"), &[pipeline::GROUP]));
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let control = Control::open(&url).await.unwrap();
                let log: Data<dyn EventLog> = Data::from(log::open(&log).await.unwrap());
                let demo_tokens = DemoTokens::default();
                let authenticator = Arc::new(Authenticator {
                    control: control.clone(),
                    demo_tokens: demo_tokens.clone(),
                    clock: Clock::system(),
                });
                let state = Data::new(ApiState {
                    control: control.clone(),
                    authenticator: authenticator.clone(),
                    store,
                    live: served,
                    progress: Arc::new(UpTo100),
                    login_code: LoginCode::new(LOGIN_CODE),
                    limits: Limits::new(rates),
                    clock: Clock::system(),
                    trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
                    cache: AnswerCache::default(),
                });
                let refusals = Data::new(Refusals::default());
                let system = Data::new(system(&state, log.clone().into_inner()));
                let Access { url, user, password } = engine();
                let upstream = Upstream::new(url, user, password).unwrap();
                let sql = Data::new(SqlState::new(state.clone(), upstream, SQL_LIMITS));
                let app = move || {
                    App::new()
                        .app_data(state.clone())
                        .app_data(log.clone())
                        .app_data(refusals.clone())
                        .app_data(system.clone())
                        .app_data(sql.clone())
                        .app_data(Data::new(SqlPort(8123)))
                        .configure(configure)
                };
                let server =
                    HttpServer::new(app).workers(2).disable_signals().bind(("127.0.0.1", 0)).unwrap();
                let address = server.addrs()[0];
                sender.send((address, control, demo_tokens, authenticator)).unwrap();
                server.run().await.unwrap();
            });
        });
        let (address, control, demo_tokens, authenticator) = receiver.recv().unwrap();
        Self {
            url: format!("http://{address}"),
            control,
            demo_tokens,
            authenticator,
            live,
            // Some tests ask from one runtime after the other, and a kept connection ends with the one that made it.
            http: reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap(),
            _database: database,
        }
    }

    /// A new tenant: names are unique over all tests, since they share the engine.
    pub async fn tenant(&self) -> NewEnvironment {
        self.control.create_environment(&format!("t-{}", uuid::Uuid::new_v4().simple())).await.unwrap()
    }

    /// Asks as `tenant`; `query` as pairs, encoded here.
    pub async fn ask(&self, tenant: &NewEnvironment, path: &str, query: &[(&str, &str)]) -> Response {
        let mut url = reqwest::Url::parse(&format!("{}{path}", self.url)).unwrap();
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.http.get(url).basic_auth(&tenant.token.id, Some(&tenant.token.secret));
        request.send().await.unwrap()
    }

    /// The JSON of a question that has an answer.
    pub async fn answer(&self, tenant: &NewEnvironment, path: &str, query: &[(&str, &str)]) -> Value {
        let response = self.ask(tenant, path, query).await;
        let status = response.status();
        let text = response.text().await.unwrap();
        assert_eq!(status, StatusCode::OK, "{path} {query:?}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Signs in with the code and returns the cookie.
    pub async fn sign_in(&self) -> String {
        let response = self
            .http
            .post(format!("{}/session", self.url))
            .json(&serde_json::json!({"code": LOGIN_CODE}))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        cookie.split(';').next().unwrap().to_owned()
    }
}
