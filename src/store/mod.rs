//! 5 · ClickHouse: the client, its two hosts, the schema and what is written to and read from it.

mod damage;
pub mod embedded;
pub mod migrate;
pub mod native;
pub mod probe;
pub mod query;
pub mod rows;
pub mod usage;
pub mod writer;

use std::sync::{Arc, atomic::AtomicBool};

use serde::{Deserialize, Serialize};

/// How long ClickHouse may take to show a sign of life.
const PING_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(2);

/// Why nothing can be asked while the schema is being brought.
const NO_TABLES: &str = "its tables are not there yet";

/// Where ClickHouse is and who asks.
#[derive(Serialize, Deserialize)]
pub struct Access {
    pub url: String,
    pub user: String,
    pub password: String,
}

/// The ClickHouse database Playhead lives in, reached over its HTTP interface whichever host runs it.
#[derive(Clone)]
pub struct Store {
    /// Bound to the database `playhead`.
    pub client: clickhouse::Client,
    /// For another process of ours.
    pub access: Arc<Access>,
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
        let access = Access { url: url.to_owned(), user: user.to_owned(), password: password.to_owned() };
        Self { client, access: Arc::new(access), has_schema: Arc::default() }
    }

    /// Whether ClickHouse answers now, and has the tables.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn ready(&self) -> Result<(), String> {
        let ask = async {
            self.client.query("SELECT 1").fetch_one::<u8>().await?;
            self.has_schema().await
        };
        match tokio::time::timeout(PING_TIMEOUT, ask).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(NO_TABLES.into()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("no answer within 2 s".into()),
        }
    }
}
