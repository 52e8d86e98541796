//! A real Apache Kafka for tests.
//!
//! One broker serves the whole run; it is started by `deploy/kafka/kafka.sh` at the first need, on free ports, in
//! a directory of its own, and stops when this process ends. `PLAYHEAD_TEST_KAFKA=host:port` uses another one instead.
//! Tests that kill their broker start one for themselves.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use playhead::log::kafka::KafkaSettings;
use uuid::Uuid;

/// A broker with a life of its own.
pub struct Broker {
    dir: PathBuf,
    pub bootstrap: String,
}

impl Broker {
    /// Starts one that nobody else uses.
    pub fn start(name: &str) -> Self {
        Self::start_nodes(name, 1)
    }

    /// Starts a cluster of one or three.
    pub fn start_nodes(name: &str, nodes: u32) -> Self {
        Self::start_with(name, &["--nodes", &nodes.to_string()])
    }

    /// Starts one that has a port with TLS and SASL, too.
    pub fn start_secure(name: &str) -> Self {
        Self::start_with(name, &["--secure"])
    }

    /// Starts one that clients reach through what stands on `port`.
    #[allow(dead_code, reason = "of `make faults`")]
    pub fn start_behind(name: &str, port: u16) -> Self {
        Self::start_with(name, &["--through", &port.to_string()])
    }

    fn start_with(name: &str, options: &[&str]) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR"));
        remove_leftovers(root);
        let dir = root.join(format!("kafka-{}-{name}", std::process::id()));
        let dir_text = dir.display().to_string();
        let pid = std::process::id().to_string();
        let bootstrap = script(&[&["start", &dir_text, "--while-pid", &pid], options].concat());
        Self { dir, bootstrap: bootstrap.trim().to_owned() }
    }

    /// Where [`Self::start_secure`] listens for those who prove who they are.
    pub fn secure_bootstrap(&self) -> String {
        script(&["bootstrap", &self.dir.display().to_string(), "--secure"]).trim().to_owned()
    }

    /// Where what stands before [`Self::start_behind`] passes on to.
    #[allow(dead_code, reason = "of `make faults`")]
    pub fn behind(&self) -> String {
        script(&["bootstrap", &self.dir.display().to_string(), "--through"]).trim().to_owned()
    }

    /// The certificate to trust there.
    pub fn certificate(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }

    pub fn kill(&self) {
        self.kill_node(1);
    }

    pub fn restart(&self) {
        self.restart_node(1);
    }

    /// Kills one node, counted from 1.
    pub fn kill_node(&self, node: u32) {
        script(&["kill9", &self.dir.display().to_string(), &node.to_string()]);
    }

    pub fn restart_node(&self, node: u32) {
        script(&["restart", &self.dir.display().to_string(), &node.to_string()]);
    }

    /// The process of one node, for signals.
    #[allow(dead_code, reason = "of `make faults`")]
    pub fn pid(&self, node: u32) -> i32 {
        let file = self.dir.join(format!("n{node}/pid"));
        fs::read_to_string(file).unwrap().trim().parse().unwrap()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        script(&["stop", &self.dir.display().to_string()]);
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// Settings for a topic that only the caller knows, on the broker that all tests share.
pub fn ephemeral() -> KafkaSettings {
    static SHARED: OnceLock<String> = OnceLock::new();
    let bootstrap = SHARED.get_or_init(|| match std::env::var("PLAYHEAD_TEST_KAFKA") {
        Ok(bootstrap) => bootstrap,
        // Never dropped: the script's watcher stops it after this process.
        Err(_) => std::mem::ManuallyDrop::new(Broker::start("shared")).bootstrap.clone(),
    });
    ephemeral_on(bootstrap)
}

/// The same on a broker of one's own.
pub fn ephemeral_on(bootstrap: &str) -> KafkaSettings {
    let mut settings = KafkaSettings::new(bootstrap, format!("test-{}", Uuid::new_v4()));
    settings.group = format!("{}-group", settings.topic);
    settings.partitions = 3;
    // The shortest that brokers allow by default.
    settings.session_timeout = std::time::Duration::from_secs(6);
    // Machines that run tests are busy.
    settings.answer_within = std::time::Duration::from_secs(10);
    settings.open_wait = std::time::Duration::from_secs(20);
    settings
}

fn script(arguments: &[&str]) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/kafka/kafka.sh");
    // What goes wrong is said on standard error, which is the test's own.
    let mut command = Command::new(path);
    if std::env::var_os("KAFKA_START_SECONDS").is_none() {
        // Machines that run tests are busy.
        command.env("KAFKA_START_SECONDS", "300");
    }
    let output = command.args(arguments).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "kafka.sh {arguments:?}: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// Removes what runs that were killed have left behind.
fn remove_leftovers(root: &Path) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name.strip_prefix("kafka-").and_then(|rest| rest.split('-').next());
        if owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
