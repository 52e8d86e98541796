//! 5 · ClickHouse: the client, its two hosts, the schema and what is written to and read from it.

pub mod embedded;
