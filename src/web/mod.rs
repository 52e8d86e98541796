//! 6 · What people see: the API, sessions, and what keeps both fair and quick.

pub mod address;
pub mod api;
pub mod auth;
pub mod cache;
pub mod dimensions;
pub mod engagement;
pub mod environments;
pub mod error;
pub mod guard;
pub mod limit;
pub mod metrics;
pub mod openapi;
pub mod params;
pub mod session;
pub mod views;
