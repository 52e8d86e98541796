//! What an operator does about quarantined events: look at them, mend the cause, put them back.
//!
//! The running service answers for its quarantine on the admin address ([`routes`]), because only it may write to an
//! embedded log; `playhead quarantine` asks it there ([`command`]). Payloads are viewers' data, so the door has a key: a
//! secret of this start, in a file that the owner of the data directory alone can read ([`Pass`]).

pub mod command;
mod pass;
pub mod routes;

pub use pass::Pass;
