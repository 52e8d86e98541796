//! Tests of the parts together, against the real ones. One binary, so that it links once and shares one broker.

mod api;
mod control;
mod embedded_engine;
mod ledger;
mod log;
mod support;
