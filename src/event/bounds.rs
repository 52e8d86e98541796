//! How much of what is counted one by one a view keeps: whatever grows with the number of events has a bound, so that no
//! client makes a row that grows without end. Marks, moments and the timeline have theirs beside them
//! ([`super::marks::MOST`], [`super::moments::MOST`], [`super::timeline::MOST`]).
//!
//! Of many pieces of a view each is within the bound; that all together are, the processor sees to
//! (`src/pipeline/room.rs`).

use super::record::{Event, Segment, Severity};

/// Stretches are numbered in the order they were played; a view keeps those with a number below this. Nobody seeks as
/// often.
pub const STRETCHES: u32 = 10_000;
/// Most errors of one view that are counted.
pub const ERRORS: usize = 1_000;
/// Most names of the customer's own dimensions in one view: as many as one `set` may say.
pub const NAMES: usize = 256;
/// Most names that one piece of a view has before it is bounded: a beacon may say a hundred thousand.
pub const NAMES_OF_A_PIECE: usize = 4 * NAMES;

/// Whether a stretch is one of those that a view keeps.
pub fn keeps(segment: &Segment) -> bool {
    segment.number < STRETCHES
}

/// Whether an event adds to the errors of its view: warnings do not.
pub fn counts_as_error(event: &Event<'_>) -> bool {
    event.failure.as_ref().is_some_and(|failure| failure.severity() != Severity::Warning)
}
