//! The composition root: opens what the roles need in order, watches over the tasks, and stops in the reverse order.
//!
//! Start: control data → log → ClickHouse (may be late: the log absorbs) → live → processor → HTTP. Stop on SIGTERM:
//! not ready, websockets told to go, HTTP drained, processor stopped between two steps, log closed, engine closed.

mod http;
mod tasks;

use std::{
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actix_web::{
    dev::{Server, ServerHandle},
    web,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::{JoinError, JoinSet},
};

use self::tasks::{Ended, bring_schema, keep, process, until_stop};
use crate::{
    beacon::{
        Collector, Quotas, admission::Admission, body::BodyRoom, enrich::Enricher, fates::Fates,
        importance::KnownViews, refusals::Refusals, senders::Senders,
    },
    clock::Clock,
    config::{Config, Role},
    control::{Control, ControlError},
    credentials,
    health::Health,
    log::{
        self, EventLog, LogSettings,
        kafka::{Assignor, KafkaSettings},
        quarantine::Quarantine,
        segment::{Retention, SegmentSettings},
    },
    pipeline::{
        self, Processor,
        caution::Caution,
        live::{Feed, Live, bounds::Room, resume::Resume, wary::Wary},
        progress::Progress,
        trial::Trials,
    },
    privacy::Keeper,
    quarantine::{Pass, routes::Door},
    store::{
        Store,
        embedded::{self, EmbeddedClickHouse},
    },
    telemetry,
    web::{
        api::ApiState,
        auth::{Authenticator, DemoTokens, LoginCode},
        cache::AnswerCache,
        limit::{Limits, Rates},
        line,
        live::{LiveState, hub::Hub},
        sql::{SqlState, upstream::Upstream},
        system::{Course, System},
    },
};

/// EX_SOFTWARE: a task ended that must not.
const EXIT_TASK_DIED: u8 = 70;
/// EX_CONFIG: nothing but an operator's change makes the next start succeed.
const EXIT_CONFIGURATION: u8 = 78;
/// How long the tasks may take to notice the stop.
const TASK_GRACE: Duration = Duration::from_secs(5);

/// With so many copies of each record one may be lost, so an acknowledgement needs two.
const SAFE_COPIES: i32 = 3;

/// Share of the disk for quarantined records.
const QUARANTINE_MAX_BYTES: u64 = 256 << 20;

/// Why the service did not start.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error("the data directory {} cannot be used: {error}; choose another one with --data-dir", path.display())]
    DataDir { path: std::path::PathBuf, error: std::io::Error },
    #[error("the control database cannot be opened: {0}")]
    Control(#[from] ControlError),
    #[error("{0}")]
    Engine(#[from] embedded::StartError),
    #[error("the log cannot be opened: {0}")]
    Log(#[from] crate::log::LogError),
    #[error(
        "{address} cannot be listened on: {error}; choose another address with --{flag}, or see who has it: ss -ltnp 'sport = :{}'",
        address.port()
    )]
    Listen { address: std::net::SocketAddr, flag: &'static str, error: std::io::Error },
    #[error("there is no client for ClickHouse: {0}")]
    Upstream(String),
    #[error("metrics cannot be recorded: {0}")]
    Metrics(String),
}

impl StartError {
    fn data_dir(config: &Config) -> impl FnOnce(std::io::Error) -> Self {
        let path = config.data_dir.clone();
        move |error| Self::DataDir { path, error }
    }

    /// What a supervisor should know: whether starting again can help.
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::DataDir { .. }
            | Self::Listen { .. }
            | Self::Engine(embedded::StartError::Library(_))
            | Self::Log(log::LogError::Fatal(_))
            | Self::Control(ControlError::Invalid(_)) => ExitCode::from(EXIT_CONFIGURATION),
            Self::Engine(_) | Self::Log(_) | Self::Control(_) | Self::Upstream(_) | Self::Metrics(_) => {
                ExitCode::FAILURE
            }
        }
    }
}

/// Everything that runs, held to be stopped.
struct Running {
    engine: Option<EmbeddedClickHouse>,
    log: Arc<dyn EventLog>,
    control: Arc<Control>,
    quarantine: Arc<dyn EventLog>,
    tasks: JoinSet<Ended>,
    servers: Vec<Server>,
    draining: Arc<AtomicBool>,
    stop: watch::Sender<bool>,
}

/// Runs the service until a signal or a failure ends it.
pub async fn serve(config: Config) -> ExitCode {
    match start(config).await {
        Ok(running) => running.until_stopped().await,
        Err(error) => {
            eprintln!("playhead: {error}");
            error.exit_code()
        }
    }
}

async fn start(config: Config) -> Result<Running, StartError> {
    line::raise_limit();
    let metrics = telemetry::start_metrics().map_err(StartError::Metrics)?;
    std::fs::create_dir_all(&config.data_dir).map_err(StartError::data_dir(&config))?;
    let control = Arc::new(Control::open(&config.database_url).await?);
    let credentials = credentials::provide(&control, &config).await?;
    // The log first: it finds out soonest that another process has the data directory.
    let log = log::open(&log_settings(&config, "")).await?;
    let quarantine = log::open(&log_settings(&config, ".quarantine")).await?;
    let (engine, store, upstream) = clickhouse(&config)?;

    let clock = Clock::system();
    let (stop, stopping) = watch::channel(false);
    let live = Arc::new(Live::with_room(Room(config.live_memory_bytes)));
    let hub = Arc::new(Hub::new(Arc::clone(&live), clock.clone()));
    let progress = Progress::default();
    let trials = Trials { store: store.clone(), program: None };
    let caution = Caution::default();
    let mut tasks = JoinSet::new();
    let (has_schema, schema) = watch::channel(false);
    tasks.spawn(bring_schema(store.clone(), has_schema, stopping.clone()));
    if config.roles.contains(&Role::Process) {
        let processor = Processor {
            log: Arc::clone(&log),
            store: store.clone(),
            quarantine: Quarantine::new(Arc::clone(&quarantine)),
            progress: progress.clone(),
            topic: config.kafka.as_ref().map_or_else(|| "embedded".to_owned(), |kafka| kafka.topic.clone()),
            trials: trials.clone(),
            caution: caution.clone(),
        };
        tasks.spawn(process(processor, schema.clone(), stopping.clone()));
        let keeper = Keeper {
            control: Control::clone(&control),
            store: store.clone(),
            log: Arc::clone(&log),
            clock: clock.clone(),
        };
        tasks.spawn(until_stop(keep(keeper, schema), "the keeper", stopping.clone()));
    }
    if config.roles.contains(&Role::Query) {
        let feed = Feed {
            live: Arc::clone(&live),
            clock: clock.clone(),
            resume: Resume::load(config.data_dir.join("live.json")).await,
            wary: Wary::load(&config.data_dir.join("live.reading"), trials.clone(), caution),
        };
        tasks.spawn(until_stop(feed.follow(Arc::clone(&log)), "the live tail", stopping.clone()));
        tasks.spawn(until_stop(Arc::clone(&hub).run(), "the live hub", stopping.clone()));
    }

    let draining = Arc::new(AtomicBool::new(false));
    let authenticator = Arc::new(Authenticator {
        control: Control::clone(&control),
        demo_tokens: DemoTokens::default(),
        clock: clock.clone(),
    });
    let api = web::Data::new(ApiState {
        control: Control::clone(&control),
        authenticator,
        store: store.clone(),
        live: Arc::clone(&live),
        progress: Arc::new(progress),
        login_code: LoginCode::new(&credentials.login_code),
        limits: Limits::new(Rates::default()),
        clock: clock.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
        cache: AnswerCache::default(),
    });
    let live_state = LiveState { hub, api: api.clone(), stopping: stopping.clone() };
    let health = Health {
        log: Arc::clone(&log),
        control: Arc::clone(&control),
        store: store.clone(),
        draining: Arc::clone(&draining),
    };
    let collector = web::Data::new(Collector {
        control: Arc::clone(&control),
        log: Arc::clone(&log),
        admission: Admission::new(config.admit_events_per_s),
        body_room: BodyRoom::default(),
        fates: Fates::default(),
        known_views: KnownViews::default(),
        quotas: Quotas::default(),
        enricher: Enricher::new(
            config.trusted_proxies.clone(),
            config.country_database.clone(),
            config.asn_database.clone(),
        ),
        clock: clock.clone(),
        senders: Senders::default(),
        refusals: Arc::new(Refusals::default()),
        heartbeat_ms: config.heartbeat_ms,
        accept_history: config.accept_history,
        respect_privacy_signals: config.respect_privacy_signals,
    });
    let course = Arc::new(Course::default());
    let watched = Arc::clone(&course);
    let (handle, time) = (metrics.clone(), clock.clone());
    tasks.spawn(until_stop(
        async move { watched.run(handle, time).await },
        "the hour's course",
        stopping.clone(),
    ));
    let system = web::Data::new(System {
        health: health.clone(),
        quarantine: Arc::clone(&quarantine),
        metrics: metrics.clone(),
        course,
        started_ms: clock.now_ms(),
        clock: clock.clone(),
        roles: config.roles.iter().map(|role| role.word()).collect(),
        log_dir: config.kafka.is_none().then(|| config.data_dir.join("log")),
        has_embedded_engine: engine.is_some(),
    });
    let mut servers = Vec::new();
    let mut sql = None;
    if config.roles.contains(&Role::Query) {
        let state = web::Data::new(SqlState::new(api.clone(), upstream, config.sql.limits));
        let port = http::sql_server(&config, state.clone())?;
        tracing::info!(sql = %port.1, "the SQL port listens");
        servers.push(port.0);
        sql = Some((state, port.1));
    }
    let sql_addr = sql.as_ref().map(|(_, bound)| *bound);
    let main = http::web_server(&config, health.clone(), collector, live_state, api, sql, system)?;
    let door = web::Data::new(Door {
        quarantine: Quarantine::new(Arc::clone(&quarantine)),
        main: Arc::clone(&log),
        trials,
        pass: Pass::issue(&config.data_dir).map_err(StartError::data_dir(&config))?,
    });
    let admin = http::admin_server(&config, health, metrics, door)?;
    servers.extend([main.0, admin.0]);
    credentials.announce(&config, main.1, sql_addr);
    tracing::info!(http = %main.1, admin = %admin.1, roles = ?config.roles, "started");
    Ok(Running { engine, log, quarantine, control, tasks, servers, draining, stop })
}

/// The embedded engine, or the server at the configured URL.
fn clickhouse(config: &Config) -> Result<(Option<EmbeddedClickHouse>, Store, Upstream), StartError> {
    let clients = |url: &str, user: &str, password: &str| {
        Ok::<_, StartError>((
            Store::new(url, user, password),
            Upstream::new(url, user, password).map_err(StartError::Upstream)?,
        ))
    };
    if let Some(server) = &config.clickhouse {
        let (store, upstream) = clients(&server.url, &server.user, &server.password)?;
        return Ok((None, store, upstream));
    }
    let mut settings = embedded::Settings::new(config.data_dir.join("clickhouse"));
    settings.memory_limit = config.clickhouse_memory_bytes;
    settings.library = config.chdb_lib.clone().or(settings.library);
    let engine = EmbeddedClickHouse::start(settings)?;
    let (store, upstream) = clients(&engine.url(), engine.user(), engine.password())?;
    Ok((Some(engine), store, upstream))
}

/// The log's settings, or with a suffix those of the log beside it.
fn log_settings(config: &Config, suffix: &str) -> LogSettings {
    match &config.kafka {
        Some(kafka) => {
            let mut settings = KafkaSettings::new(&kafka.brokers, format!("{}{suffix}", kafka.topic));
            settings.group.clone_from(&kafka.group);
            settings.partitions = if suffix.is_empty() { kafka.partitions } else { 1 };
            settings.replication_factor = kafka.replication_factor;
            if kafka.replication_factor >= SAFE_COPIES {
                // All replicas in sync would be one, once the others are lost.
                settings.topic_properties.insert("min.insync.replicas".to_owned(), "2".to_owned());
            }
            settings.assignor =
                if kafka.assignor == "range" { Assignor::Range } else { Assignor::CooperativeSticky };
            settings.properties.clone_from(&kafka.properties);
            LogSettings::Kafka(settings)
        }
        None => {
            let dir = config.data_dir.join(format!("log{suffix}"));
            let mut settings = SegmentSettings::new(dir, &[pipeline::GROUP]);
            settings.max_bytes = config.log_max_bytes;
            if !suffix.is_empty() {
                settings.retention = Retention::Newest;
                settings.max_bytes = QUARANTINE_MAX_BYTES;
            }
            LogSettings::Embedded(settings)
        }
    }
}

impl Running {
    /// Waits for SIGTERM, SIGINT or a task that died, then stops everything in order.
    async fn until_stopped(mut self) -> ExitCode {
        let handles: Vec<ServerHandle> = self.servers.iter().map(Server::handle).collect();
        let mut servers = JoinSet::new();
        self.servers.drain(..).for_each(|server| drop(servers.spawn(server)));
        let died = tokio::select! {
            () = signalled() => None,
            Some(ended) = self.tasks.join_next() => Some(describe(ended)),
            Some(_) = servers.join_next() => Some("an HTTP server ended".to_owned()),
        };
        if let Some(what) = &died {
            tracing::error!(what, "stopping because a task died");
        }
        self.draining.store(true, Ordering::Relaxed);
        self.stop.send_replace(true);
        for handle in &handles {
            handle.stop(true).await;
        }
        let tasks = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(TASK_GRACE, tasks).await.is_err() {
            tracing::warn!("tasks did not end in time and are left where they are");
        }
        // Each may wait for brokers that do not answer.
        tokio::join!(self.log.close(), self.quarantine.close());
        self.control.close().await;
        if let Some(engine) = self.engine {
            engine.stop().await;
        }
        tracing::info!("stopped");
        if died.is_some() { ExitCode::from(EXIT_TASK_DIED) } else { ExitCode::SUCCESS }
    }
}

async fn signalled() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

fn describe(ended: Result<Ended, JoinError>) -> String {
    match ended {
        Ok(Ended::Died(what)) => what,
        Ok(Ended::Stopped) => "a task stopped early".into(),
        Err(error) => error.to_string(),
    }
}
