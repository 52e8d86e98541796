//! The API against a real server, a real control database and the real ClickHouse engine.

mod access;
mod clients;
mod data;
mod document;
mod heatmap;
mod hostile;
mod limits;
mod metrics;
mod mutants;
mod oracle;
mod people;
mod retention;
mod server;
mod views;
mod wall;
