//! Playhead.

pub mod beacon;
pub mod clock;
pub mod control;
pub mod event;
pub mod log;
pub mod pipeline;
pub mod store;
pub mod telemetry;
pub mod web;
