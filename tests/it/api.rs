//! The API against a real server, a real control database and the real ClickHouse engine.

mod access;
mod batch;
mod clients;
mod conditional;
mod data;
mod document;
mod filters;
mod heatmap;
mod hostile;
mod insights;
mod limits;
mod metrics;
mod mutants;
mod oracle;
mod paging;
mod server;
mod views;
