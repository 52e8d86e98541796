//! Playhead.

pub mod event;
pub mod log;
pub mod store;
