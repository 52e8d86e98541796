//! 6 · What people and programs see: pages, the live socket, the API, sessions, and what keeps them fair and quick.

pub mod address;
pub mod api;
pub mod assets;
pub mod auth;
pub mod cache;
pub mod demo;
pub mod dimensions;
pub mod engagement;
pub mod environments;
pub mod error;
pub mod guard;
pub mod ledger;
pub mod limit;
pub mod live;
pub mod metrics;
pub mod openapi;
pub mod params;
pub mod problem;
pub mod session;
pub mod sql;
pub mod views;
