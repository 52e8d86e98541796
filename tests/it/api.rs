//! The API against a real server, a real control database and the real ClickHouse engine.

mod access;
mod accounts;
mod annotations;
mod clients;
mod data;
mod dimensions;
mod document;
mod heatmap;
mod hostile;
mod limits;
mod metrics;
mod monitoring;
mod mutants;
mod oracle;
mod server;
mod views;
