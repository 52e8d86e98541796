//! The parent's side of the child: starts it, notices its end, starts it again.

use std::io::Write;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};
use tokio::sync::watch;

/// The wait before a restart, doubled with each child that did not last, up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// A child that lived this long has worked: the next failure is a new one.
const SOUND_LIFE: Duration = Duration::from_secs(30);
/// How long a child may take to stop before it is killed.
const STOP_TIME: Duration = Duration::from_secs(15);

/// How to start a child.
pub struct Launch {
    /// The program with the hidden subcommand.
    pub program: PathBuf,
    /// Its arguments, subcommand first.
    pub arguments: Vec<String>,
    /// The socket it is to serve.
    pub listener: TcpListener,
    /// What its clients will say.
    pub password: String,
}

/// What the supervisor tells about itself.
#[derive(Default)]
pub struct Status {
    /// The process id of the present child, 0 when there is none.
    pub pid: AtomicU32,
    /// How many times a child had to be started again.
    pub restarts: AtomicU64,
}

/// How the last child ended, for as long as no new one has proved itself.
pub type LastEnd = watch::Receiver<Option<String>>;

/// A child and the life line that keeps it.
struct Running {
    child: Child,
    /// The child stops when this is closed.
    life_line: std::io::PipeWriter,
}

impl Launch {
    fn start(&self) -> std::io::Result<Running> {
        let (reader, mut life_line) = std::io::pipe()?;
        let child = Command::new(&self.program)
            .args(&self.arguments)
            // See `host.rs` for why these two stand where a program's input and output do.
            .stdin(Stdio::from(OwnedFd::from(self.listener.try_clone()?)))
            .stdout(Stdio::from(OwnedFd::from(reader)))
            .stderr(Stdio::inherit())
            // A terminal's Ctrl-C goes to the whole group; the child is to stop when we say so.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        // A pipe holds far more than this line, so writing does not wait for the child to read.
        life_line.write_all(format!("{}\n", self.password).as_bytes())?;
        Ok(Running { child, life_line })
    }
}

/// Keeps a child running until `stop` changes or its sender is gone, then stops it.
///
/// Returns whether the last child ended in good order.
pub async fn supervise(
    launch: Launch,
    status: Arc<Status>,
    mut stop: watch::Receiver<bool>,
    ends: watch::Sender<Option<String>>,
) -> bool {
    let mut wait = FIRST_WAIT;
    loop {
        let started = Instant::now();
        let end = match launch.start() {
            Err(error) => format!("{} cannot be started: {error}", launch.program.display()),
            Ok(mut running) => {
                status.pid.store(running.child.id().unwrap_or_default(), Ordering::Relaxed);
                let exit = tokio::select! {
                    exit = running.child.wait() => exit,
                    () = asked(&mut stop) => return bring_down(running).await,
                };
                status.pid.store(0, Ordering::Relaxed);
                describe(exit)
            }
        };
        if started.elapsed() >= SOUND_LIFE {
            wait = FIRST_WAIT;
        }
        tracing::error!(end, ?wait, "the embedded ClickHouse engine ended; starting it again");
        ends.send_replace(Some(end));
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = asked(&mut stop) => return true,
        }
        wait = (wait * 2).min(LONGEST_WAIT);
        status.restarts.fetch_add(1, Ordering::Relaxed);
    }
}

/// Waits until the child is to stop: told so, or because nobody is left to tell.
async fn asked(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn bring_down(running: Running) -> bool {
    let Running { mut child, life_line } = running;
    drop(life_line);
    match tokio::time::timeout(STOP_TIME, child.wait()).await {
        Ok(Ok(exit)) if exit.success() => true,
        Ok(exit) => {
            tracing::warn!(end = describe(exit), "the embedded ClickHouse engine did not stop in good order");
            false
        }
        Err(_) => {
            tracing::warn!("the embedded ClickHouse engine does not stop; killing it");
            if let Err(error) = child.kill().await {
                tracing::error!(%error, "it cannot be killed");
            }
            false
        }
    }
}

fn describe(exit: std::io::Result<ExitStatus>) -> String {
    match exit {
        Ok(exit) => exit.to_string(),
        Err(error) => format!("cannot be waited for: {error}"),
    }
}
