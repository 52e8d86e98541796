//! Tests of the parts together, against the real ones. One binary, so that it links once and shares one broker.

#![allow(unsafe_code, reason = "signals and forks of the fault tests")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod api;
mod assets;
mod cmcd;
mod control;
mod docs;
mod embedded_engine;
mod epas;
mod fuzz_intake;
mod intake;
mod ledger;
mod live;
mod log;
mod mux;
mod pipeline;
mod roles;
mod samples;
mod schema;
mod sql;
mod support;
mod tidy;
mod timeline;
mod view_laws;
