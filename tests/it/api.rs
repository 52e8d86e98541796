//! The API against a real server, a real control database and the real ClickHouse engine.

mod access;
pub mod clients;
pub mod data;
mod document;
mod heatmap;
mod hostile;
mod limits;
mod metrics;
mod mutants;
mod oracle;
pub mod server;
mod views;
