//! Playhead: what viewers of video really get, live.

pub mod app;
pub mod beacon;
pub mod clock;
pub mod config;
pub mod control;
pub mod credentials;
pub mod event;
pub mod health;
pub mod log;
pub mod pipeline;
pub mod simulate;
pub mod store;
pub mod telemetry;
pub mod verify;
pub mod web;
