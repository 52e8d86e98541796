//! The child process: the engine in this process's memory, ClickHouse's HTTP interface in front of it.
//!
//! What it inherits from its parent, which is the only one to start it:
//! - standard input: the listening socket, the way inetd hands one over. The parent keeps it open too, so the
//!   address outlives any child and requests wait in its queue while a new child starts;
//! - standard output: the read end of a pipe, the life line. Its first line is the password; its end means
//!   that the parent wants this process gone or is gone itself, `kill -9` included.

use std::convert::Infallible;
use std::io::{self, BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::{App, HttpServer, web};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, oneshot};

use super::aside::Questions;
use super::config::{self, Limits};
use super::engine::{Connection, Engine};
use super::http::{Service, routes};
use super::session::{Sessions, Target};

/// What the process is put behind those that take beacons in (`nice`): theirs is a promise to somebody who waits, and what
/// the engine does later the log keeps.
const BEHIND: i32 = 10;
/// How long requests in progress may take to finish once the end has come.
const GRACE: Duration = Duration::from_secs(5);
/// How long after that their statements may take to notice that they were stopped.
const STOPPING: Duration = Duration::from_secs(5);
/// How long to wait for the predecessor to let go of the data.
const LOCK_WAIT: Duration = Duration::from_secs(60);
/// Statements that read run at most this many at a time, further ones wait.
const READS: usize = 16;
/// The same for inserts.
const WRITES: usize = 8;

/// Arguments of the hidden subcommand; the supervisor writes them, nobody else.
#[derive(Clone, Debug, clap::Args)]
pub struct HostArgs {
    /// Path of libchdb.so.
    #[arg(long)]
    pub library: PathBuf,
    /// Directory of the engine's data, held by one process at a time.
    #[arg(long)]
    pub data_dir: PathBuf,
    /// Bytes of memory the engine may use.
    #[arg(long)]
    pub memory_limit: u64,
}

/// Serves until the life line ends. Logs through `tracing`, whose subscriber the caller installs.
///
/// Returns only when it could not run: in good order the process ends with code 0 from here.
pub fn run(args: &HostArgs) -> ExitCode {
    let Err(error) = serve(args);
    tracing::error!(%error, "the embedded ClickHouse engine cannot run");
    ExitCode::FAILURE
}

fn serve(args: &HostArgs) -> anyhow::Result<Infallible> {
    let (listener, life_line) = take_inheritance()?;
    let (password, life_line) = read_password(life_line)?;
    let end = watch(life_line)?;
    std::fs::create_dir_all(&args.data_dir)?;
    // Before the engine has threads: they take it over.
    rustix::process::nice(BEHIND)?;
    // Held until the process ends, whichever way it does.
    let _lock = lock(&args.data_dir)?;

    let engine = open(args)?;
    // As long as this one is open the engine runs; the others come and go with their requests.
    let anchor = engine.connect()?;
    let sessions = Sessions::new(engine.clone());
    let service = web::Data::new(Service {
        sessions: Arc::clone(&sessions),
        password,
        questions: Questions::watched()?,
        reads: Arc::new(Semaphore::new(READS)),
        writes: Arc::new(Semaphore::new(WRITES)),
    });
    tracing::info!(library = engine.version(), address = %listener.local_addr()?, "embedded ClickHouse serves");
    actix_web::rt::System::new().block_on(answer_until(end, listener, service))?;
    close(&engine, &sessions, anchor);
    engine.exit_now(0)
}

/// Serves requests until the end is called for, then lets those in progress finish within the grace.
async fn answer_until(
    end: oneshot::Receiver<()>,
    listener: TcpListener,
    service: web::Data<Service>,
) -> io::Result<()> {
    // A supervisor that signals the whole group means the parent; this process ends when the parent wants.
    let _ignored = [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?];
    let (sessions, stopping) = (Arc::clone(&service.sessions), Arc::clone(&service.sessions));
    let server = HttpServer::new(move || App::new().app_data(service.clone()).configure(routes))
        .workers(2)
        .disable_signals()
        // A client that closes its side has left, and its statement is stopped.
        .h1_allow_half_closed(false)
        // Longer than any client keeps an idle connection, so that it is never the server that closes one
        // under a request.
        .keep_alive(Duration::from_secs(120))
        .client_request_timeout(Duration::ZERO)
        // Else the second piece of an answer waits 40 ms for the client's kernel to acknowledge the first.
        .tcp_nodelay(true)
        .shutdown_timeout(GRACE.as_secs())
        .listen(listener)?
        .run();
    let handle = server.handle();
    actix_web::rt::spawn(async move {
        // An error means that the watching thread is gone, which is the end as well.
        let _ = end.await;
        tracing::info!("embedded ClickHouse stops");
        // Questions can be asked again, so only inserts get the grace.
        let stopped = tokio::task::spawn_blocking(move || stopping.kill(Target::Selects)).await;
        if let Ok(Err(error)) = stopped {
            tracing::warn!(%error, "could not stop the running questions");
        }
        handle.stop(true).await;
    });
    actix_web::rt::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(10)).await;
            let sessions = Arc::clone(&sessions);
            let _ = tokio::task::spawn_blocking(move || sessions.forget_expired()).await;
        }
    });
    server.await
}

/// Closes every connection, and with the last one the engine: exiting over an open engine crashes it.
fn close(engine: &Engine, sessions: &Sessions, anchor: Connection) {
    sessions.close_idle();
    if engine.open_connections() > 1
        && let Err(error) = sessions.kill(Target::All)
    {
        tracing::warn!(%error, "could not stop the statements still running");
    }
    let deadline = Instant::now() + STOPPING;
    while engine.open_connections() > 1 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    let left = engine.open_connections().saturating_sub(1);
    drop(anchor);
    if left > 0 {
        tracing::warn!(left, "statements did not stop; leaving without them");
    } else {
        tracing::info!("embedded ClickHouse stopped");
    }
}

fn open(args: &HostArgs) -> anyhow::Result<Engine> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let limits = Limits { memory: args.memory_limit, processors };
    let config = config::write(&args.data_dir.join("config"), limits)?;
    let store = args.data_dir.join("store");
    std::fs::create_dir_all(&store)?;
    let arguments = [format!("--path={}", store.display()), format!("--config-file={}", config.display())];
    Ok(Engine::load(&args.library, &arguments)?)
}

/// Takes the socket and the life line out of the way of anything that reads or prints.
fn take_inheritance() -> io::Result<(TcpListener, OwnedFd)> {
    let socket = io::stdin().as_fd().try_clone_to_owned()?;
    let life_line = io::stdout().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdin(std::fs::File::open("/dev/null")?)?;
    rustix::stdio::dup2_stdout(io::stderr())?;
    Ok((TcpListener::from(socket), life_line))
}

fn read_password(life_line: OwnedFd) -> anyhow::Result<(String, BufReader<std::fs::File>)> {
    let mut reader = BufReader::new(std::fs::File::from(life_line));
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let password = line.trim_end().to_owned();
    anyhow::ensure!(!password.is_empty(), "the parent sent no password; this command is not for use by hand");
    Ok((password, reader))
}

/// Watches for the end of the life line. Whatever goes wrong after that, the process is gone in time for a
/// successor to take over.
fn watch(mut life_line: BufReader<std::fs::File>) -> io::Result<oneshot::Receiver<()>> {
    let (tell, told) = oneshot::channel();
    std::thread::Builder::new().name("life-line".into()).spawn(move || {
        let _ = io::copy(&mut life_line.by_ref(), &mut io::sink());
        let _ = tell.send(());
        std::thread::sleep(GRACE + STOPPING + Duration::from_secs(3));
        tracing::error!("the engine does not stop; aborting");
        std::process::abort();
    })?;
    Ok(told)
}

/// Makes this process the only one on the data, waiting for a predecessor that is still closing it.
fn lock(data_dir: &Path) -> anyhow::Result<std::fs::File> {
    let path = data_dir.join("lock");
    let file = std::fs::File::options().create(true).truncate(false).write(true).open(&path)?;
    let deadline = Instant::now() + LOCK_WAIT;
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(std::fs::TryLockError::Error(error)) => return Err(error.into()),
            Err(std::fs::TryLockError::WouldBlock) => {}
        }
        anyhow::ensure!(Instant::now() < deadline, "{} is held by another process", path.display());
        if !told {
            tracing::warn!(path = %path.display(), "another process still holds the data; waiting for it");
            told = true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
