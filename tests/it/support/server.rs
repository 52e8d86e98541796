//! The service as an operator runs it: the built program, in its own process, with its own data.
//!
//! Ports are free ones and stay the same over restarts, the data directory disappears with the handle, and so does the
//! process, whatever way the test ends.

use std::{
    collections::BTreeSet,
    fs::File,
    net::TcpListener,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

/// A server takes this long to be ready at most: a busy machine links the engine slowly.
const READY: Duration = Duration::from_secs(180);
/// The promise is 30 s.
const STOPPED: Duration = Duration::from_secs(40);
const LOOK: Duration = Duration::from_millis(50);
/// What was acknowledged is in ClickHouse after this long at most: a new engine makes its tables first. The API itself waits
/// no longer than 30 s, and says so.
const REACHED: Duration = Duration::from_secs(180);

/// What [`Server::start`] gives a server beyond its own directory and ports, as `PLAYHEAD_*` without the prefix; but what
/// begins with `env:` is called as it goes on.
pub type Settings<'a> = &'a [(&'a str, &'a str)];

/// The file of certificates that TLS trusts.
pub const TRUST: &str = "env:SSL_CERT_FILE";

/// A running (or killed) service.
pub struct Server {
    child: Option<Child>,
    settings: Vec<(String, String)>,
    http_port: u16,
    admin_port: u16,
    sql_port: u16,
    data: TempDir,
    /// For requests of the tests' own.
    pub http: reqwest::Client,
}

impl Server {
    pub const INGEST_KEY: &str = "testkey";
    pub const TOKEN: &str = "reader:secret-of-the-reader";

    /// Starts a server with embedded engines, an environment `test` and the credentials above, and waits until it is
    /// ready. `settings` win over these.
    pub async fn start(settings: Settings<'_>) -> Self {
        Self::start_on(tempfile::tempdir().expect("temp dir"), settings).await
    }

    /// The same on a directory that may have something in it.
    pub async fn start_on(data: TempDir, settings: Settings<'_>) -> Self {
        let settings =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut server = Self {
            child: None,
            settings,
            http_port: own_port(),
            admin_port: own_port(),
            sql_port: own_port(),
            data,
            http: reqwest::Client::new(),
        };
        server.restart().await;
        server
    }

    /// Where beacons, API and pages are.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.http_port)
    }

    /// Where `/metrics` is.
    pub fn admin_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.admin_port)
    }

    /// Where SQL is answered.
    pub fn sql_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.sql_port)
    }

    /// A path of [`Self::url`].
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url())
    }

    /// Posts a native beacon and returns status and JSON body; asked to come again, it does so a few times, as players do.
    pub async fn beacon(&self, body: &Value) -> (u16, Value) {
        let mut tries = 0;
        loop {
            let request = self.http.post(self.at(&format!("/in/{}", Self::INGEST_KEY))).json(body);
            let answer = request.send().await.expect("an answer");
            tries += 1;
            if answer.status() != 503 || tries == 10 {
                return (answer.status().as_u16(), answer.json().await.unwrap_or_default());
            }
            tokio::time::sleep(LOOK * 4).await;
        }
    }

    /// Reads from the API as the test token; told that what it waits for was not reached in time, it asks again.
    pub async fn get(&self, path: &str) -> (u16, Value) {
        let (status, text) = self.patiently(self.http.get(self.at(path)), Self::TOKEN).await;
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    /// What the ledger says of these views to a token, a line for each, once everything sent has been processed.
    #[allow(dead_code, reason = "of one of the test binaries")]
    pub async fn ledger(&self, token: &str, views: &[impl AsRef<str>]) -> Vec<Value> {
        let views: Vec<&str> = views.iter().map(AsRef::as_ref).collect();
        let request = self.http.post(self.at("/data/v1/ledger?wait_ms=30000")).json(&views);
        let (status, text) = self.patiently(request, token).await;
        assert_eq!(status, 200, "{text}");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    async fn patiently(&self, request: reqwest::RequestBuilder, token: &str) -> (u16, String) {
        let (id, secret) = token.split_once(':').expect("a pair");
        let request = request.basic_auth(id, Some(secret));
        let asked = Instant::now();
        loop {
            let again = request.try_clone().expect("its body is known");
            let answer = again.send().await.expect("an answer");
            let status = answer.status();
            let text = answer.text().await.unwrap_or_default();
            let is_late = status == 504 && text.contains("position_late");
            if !is_late || asked.elapsed() > REACHED {
                return (status.as_u16(), text);
            }
        }
    }

    /// The data directory.
    pub fn data_dir(&self) -> &Path {
        self.data.path()
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        let child = self.child.as_ref().expect("it runs");
        i32::try_from(child.id()).expect("a process id")
    }

    /// The process id of its engine, if that runs now.
    pub fn engine(&self) -> Option<i32> {
        let pid = self.pid();
        // Listed under whichever thread started it.
        let threads = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?;
        let children = threads
            .flatten()
            .filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
        children.collect::<String>().split_whitespace().next()?.parse().ok()
    }

    /// Gives it another setting, or takes one away; it counts from the next start.
    #[allow(dead_code, reason = "of `make faults`")]
    pub fn change(&mut self, name: &str, value: Option<&str>) {
        self.settings.retain(|(known, _)| known != name);
        self.settings.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    }

    /// Waits until it has ended by itself.
    #[allow(dead_code, reason = "of `make faults`")]
    pub async fn ended(&mut self) -> ExitStatus {
        let child = self.child.take().expect("it runs");
        self.until_ended(child).await
    }

    /// Ends it at once, as a crash would.
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("still there");
            let status = child.wait().expect("its end");
            assert_eq!(status.signal(), Some(9), "it had ended by itself: {}", self.output());
        }
    }

    /// Asks it to stop, and waits until it has.
    pub async fn terminate(&mut self) -> ExitStatus {
        let child = self.child.take().expect("it runs");
        let pid = i32::try_from(child.id()).expect("a process id");
        // SAFETY: a signal to a child that was not waited for yet, so the id is still its own.
        assert_eq!(unsafe { libc::kill(pid, libc::SIGTERM) }, 0);
        self.until_ended(child).await
    }

    async fn until_ended(&self, mut child: Child) -> ExitStatus {
        let asked = Instant::now();
        loop {
            if let Some(status) = child.try_wait().expect("its state") {
                return status;
            }
            assert!(asked.elapsed() < STOPPED, "not stopped after {STOPPED:?}: {}", self.output());
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Starts it again on the same data and ports after [`Self::kill9`] or [`Self::terminate`], and waits until it is ready.
    pub async fn restart(&mut self) {
        assert!(self.child.is_none(), "it still runs");
        self.child = Some(self.spawn());
        self.ready().await;
    }

    /// Starts it again if it has ended by itself, as a supervisor does; whether it had.
    #[allow(dead_code, reason = "of `make faults`")]
    pub fn revive(&mut self) -> bool {
        let is_there = |child: &mut Child| child.try_wait().expect("its state").is_none();
        if self.child.as_mut().is_some_and(is_there) {
            return false;
        }
        self.child = Some(self.spawn());
        true
    }

    fn spawn(&self) -> Child {
        let output = File::options().create(true).append(true).open(self.output_path()).expect("a file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_playhead"));
        for (name, _) in std::env::vars().filter(|(name, _)| is_setting(name)) {
            command.env_remove(name);
        }
        command
            .arg("serve")
            .env("PLAYHEAD_HTTP_ADDR", format!("127.0.0.1:{}", self.http_port))
            .env("PLAYHEAD_ADMIN_ADDR", format!("127.0.0.1:{}", self.admin_port))
            .env("PLAYHEAD_SQL_ADDR", format!("127.0.0.1:{}", self.sql_port))
            .env("PLAYHEAD_DATA_DIR", self.data.path())
            .env("PLAYHEAD_CLICKHOUSE_MEMORY_BYTES", (2_u64 << 30).to_string())
            .env("PLAYHEAD_TRUSTED_PROXIES", "127.0.0.1/32")
            .env("PLAYHEAD_BOOTSTRAP_ENVIRONMENT", "test")
            .env("PLAYHEAD_BOOTSTRAP_INGEST_KEY", Self::INGEST_KEY)
            .env("PLAYHEAD_BOOTSTRAP_TOKEN", Self::TOKEN)
            .envs(self.settings.iter().map(|(name, value)| (variable(name), value)))
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a handle"))
            .stderr(output);
        command.spawn().expect("the program starts")
    }

    async fn ready(&mut self) {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().expect("its state")) {
                self.child = None;
                panic!("it ended with {status} instead of being ready: {}", self.output());
            }
            let asked = client.get(format!("{}/readyz", self.admin_url())).send().await;
            if asked.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            assert!(begun.elapsed() < READY, "not ready after {READY:?}: {}", self.output());
            tokio::time::sleep(LOOK).await;
        }
    }

    /// What it printed and logged, over all its lives.
    pub fn output(&self) -> String {
        std::fs::read_to_string(self.output_path()).unwrap_or_default()
    }

    fn output_path(&self) -> PathBuf {
        self.data.path().join("output.log")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The runner's own settings must not reach the server, except where the engine's library is.
fn is_setting(variable: &str) -> bool {
    variable.starts_with("PLAYHEAD_") && variable != "PLAYHEAD_CHDB_LIB"
}

/// The environment variable of a setting.
fn variable(setting: &str) -> String {
    setting.strip_prefix("env:").map_or_else(|| format!("PLAYHEAD_{setting}"), str::to_owned)
}

/// A port that nobody listens on, and that nobody gets while its server is down: below those that the system gives to
/// connections going out, and given once only by this process.
fn own_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let port = rand::random_range(12_000..32_000);
        let is_free = || TcpListener::bind(("127.0.0.1", port)).is_ok();
        if is_free() && GIVEN.lock().expect("nothing panics with it").insert(port) {
            return port;
        }
    }
}
