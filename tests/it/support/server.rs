//! The built binary as a process of its own, on free ports and a directory of its own, gone when dropped.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

/// The ingest key and API token every test server starts with.
pub const KEY: &str = "testkey";
pub const TOKEN: (&str, &str) = ("reader", "reader-secret");

/// How long a start may take; the engine alone took 15 s on a very busy machine.
const START: Duration = Duration::from_secs(90);

/// A running server.
pub struct Server {
    child: Child,
    url: String,
    settings: Vec<(String, String)>,
    data: TempDir,
    pub http: reqwest::Client,
}

impl Server {
    /// Starts with the defaults and `settings` (`("LOG_MAX_BYTES", "1000")`), and waits until it is ready.
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        let data = TempDir::new().unwrap();
        let settings: Vec<_> = settings.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let (child, url) = launch(data.path(), &settings);
        let server = Self { child, url, settings, data, http: reqwest::Client::new() };
        server.ready().await;
        server
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub fn websocket_url(&self) -> String {
        format!("{}/live", self.url.replacen("http", "ws", 1))
    }

    pub fn data_dir(&self) -> PathBuf {
        self.data.path().to_owned()
    }

    /// Kills it without warning and starts it again on the same data.
    pub async fn kill9_and_restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.restart().await;
    }

    /// Asks it to stop and waits until it has.
    pub async fn terminate(&mut self) -> ExitStatus {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let asked = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(asked.elapsed() < Duration::from_secs(30), "did not stop within 30 s");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Starts a stopped server again on the same data.
    pub async fn restart(&mut self) {
        (self.child, self.url) = launch(self.data.path(), &self.settings);
        self.ready().await;
    }

    async fn ready(&self) {
        let started = Instant::now();
        loop {
            let answer = self.http.get(self.url("/readyz")).send().await;
            if let Ok(answer) = answer
                && let Ok(body) = answer.json::<Value>().await
                && body["ready"] == true
                && body["clickhouse"] == "ok"
            {
                return;
            }
            assert!(started.elapsed() < START, "not ready");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Posts a native beacon and returns status and JSON body.
    pub async fn beacon(&self, body: &Value) -> (u16, Value) {
        let request = self.http.post(self.url(&format!("/in/{KEY}"))).json(body);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    /// Reads from the API as the test token.
    pub async fn get(&self, path: &str) -> (u16, Value) {
        let request = self.http.get(self.url(path)).basic_auth(TOKEN.0, Some(TOKEN.1));
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn launch(data: &Path, settings: &[(String, String)]) -> (Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_playhead"));
    command
        .arg("serve")
        .env("PLAYHEAD_HTTP_ADDR", "127.0.0.1:0")
        .env("PLAYHEAD_ADMIN_ADDR", "127.0.0.1:0")
        .env("PLAYHEAD_DATA_DIR", data)
        .env("PLAYHEAD_BOOTSTRAP_INGEST_KEY", KEY)
        .env("PLAYHEAD_BOOTSTRAP_TOKEN", format!("{}:{}", TOKEN.0, TOKEN.1))
        .env("PLAYHEAD_LOG", "warn")
        .stdout(Stdio::piped());
    for (name, value) in settings {
        command.env(format!("PLAYHEAD_{name}"), value);
    }
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let url = first.rsplit(' ').next().unwrap().to_owned();
    // The rest is read too, so that the pipe never fills.
    std::thread::spawn(move || lines.for_each(drop));
    (child, url)
}
