//! What tests share: real outside engines, started once, and the service itself as a process.

pub mod kafka;
pub mod server;
