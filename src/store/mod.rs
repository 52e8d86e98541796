//! 5 · ClickHouse: the client, its two hosts, the schema and what is written to and read from it.

pub mod embedded;
pub mod migrate;
pub mod native;
pub mod probe;
pub mod query;
pub mod rows;
pub mod usage;
pub mod writer;

use std::sync::{Arc, atomic::AtomicBool};

/// How long ClickHouse may take to show a sign of life.
const PING_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(2);

/// The ClickHouse database Playhead lives in, reached over its HTTP interface whichever host runs it.
#[derive(Clone)]
pub struct Store {
    /// Bound to the database `playhead`.
    pub client: clickhouse::Client,
    /// Whether the schema was seen to be this program's or a later one.
    has_schema: Arc<AtomicBool>,
}

impl Store {
    /// The name of the database.
    pub const DATABASE: &'static str = "playhead";

    /// A client for the server at `url`.
    pub fn new(url: &str, user: &str, password: &str) -> Self {
        let client = clickhouse::Client::default()
            .with_url(url)
            .with_user(user)
            .with_password(password)
            .with_database(Self::DATABASE)
            .with_compression(clickhouse::Compression::None);
        Self { client, has_schema: Arc::default() }
    }

    /// Whether ClickHouse answers now.
    ///
    /// # Errors
    /// Its reason.
    pub async fn ping(&self) -> Result<(), String> {
        let ask = self.client.query("SELECT 1").fetch_one::<u8>();
        match tokio::time::timeout(PING_TIMEOUT, ask).await {
            Ok(answer) => answer.map(drop).map_err(|error| error.to_string()),
            Err(_) => Err("no answer within 2 s".into()),
        }
    }
}
