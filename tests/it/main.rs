//! Integration tests: one binary, so that it links once and shares one broker.

mod log;
mod support;
