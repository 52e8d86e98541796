//! Tests of the parts together, against the real ones. One binary, so that the crate is linked once.

mod api;
mod control;
mod embedded_engine;
