//! What tests share: real outside engines, started once.

pub mod kafka;
