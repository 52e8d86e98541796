//! Every setting: its name, default and reason. `--help` and `docs/settings.md` are made of this table.

use crate::telemetry::DEFAULT_LOG;

/// One setting as the operator sees it.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    pub name: &'static str,
    pub default: &'static str,
    pub help: &'static str,
}

const fn setting(name: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { name, default, help }
}

/// All settings, in the order of `--help` and `docs/settings.md`.
pub const SETTINGS: [Setting; 43] = [
    setting("roles", "collect,process,query", "Which parts this process runs"),
    setting("http_addr", "127.0.0.1:8080", "Beacons, API, dashboard and websocket"),
    setting("admin_addr", "127.0.0.1:9090", "/metrics, /healthz and /readyz"),
    setting("sql_addr", "127.0.0.1:8123", "The SQL port: ClickHouse's HTTP interface, one tenant at a time"),
    setting("sql_max_seconds", "60", "How long one SQL statement may run"),
    setting("sql_max_memory_bytes", "1073741824", "Memory one SQL statement may hold"),
    setting("sql_max_read_rows", "1000000000", "Rows one SQL statement may read from tables"),
    setting("sql_max_result_rows", "10000000", "Rows the answer to one SQL statement may have"),
    setting("sql_max_result_bytes", "2147483648", "Bytes it may have, before compression"),
    setting("sql_max_threads", "2", "Threads one SQL statement may use"),
    setting("sql_per_token", "4", "SQL statements of one token at a time"),
    setting(
        "sql_at_once",
        "8",
        "SQL statements of all tokens at a time; the API has the other places of the engine",
    ),
    setting("data_dir", "./data", "State of the embedded engines"),
    setting("kafka_brokers", "", "host:port list; empty chooses the embedded log"),
    setting("kafka_topic", "playhead", "Topic of the log; `.quarantine` is added for the quarantine"),
    setting("kafka_group", "playhead", "Prefix of the consumer groups"),
    setting("kafka_partitions", "6", "For a topic that does not exist yet"),
    setting(
        "kafka_replication_factor",
        "-1",
        "For a topic that does not exist yet; -1 is the broker's default",
    ),
    setting("kafka_assignor", "range", "range or cooperative-sticky"),
    setting("kafka_properties", "", "More librdkafka properties: name=value;name=value"),
    setting("log_max_bytes", "8589934592", "Disk share of the embedded log; full means 503"),
    setting("clickhouse_url", "", "http(s)://host:port; empty chooses the embedded engine"),
    setting("clickhouse_user", "default", "User at that server"),
    setting("clickhouse_password", "", "Password at that server"),
    setting("clickhouse_memory_bytes", "4294967296", "Memory limit of the embedded engine"),
    setting("live_memory_bytes", "1073741824", "Memory of views shown live, each some 4 kB"),
    setting("chdb_lib", "", "Path of libchdb.so; empty looks in the known places"),
    setting("database_url", "", "Control data: sqlite:PATH or postgres://…; empty is SQLite in data_dir"),
    setting("trusted_proxies", "", "Networks whose X-Forwarded-For counts, comma-separated"),
    setting("intake_prefix", "/in", "Path before the ingest key; change it when filter lists match yours"),
    setting("admit_events_per_s", "0", "Events a process takes in per second, 0 for no limit; beyond it 429"),
    setting("heartbeat_ms", "10000", "How often Playhead's SDK sends totals; told in every answer"),
    setting("accept_history", "true", "Whether senders on this machine may tell when a beacon arrived"),
    setting(
        "respect_privacy_signals",
        "true",
        "Whether DNT and Sec-GPC keep viewer and session ids out of the log",
    ),
    setting("country_database", "", "MMDB file for countries and regions; empty looks in the known places"),
    setting("asn_database", "", "MMDB file for networks (ASN); empty looks in the known places"),
    setting("bootstrap_environment", "", "Name of the first environment"),
    setting("bootstrap_ingest_key", "", "Its ingest key"),
    setting("bootstrap_token", "", "Its API token, id:secret"),
    setting("bootstrap_admin", "", "First user, email:password"),
    setting("bootstrap_file", "", "JSON file with several of them"),
    setting("log", DEFAULT_LOG, "Which log lines are written, as tracing directives"),
    setting("log_format", "text", "text or json"),
];
