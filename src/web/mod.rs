//! 6 · What people and programs see.

pub mod problem;
