//! The API against a real server, a real control database and the real ClickHouse engine.

mod access;
mod clients;
mod data;
mod document;
mod engagement;
mod hostile;
mod limits;
mod live_curves;
mod metrics;
mod mutants;
mod oracle;
mod server;
mod views;
