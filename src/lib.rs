//! Playhead.

pub mod log;
pub mod store;
