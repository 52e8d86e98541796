//! The SQL port as a whole: the real service with its real engine, and two tenants who each hold what the other must not see.

mod clients;
mod cookbook;
mod interface;
mod screen;
mod tenants;
mod wall;
