//! The service with everything real around it, and ways to kill each part of it.

use std::{fs, time::Duration};

use super::{
    crowd::{Answers, Crowd, Target},
    kafka::Broker,
    ledger::{Ledger, Reader, Tally},
    server::Server,
};
use std::sync::{Arc, atomic::Ordering};

/// How long everything acknowledged may take to be readable after the last fault.
pub const SETTLING: Duration = Duration::from_secs(180);

/// Which log stands between collector and processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Log {
    /// One process with both engines in it.
    Embedded,
    /// A collector and a processor with a broker between them.
    Kafka,
    /// The same with three brokers, each record on all of them.
    Cluster,
}

/// What can be killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Collector,
    Processor,
    Engine,
    Broker,
}

impl Log {
    fn brokers(self) -> u32 {
        match self {
            Self::Embedded => 0,
            Self::Kafka => 1,
            Self::Cluster => 3,
        }
    }

    /// What there is to kill. With the embedded log the collector and the processor are one process.
    pub fn roles(self) -> &'static [Role] {
        match self {
            Self::Embedded => &[Role::Collector, Role::Engine],
            Self::Kafka => &[Role::Collector, Role::Processor, Role::Engine, Role::Broker],
            Self::Cluster => &[Role::Broker],
        }
    }
}

/// Everything that runs.
pub struct Rig {
    pub collector: Server,
    /// With Kafka.
    pub processor: Option<Server>,
    pub broker: Option<Broker>,
    pub ledger: Arc<Ledger>,
    log: Log,
    /// How many brokers were killed so far.
    turns: u32,
}

impl Rig {
    /// Starts it; `settings` are the collector's, `PLAYHEAD_*` without the prefix.
    pub async fn start(log: Log, name: &str, settings: &[(&str, &str)]) -> Self {
        if log == Log::Embedded {
            let (collector, ledger) = (Server::start(settings).await, ledger(name));
            return Self { collector, processor: None, broker: None, ledger, log, turns: 0 };
        }
        let of = name.to_owned();
        let broker = tokio::task::spawn_blocking(move || Broker::start_nodes(&of, log.brokers()));
        let broker = broker.await.expect("a broker");
        let bootstrap = broker.bootstrap.clone();
        Self::start_on(log, broker, &bootstrap, name, settings).await
    }

    /// The same on brokers that are there, which the collector reaches as `bootstrap`.
    pub async fn start_on(
        log: Log,
        broker: Broker,
        bootstrap: &str,
        name: &str,
        settings: &[(&str, &str)],
    ) -> Self {
        let topic = ("KAFKA_TOPIC", name);
        let reading = [("KAFKA_BROKERS", broker.bootstrap.as_str()), topic, ("ROLES", "process,query")];
        let processor = Server::start(&reading).await;
        // The collector asks ClickHouse nothing; the discard port keeps it from starting an engine of its own.
        let alone = [
            ("KAFKA_BROKERS", bootstrap),
            topic,
            ("ROLES", "collect"),
            ("CLICKHOUSE_URL", "http://127.0.0.1:9"),
        ];
        let collector = Server::start(&[&alone[..], settings].concat()).await;
        let ledger = ledger(name);
        Self { collector, processor: Some(processor), broker: Some(broker), ledger, log, turns: 0 }
    }

    /// The process that has the engine and answers.
    pub fn reader(&self) -> &Server {
        self.processor.as_ref().unwrap_or(&self.collector)
    }

    pub fn target(&self, pause: Duration) -> Target {
        Target { urls: vec![self.collector.url()], ingest_key: Server::INGEST_KEY.to_owned(), pause }
    }

    /// Players against the collector.
    pub fn crowd(&self, players: u64, pause: Duration, seed: u64) -> Crowd {
        Crowd::start(&self.target(pause), &self.ledger, players, seed)
    }

    /// Kills a part without warning and brings it back.
    pub async fn kill(&mut self, role: Role) {
        match (role, &mut self.processor) {
            (Role::Processor, Some(processor)) => restart(processor).await,
            (Role::Collector | Role::Processor, _) => restart(&mut self.collector).await,
            // Its parent brings it back. It may be down already, from the last time.
            (Role::Engine, _) => {
                if let Some(engine) = self.reader().engine() {
                    signal(engine, libc::SIGKILL);
                }
            }
            (Role::Broker, _) => {
                let broker = self.broker.as_ref().expect("only Kafka has brokers");
                let node = 1 + self.turns % self.log.brokers();
                self.turns += 1;
                tokio::task::block_in_place(|| {
                    broker.kill_node(node);
                    broker.restart_node(node);
                });
            }
        }
    }

    /// Waits until everything is readable and compares.
    pub async fn compare(&self) -> Tally {
        let url = self.reader().url();
        let reader = Reader { url: &url, token: Server::TOKEN, patience: SETTLING };
        self.ledger.compare(&reader).await
    }
}

async fn restart(server: &mut Server) {
    server.kill9();
    server.restart().await;
}

/// A ledger of this name, beside those of other rows.
pub fn ledger(name: &str) -> Arc<Ledger> {
    let dir = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("ledgers");
    fs::create_dir_all(&dir).expect("a directory for ledgers");
    Arc::new(Ledger::new(&dir.join(format!("{name}.ledger"))))
}

/// Sends a signal to a process of ours.
pub fn signal(pid: i32, signal: i32) {
    // SAFETY: only takes values; the process is a child of this run or a child of one.
    unsafe { libc::kill(pid, signal) };
}

/// What was wrong with the answers, if anything.
pub fn malformed(answers: &Answers) -> Option<String> {
    match answers.malformed.load(Ordering::Relaxed) {
        0 => None,
        count => {
            Some(format!("{count} malformed answers: {}", answers.strange.get().map_or("", String::as_str)))
        }
    }
}
