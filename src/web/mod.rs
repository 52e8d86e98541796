//! 6 · What people and programs see.

pub mod assets;
pub mod auth;
pub mod live;
pub mod problem;
