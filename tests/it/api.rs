//! The API against a real server, a real control database and the real ClickHouse engine.

mod access;
mod accounts;
mod annotations;
mod batch;
pub mod clients;
mod conditional;
mod crowd;
pub mod data;
mod dimensions;
mod document;
mod engagement;
mod filters;
mod hostile;
mod insights;
mod limits;
mod live_curves;
mod metrics;
mod monitoring;
mod mutants;
mod oracle;
mod paging;
mod people;
mod retention;
pub mod server;
mod views;
mod wall;
