//! What tests share: real outside engines, started once, the service itself as a process, and beacons of real players.

pub mod capture;
pub mod kafka;
pub mod server;
pub mod store;
pub mod tls;
