//! Tests of the parts together, against the real ones. One binary, so that it links once and shares one broker.

#![allow(unsafe_code, reason = "signals and forks of the fault tests")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod api;
mod assets;
mod cmcd;
mod control;
mod control_file;
mod crowded;
mod deep;
mod docs;
mod embedded_engine;
mod engagement;
mod epas;
mod faults;
mod fuzz_intake;
mod intake;
mod keys;
mod ledger;
mod live;
mod log;
mod monitoring;
mod mux;
mod origin;
mod overload;
mod pipeline;
mod privacy;
mod quarantine;
mod record;
mod roles;
mod samples;
mod schema;
mod secrets;
mod sql;
mod support;
mod system;
mod tenants;
mod tidy;
mod timeline;
mod upgrade;
mod view_laws;
mod wire;
