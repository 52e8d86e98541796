//! Devices' wall clocks, which formats without a clock of their own go by (CMCD, EPAS).
//!
//! Such a clock may be wrong by years and is good all the same: only distances count, and the view's anchor places them on
//! ours. What it must not do is jump. So a time is taken as it is said, never replaced by that of arrival: a beacon
//! that comes twice has to say the same twice.

use crate::event::Event;

use super::Arrival;

/// A device in use shows a time of this century.
const SANE_MS: std::ops::Range<i64> = 946_684_800_000..4_102_444_800_000;
/// A clock that is right shows events this long ago, or this far ahead, ms.
const BEHIND_MS: i64 = 24 * 3_600_000;
const AHEAD_MS: i64 = 5 * 60_000;

/// Whether a device can have shown this time, Unix ms.
pub fn is_sane(t_ms: i64) -> bool {
    SANE_MS.contains(&t_ms)
}

/// Parts the events of a view in one body: where some of them are of now, those that are not come from no clock.
pub fn of_one_clock(events: Vec<Event<'_>>, arrival: Arrival) -> (Vec<Event<'_>>, Vec<Event<'_>>) {
    let now = arrival.received_ms - BEHIND_MS..=arrival.received_ms + AHEAD_MS;
    let is_right = |event: &Event<'_>| now.contains(&event.t_ms);
    if events.iter().any(is_right) { events.into_iter().partition(is_right) } else { (events, Vec::new()) }
}
