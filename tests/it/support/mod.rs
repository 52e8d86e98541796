//! What tests share: real outside engines, started once, and beacons of real players.

pub mod capture;
pub mod kafka;
pub mod server;
