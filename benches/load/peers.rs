//! Programs of others in the same run, where they are installed: nginx as what a server in C does with a beacon that nobody
//! keeps, Rotel as a Rust collector that hands telemetry to Kafka (it answers before Kafka has it).

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use playhead::log::kafka::{KafkaLog, KafkaSettings};

use crate::{
    cpu::used_s,
    process::{CLIENT_CORE, SERVER_CORE, pinned},
};

/// A program to compare with, if it is here; how to get it if not.
pub struct Peer {
    pub name: &'static str,
    pub command: &'static str,
    find: fn() -> Option<PathBuf>,
}

pub const NGINX: Peer = Peer {
    name: "nginx",
    command: "sudo apt-get install -y --no-install-recommends nginx-light",
    find: || on_path("nginx"),
};
pub const ROTEL: Peer = Peer {
    name: "rotel",
    command: "pip install rotel  (in a virtual environment; then ROTEL=<its rotel/rotel-agent>)",
    find: || std::env::var_os("ROTEL").map(PathBuf::from),
};
pub const KAFKA: Peer =
    Peer { name: "kafka", command: "deploy/kafka/kafka.sh fetch", find: || on_path("java") };

impl Peer {
    pub fn is_here(&self) -> bool {
        (self.find)().is_some()
    }
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    // Debian keeps servers where only root looks.
    path.split(':').chain(["/usr/sbin"]).map(|dir| Path::new(dir).join(program)).find(|path| path.is_file())
}

/// One worker that answers 204 and throws the body away.
pub fn nginx(address: SocketAddr, dir: &Path) -> Command {
    let config = format!(
        "daemon off; master_process off; worker_processes 1; error_log stderr crit; pid {dir}/nginx.pid;
         events {{ worker_connections 4096; }}
         http {{
           access_log off; keepalive_requests 1000000000; client_body_temp_path {dir}/body;
           proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi; uwsgi_temp_path {dir}/uwsgi;
           scgi_temp_path {dir}/scgi;
           server {{ listen {address}; location / {{ return 204; }} }}
         }}",
        dir = dir.display()
    );
    let file = dir.join("nginx.conf");
    std::fs::write(&file, config).expect("a file");
    let mut command = pinned(SERVER_CORE, (NGINX.find)().expect("nginx"));
    command.arg("-c").arg(file).arg("-p").arg(dir);
    command
}

/// OTLP over HTTP into a topic of the same broker.
pub async fn rotel(address: SocketAddr, grpc: SocketAddr, (brokers, topic): &(String, String)) -> Command {
    KafkaLog::open(KafkaSettings::new(brokers, topic)).await.expect("a topic");
    let mut command = pinned(SERVER_CORE, (ROTEL.find)().expect("rotel"));
    command
        .args([
            "start",
            "--otlp-http-endpoint",
            &address.to_string(),
            "--otlp-grpc-endpoint",
            &grpc.to_string(),
        ])
        .args(["--exporter", "kafka", "--kafka-exporter-acks", "all", "--kafka-exporter-compression", "lz4"])
        .args(["--kafka-exporter-brokers", brokers, "--kafka-exporter-logs-topic", topic]);
    command
}

/// A broker of this run's own, on the client's core; it ends with this process.
pub struct Broker {
    dir: PathBuf,
    pub bootstrap: String,
}

impl Broker {
    pub fn start(dir: &Path) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/kafka/kafka.sh");
        let started = pinned(CLIENT_CORE, script)
            .arg("start")
            .arg(dir)
            .args(["--while-pid", &std::process::id().to_string()])
            .output()
            .expect("kafka.sh runs");
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        let bootstrap = String::from_utf8_lossy(&started.stdout).trim().to_owned();
        Self { dir: dir.to_owned(), bootstrap }
    }

    /// CPU time of its one node.
    pub fn cpu_s(&self) -> f64 {
        let pid = std::fs::read_to_string(self.dir.join("n1/pid")).expect("a pid");
        used_s(pid.trim().parse().expect("a number"))
    }
}
