//! What the process was told, read and checked. Flags win over the environment, the environment over the file.
//!
//! A setting `http_addr` is the flag `--http-addr`, the variable `PLAYHEAD_HTTP_ADDR` and the key `http_addr` of the TOML
//! file. All mistakes are found before any is reported, so an operator sees them at once.

mod reader;
mod sql;
mod table;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::PathBuf,
    str::FromStr,
};

use ipnet::IpNet;
use tracing_subscriber::EnvFilter;

pub use self::reader::Layers;
use self::reader::Reader;
pub use self::{
    sql::Sql,
    table::{SETTINGS, Setting},
};
use crate::control::{Bootstrap, BootstrapAdmin, BootstrapEnvironment, BootstrapToken};

/// Less than this holds no full segment.
const LEAST_LOG_BYTES: u64 = 65_536;
/// First parts of paths that are not for beacons.
const TAKEN: [&str; 10] =
    ["data", "live", "sdk", "demo", "assets", "session", "login", "videos", "views", "healthz"];

/// A part of the service that one process may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Collect,
    Process,
    Query,
}

impl Role {
    /// The word for it in the settings.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Collect => "collect",
            Self::Process => "process",
            Self::Query => "query",
        }
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "collect" => Ok(Self::Collect),
            "process" => Ok(Self::Process),
            "query" => Ok(Self::Query),
            _ => Err(format!("`{word}` is no role: collect, process, query")),
        }
    }
}

/// The settings, typed.
#[derive(Debug, Clone)]
pub struct Config {
    pub roles: BTreeSet<Role>,
    pub http_addr: SocketAddr,
    pub admin_addr: SocketAddr,
    pub sql: Sql,
    pub data_dir: PathBuf,
    pub kafka: Option<Kafka>,
    pub log_max_bytes: u64,
    pub clickhouse: Option<ClickHouse>,
    pub clickhouse_memory_bytes: u64,
    pub live_memory_bytes: usize,
    pub chdb_lib: Option<PathBuf>,
    pub database_url: String,
    pub trusted_proxies: Vec<IpNet>,
    pub intake_prefix: String,
    pub admit_events_per_s: u32,
    pub heartbeat_ms: u32,
    pub accept_history: bool,
    pub respect_privacy_signals: bool,
    pub country_database: Option<PathBuf>,
    pub asn_database: Option<PathBuf>,
    pub bootstrap: Bootstrap,
    pub log_directives: String,
    pub log_as_json: bool,
}

/// An outside Kafka.
#[derive(Clone)]
pub struct Kafka {
    pub brokers: String,
    pub topic: String,
    pub group: String,
    pub partitions: i32,
    pub replication_factor: i32,
    pub assignor: String,
    pub properties: BTreeMap<String, String>,
}

impl std::fmt::Debug for Kafka {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kafka")
            .field("brokers", &self.brokers)
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}

/// An outside ClickHouse.
#[derive(Clone)]
pub struct ClickHouse {
    pub url: String,
    pub user: String,
    pub password: String,
}

impl std::fmt::Debug for ClickHouse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClickHouse").field("url", &self.url).field("user", &self.user).finish_non_exhaustive()
    }
}

impl Config {
    /// Reads the settings.
    ///
    /// # Errors
    /// Every mistake, one line each, naming where the value came from.
    pub fn read(layers: &Layers) -> Result<Self, Vec<String>> {
        let mut reader = Reader::new(layers);
        let mistakes = reader.mistakes.len();
        let roles = reader.list::<Role>("roles").into_iter().collect::<BTreeSet<_>>();
        let roles_are_sound = reader.mistakes.len() == mistakes;
        if roles.is_empty() {
            reader.mistake("roles", &"name at least one role");
        }
        let (http_addr, admin_addr) = (reader.address("http_addr"), reader.address("admin_addr"));
        let sql = sql::read(&mut reader);
        let kafka = kafka(&mut reader);
        let is_read_here = !roles.contains(&Role::Collect) || roles.contains(&Role::Process);
        if roles_are_sound && kafka.is_none() && !is_read_here {
            let fix = "an embedded log can be read by this process alone: set kafka_brokers, or add the role process";
            reader.mistake("roles", &fix);
        }
        let log_max_bytes = reader.number("log_max_bytes");
        let clickhouse_memory_bytes = reader.number("clickhouse_memory_bytes");
        let live_memory_bytes = reader.number("live_memory_bytes");
        let admit_events_per_s = reader.number("admit_events_per_s");
        let (heartbeat_ms, accept_history) = (heartbeat_ms(&mut reader), reader.parsed("accept_history"));
        let respect_privacy_signals = reader.parsed("respect_privacy_signals");
        let trusted_proxies = reader.list("trusted_proxies");
        let intake_prefix = reader.text("intake_prefix");
        check_prefix(&mut reader, &intake_prefix);
        check_addresses(&mut reader);
        if log_max_bytes.is_some_and(|bytes: u64| bytes < LEAST_LOG_BYTES) {
            reader.mistake("log_max_bytes", &format!("at least {LEAST_LOG_BYTES}"));
        }
        if let Err(error) = reader.text("log").parse::<EnvFilter>() {
            reader.mistake("log", &error);
        }
        let data_dir = PathBuf::from(reader.text("data_dir"));
        let sqlite = || format!("sqlite:{}", data_dir.join("control.sqlite").display());
        let database_url = reader.optional("database_url").unwrap_or_else(sqlite);
        let log_format = reader.text("log_format");
        if !["text", "json"].contains(&log_format.as_str()) {
            reader.mistake("log_format", &"text or json");
        }
        let bootstrap = bootstrap(&mut reader);
        let clickhouse = reader.optional("clickhouse_url").map(|url| ClickHouse {
            url,
            user: reader.text("clickhouse_user"),
            password: reader.text("clickhouse_password"),
        });
        let (Some(http_addr), Some(admin_addr), Some(sql)) = (http_addr, admin_addr, sql) else {
            return Err(reader.mistakes);
        };
        if !reader.mistakes.is_empty() {
            return Err(reader.mistakes);
        }
        Ok(Self {
            roles,
            http_addr,
            admin_addr,
            sql,
            kafka,
            log_max_bytes: log_max_bytes.unwrap_or_default(),
            clickhouse,
            clickhouse_memory_bytes: clickhouse_memory_bytes.unwrap_or_default(),
            live_memory_bytes: live_memory_bytes.unwrap_or_default(),
            chdb_lib: reader.optional("chdb_lib").map(PathBuf::from),
            database_url,
            trusted_proxies,
            intake_prefix,
            admit_events_per_s: admit_events_per_s.unwrap_or_default(),
            heartbeat_ms: heartbeat_ms.unwrap_or_default(),
            accept_history: accept_history.unwrap_or_default(),
            respect_privacy_signals: respect_privacy_signals.unwrap_or_default(),
            country_database: reader.optional("country_database").map(PathBuf::from),
            asn_database: reader.optional("asn_database").map(PathBuf::from),
            bootstrap,
            log_directives: reader.text("log"),
            log_as_json: log_format == "json",
            data_dir,
        })
    }
}

/// Beacons come beside everything else this service answers.
fn check_prefix(reader: &mut Reader, prefix: &str) {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
    if !prefix.starts_with('/') || prefix.ends_with('/') || !prefix.bytes().all(is_plain) {
        reader.mistake(
            "intake_prefix",
            &"it begins with a slash, ends without one, and has letters, digits and -_.~ between",
        );
    }
    let first = prefix.trim_start_matches('/').split('/').next().unwrap_or_default();
    if TAKEN.contains(&first) {
        reader.mistake("intake_prefix", &format!("/{first} is this service's own"));
    }
}

/// Whether `url` is of a server that HTTP clients of this build can speak to.
pub fn is_http(url: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme))
}

/// What no try to connect would mend.
fn check_addresses(reader: &mut Reader) {
    if reader.optional("clickhouse_url").is_some_and(|url| !is_http(&url)) {
        reader.mistake("clickhouse_url", &"http://host:port or https://host:port");
    }
    let is_database =
        |url: &str| ["sqlite:", "postgres://", "postgresql://"].iter().any(|kind| url.starts_with(kind));
    if reader.optional("database_url").is_some_and(|url| !is_database(&url)) {
        reader.mistake("database_url", &"sqlite:PATH or postgres://…");
    }
    let is_broker = |broker: &str| {
        broker
            .trim()
            .rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
    };
    if reader.optional("kafka_brokers").is_some_and(|brokers| !brokers.split(',').all(is_broker)) {
        reader.mistake("kafka_brokers", &"host:port,host:port");
    }
}

fn heartbeat_ms(reader: &mut Reader) -> Option<u32> {
    let heartbeat_ms = reader.number::<u32>("heartbeat_ms")?;
    if !(1_000..=60_000).contains(&heartbeat_ms) {
        reader.mistake("heartbeat_ms", &"from 1000 to 60000");
    }
    Some(heartbeat_ms)
}

fn kafka(reader: &mut Reader) -> Option<Kafka> {
    let (partitions, replication_factor) =
        (reader.number("kafka_partitions"), reader.number("kafka_replication_factor"));
    let assignor = reader.text("kafka_assignor");
    if !["range", "cooperative-sticky"].contains(&assignor.as_str()) {
        reader.mistake("kafka_assignor", &"range or cooperative-sticky");
    }
    let mut properties = BTreeMap::new();
    for pair in reader.text("kafka_properties").split(';').map(str::trim).filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some((name, value)) => drop(properties.insert(name.trim().to_owned(), value.trim().to_owned())),
            None => reader.mistake("kafka_properties", &"name=value;name=value"),
        }
    }
    Some(Kafka {
        brokers: reader.optional("kafka_brokers")?,
        topic: reader.text("kafka_topic"),
        group: reader.text("kafka_group"),
        partitions: partitions?,
        replication_factor: replication_factor?,
        assignor,
        properties,
    })
}

fn bootstrap(reader: &mut Reader) -> Bootstrap {
    let mut bootstrap = Bootstrap::default();
    if let Some(path) = reader.optional("bootstrap_file") {
        let read = std::fs::read_to_string(&path).map_err(|error| error.to_string());
        match read.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string())) {
            Ok(from_file) => bootstrap = from_file,
            Err(error) => reader.mistake("bootstrap_file", &error),
        }
    }
    let name = reader.optional("bootstrap_environment");
    let ingest_keys: Vec<String> = reader.optional("bootstrap_ingest_key").into_iter().collect();
    let tokens: Vec<BootstrapToken> = pair(reader, "bootstrap_token", "id:secret")
        .map(|(id, secret)| BootstrapToken { id, secret, scopes: None })
        .into_iter()
        .collect();
    if name.is_some() || !ingest_keys.is_empty() || !tokens.is_empty() {
        let name = name.unwrap_or_else(|| "default".to_owned());
        bootstrap.environments.push(BootstrapEnvironment { name, ingest_keys, tokens });
    }
    let admin = pair(reader, "bootstrap_admin", "email:password");
    bootstrap.admins.extend(admin.map(|(email, password)| BootstrapAdmin { email, password }));
    reader.mistakes.extend(bootstrap.mistakes());
    bootstrap
}

fn pair(reader: &mut Reader, name: &str, form: &'static str) -> Option<(String, String)> {
    let text = reader.optional(name)?;
    match text.split_once(':') {
        Some((first, second)) if !first.is_empty() && !second.is_empty() => {
            Some((first.to_owned(), second.to_owned()))
        }
        _ => {
            reader.mistake(name, &format!("it has the form {form}"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(flags: &[(&str, &str)], environment: &[(&str, &str)], file: Option<&str>) -> Layers {
        let map =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Layers {
            flags: map(flags),
            environment: map(environment),
            file: file.map(|text| ("playhead.toml".into(), text.to_owned())),
        }
    }

    #[test]
    fn flags_win_over_the_environment_and_that_over_the_file() {
        let file = Some(
            "http_addr = \"127.0.0.1:1\"\nadmin_addr = \"127.0.0.1:1\"\nlog = \"warn\"\nroles = [\"process\", \"query\"]",
        );
        let all = layers(
            &[("http_addr", "127.0.0.1:3")],
            &[("http_addr", "127.0.0.1:2"), ("admin_addr", "127.0.0.1:2")],
            file,
        );
        let config = Config::read(&all).expect("sound");
        let ports = (config.http_addr.port(), config.admin_addr.port());
        assert_eq!((ports, config.log_directives.as_str()), ((3, 2), "warn"));
        assert_eq!(config.roles.len(), 2, "a list may be written as one");
    }

    #[test]
    fn variables_that_only_look_like_settings_are_named() {
        let names = [
            "PLAYHEAD_KAFKA_BROKER",
            "PLAYHEAD_KAFKA_BROKERS",
            "PLAYHEAD_SERVICE_HOST",
            "PLAYHEAD_PORT",
            "HOME",
        ];
        let unknown = Layers::unknown_variables(names.into_iter().map(str::to_owned));
        assert_eq!(unknown, ["PLAYHEAD_KAFKA_BROKER"]);
    }

    #[test]
    fn nobody_collects_what_nobody_reads() {
        let read = |flags: &[(&str, &str)]| Config::read(&layers(flags, &[], None));
        let mistakes = read(&[("roles", "collect,query")]).expect_err("nobody processes");
        assert!(mistakes.len() == 1 && mistakes[0].contains("set kafka_brokers"), "{mistakes:?}");
        assert!(read(&[("roles", "collect"), ("kafka_brokers", "127.0.0.1:9092")]).is_ok());
        assert!(read(&[("roles", "process,query")]).is_ok(), "for draining");
    }

    #[test]
    fn all_mistakes_are_reported_at_once_and_secrets_are_not_shown() {
        let wrong = layers(
            &[("http_addr", "nowhere"), ("roles", "collect,fly"), ("log_max_bytes", "8GiB")],
            &[("trusted_proxies", "10.0.0.0/8, ten"), ("bootstrap_token", "sesame")],
            Some("htp_addr = 1"),
        );
        let mistakes = Config::read(&wrong).expect_err("six mistakes");
        assert_eq!(mistakes.len(), 6, "{mistakes:#?}");
        assert!(
            mistakes.iter().any(|line| line.starts_with("--http-addr: `nowhere`: an IP address and a port"))
        );
        assert!(mistakes.iter().any(|line| line.contains("no setting `htp_addr`")));
        assert!(mistakes.iter().any(|line| line.contains("`8GiB`: a whole number without a unit")));
        assert!(!mistakes.iter().any(|line| line.contains("sesame")));
    }
}
