//! The program under test, with all of it in one process but the engine.

use std::{
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// Whose beacons are timed, and who asks. Names and keys of a server that ends with the bench.
pub const WATCHED: &str = "watched";
pub const NEIGHBOUR: &str = "neighbour";
/// The neighbour's.
pub const TOKEN: (&str, &str) = ("bench", "benchmark");
const READY: Duration = Duration::from_secs(120);

pub struct Service {
    child: Child,
    /// For all that is asked. Made before anything is timed: reading the machine's certificates takes a tenth of a second
    /// of a thread, which beacons would wait for.
    pub client: reqwest::Client,
    pub http: SocketAddr,
    pub sql: SocketAddr,
    data: TempDir,
}

impl Service {
    pub fn start() -> Self {
        let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
        let [http, sql, admin] = [(); 3].map(|()| free_address());
        let credentials = data.path().join("credentials.json");
        std::fs::write(&credentials, environments()).expect("a file");
        let child = Command::new(env!("CARGO_BIN_EXE_playhead"))
            .arg("serve")
            .env("PLAYHEAD_HTTP_ADDR", http.to_string())
            .env("PLAYHEAD_SQL_ADDR", sql.to_string())
            .env("PLAYHEAD_ADMIN_ADDR", admin.to_string())
            .env("PLAYHEAD_DATA_DIR", data.path().join("data"))
            .env("PLAYHEAD_BOOTSTRAP_FILE", &credentials)
            .env("PLAYHEAD_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("the server starts");
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { child, client, http, sql, data }
    }

    /// Waits until it answers.
    pub async fn ready(&self) {
        let begun = Instant::now();
        while self.sql("SELECT count() FROM views").await.is_none() {
            assert!(begun.elapsed() < READY, "not ready after {READY:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// What the SQL port says to a statement; `None` for an error.
    pub async fn sql(&self, statement: &'static str) -> Option<String> {
        let asked = self.client.post(format!("http://{}/", self.sql)).body(statement);
        let answer = asked.basic_auth(TOKEN.0, Some(TOKEN.1)).send().await.ok()?;
        if answer.status().is_success() { answer.text().await.ok() } else { None }
    }

    /// Waits until nothing is left of the statements, those that cannot be stopped included.
    pub async fn rest(&self) {
        while self.sql("SELECT throwIf(count() > 0) FROM system.processes").await.is_none() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// `playhead simulate` with these arguments, sending to an environment.
    pub fn simulate(&self, environment: &str, arguments: &[&str]) -> Child {
        let target = format!("http://{}", self.http);
        let mut command = Command::new(env!("CARGO_BIN_EXE_playhead"));
        command.args(["simulate", "--target", &target, "--ingest-key", environment]);
        command.arg("--ledger").arg(self.data.path().join("ledger")).args(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("viewers")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn environments() -> String {
    let token = format!(r#"{{"id": "{}", "secret": "{}"}}"#, TOKEN.0, TOKEN.1);
    let of = |name: &str, tokens: &str| {
        format!(r#"{{"name": "{name}", "ingest_keys": ["{name}"], "tokens": [{tokens}]}}"#)
    };
    format!(r#"{{"environments": [{}, {}]}}"#, of(WATCHED, ""), of(NEIGHBOUR, &token))
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}
