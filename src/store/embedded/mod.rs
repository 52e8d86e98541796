//! The embedded ClickHouse engine: a child process on libchdb behind ClickHouse's HTTP interface.
//!
//! To everything else it is a ClickHouse server at [`EmbeddedClickHouse::url`]. It lives in a process of its
//! own because the engine is 570 MB of C++ that may crash or run out of memory, and then only it has to start
//! again, while beacons keep being accepted.
//!
//! ```text
//! this process                                 child (`playhead clickhouse-host`)
//!   supervisor ── life line, password ───────▶  host      ends when the line does
//!   listening socket (kept open) ────────────▶  http      credentials, request, answer
//!   clickhouse crate ── HTTP on loopback ────▶  execute   one connection per request
//!                                               engine    libchdb
//! ```

mod answer;
mod api;
mod aside;
mod config;
mod engine;
pub(crate) mod error;
mod execute;
mod formats;
pub(crate) mod frames;
pub mod host;
mod http;
mod layout;
mod lexer;
mod library;
pub(crate) mod request;
mod revision;
mod session;
mod statement;
mod supervisor;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use library::{NotFound, VARIABLE as LIBRARY_VARIABLE};

/// The subcommand under which `main` calls [`host::run`].
pub const SUBCOMMAND: &str = "clickhouse-host";

/// What the engine is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Directory of the engine's data; created when missing.
    pub data_dir: PathBuf,
    /// The library, when it is not to be looked for.
    pub library: Option<PathBuf>,
    /// Bytes of memory the engine may use.
    pub memory_limit: u64,
    /// The program with the subcommand, when it is not this one.
    pub program: Option<PathBuf>,
}

impl Settings {
    /// Defaults for data in `data_dir`: 4 GiB of memory (the engine lowers it to nine tenths of what the
    /// machine has), the library named by the environment or found.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            library: std::env::var_os(LIBRARY_VARIABLE).map(PathBuf::from),
            memory_limit: 4 << 30,
            program: None,
        }
    }
}

/// Why the engine did not start or did not become ready.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The library is not there.
    #[error(transparent)]
    Library(#[from] NotFound),
    /// No socket, directory or process to be had.
    #[error("the embedded ClickHouse engine cannot be started: {0}")]
    Io(#[from] io::Error),
    /// It was started and does not answer.
    #[error("the embedded ClickHouse engine is not ready after {after:?}{}", last_end.as_deref().map(|end| format!(" (its last process ended with {end}; its log says why)")).unwrap_or_default())]
    NotReady {
        /// How long was waited.
        after: Duration,
        /// How the last child ended, if one has.
        last_end: Option<String>,
    },
}

/// A running engine. Dropping it stops the child as well, without waiting.
pub struct EmbeddedClickHouse {
    address: SocketAddr,
    password: String,
    status: Arc<supervisor::Status>,
    last_end: supervisor::LastEnd,
    stop: watch::Sender<bool>,
    supervisor: JoinHandle<bool>,
}

impl EmbeddedClickHouse {
    /// Starts the child and its supervisor; must be called inside a tokio runtime. Returns before the engine
    /// answers: requests sent meanwhile wait, see [`ready`](Self::ready).
    pub fn start(settings: Settings) -> Result<Self, StartError> {
        let library = library::find(settings.library.as_deref(), &settings.data_dir)?;
        std::fs::create_dir_all(&settings.data_dir)?;
        // The engine wants one spelling of its path, and the child another working directory perhaps.
        let data_dir = settings.data_dir.canonicalize()?;
        let program = match settings.program {
            Some(program) => program,
            None => std::env::current_exe()?,
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let password = uuid::Uuid::new_v4().simple().to_string();
        let launch = supervisor::Launch {
            program,
            arguments: vec![
                SUBCOMMAND.to_owned(),
                format!("--library={}", library.canonicalize()?.display()),
                format!("--data-dir={}", data_dir.display()),
                format!("--memory-limit={}", settings.memory_limit),
            ],
            listener,
            password: password.clone(),
        };
        let status = Arc::new(supervisor::Status::default());
        let (stop, stopped) = watch::channel(false);
        let (ends, last_end) = watch::channel(None);
        let supervisor = tokio::spawn(supervisor::supervise(launch, Arc::clone(&status), stopped, ends));
        Ok(Self { address, password, status, last_end, stop, supervisor })
    }

    /// Where it serves, the same for as long as this value lives.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The user to name.
    pub fn user(&self) -> &'static str {
        http::USER
    }

    /// The password, new at every start of this process.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The child's process id while there is one.
    pub fn pid(&self) -> Option<u32> {
        Some(self.status.pid.load(Ordering::Relaxed)).filter(|pid| *pid != 0)
    }

    /// How often the child had to be started again.
    pub fn restarts(&self) -> u64 {
        self.status.restarts.load(Ordering::Relaxed)
    }

    /// A client for it: the official crate, uncompressed, since the bytes stay on this machine.
    pub fn client(&self) -> clickhouse::Client {
        clickhouse::Client::default()
            .with_url(self.url())
            .with_user(self.user())
            .with_password(&self.password)
            .with_compression(clickhouse::Compression::None)
    }

    /// Waits until the engine answers, through restarts if need be.
    pub async fn ready(&self, within: Duration) -> Result<(), StartError> {
        let started = Instant::now();
        let url = format!("{}/ping", self.url());
        let http = reqwest::Client::builder().no_proxy().build().map_err(io::Error::other)?;
        loop {
            let left = within.saturating_sub(started.elapsed());
            // A child that dies takes its pings with it, so each waits only a while.
            let ping = http.get(&url).timeout(left.min(Duration::from_secs(2))).send().await;
            if ping.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if started.elapsed() >= within {
                return Err(StartError::NotReady { after: within, last_end: self.last_end.borrow().clone() });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Stops the child: requests in progress get a few seconds, the engine closes its files, the process
    /// ends. Kills it after 15 seconds. True when it ended in good order.
    pub async fn stop(self) -> bool {
        self.stop.send_replace(true);
        self.supervisor.await.unwrap_or(false)
    }
}
