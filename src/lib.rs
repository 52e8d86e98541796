//! Playhead.

pub mod clock;
pub mod control;
pub mod event;
pub mod log;
pub mod store;
pub mod web;
