//! 5 · ClickHouse: the client, its two hosts, the schema and what is written to and read from it.

pub mod embedded;
pub mod migrate;
pub mod query;

/// The ClickHouse database Playhead lives in, reached over its HTTP interface whichever host runs it.
#[derive(Clone)]
pub struct Store {
    /// Bound to the database `playhead`.
    pub client: clickhouse::Client,
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
        Self { client }
    }
}
