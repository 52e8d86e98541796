//! The newest events of a view, for whoever looks at that view alone.

use std::borrow::Cow;

use crate::event::{Event, Kind};

/// Most events kept of one view, and about how many of all views together.
const MOST: usize = 500;
const MOST_TOGETHER: usize = 2_000_000;

/// An event as the topic `view` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenEvent {
    pub sequence: u64,
    pub t_ms: i64,
    pub label: Cow<'static, str>,
    pub playhead_ms: Option<u64>,
}

impl SeenEvent {
    fn of(event: &Event<'_>) -> Self {
        let label = match event.kind() {
            Kind::Other => Cow::Owned(event.name.to_string()),
            kind => Cow::Borrowed(kind.wire()),
        };
        Self { sequence: event.sequence, t_ms: event.t_ms, label, playhead_ms: event.playhead_ms }
    }
}

/// By sequence; the oldest give way.
#[derive(Debug, Default)]
pub struct Seen(Vec<SeenEvent>);

impl Seen {
    /// How many events are kept of each of so many views.
    pub fn most(views: usize) -> usize {
        (MOST_TOGETHER / views.max(1)).clamp(1, MOST)
    }

    /// Adds an event, or puts it in the place of the one with its sequence.
    pub fn insert(&mut self, event: &Event<'_>) {
        let is_next = self.0.last().is_none_or(|last| last.sequence < event.sequence);
        let place = if is_next { Err(self.0.len()) } else { self.place(event.sequence) };
        match place {
            Ok(index) => self.0[index] = SeenEvent::of(event),
            Err(index) => self.0.insert(index, SeenEvent::of(event)),
        }
    }

    /// Lets go of all but the newest.
    pub fn keep(&mut self, most: usize) {
        if self.0.len() > most {
            self.0.drain(..self.0.len() - most);
            self.0.shrink_to(most + most / 2);
        }
    }

    /// Whether the event with this sequence is there.
    pub fn contains(&self, sequence: u64) -> bool {
        self.place(sequence).is_ok()
    }

    /// Oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &SeenEvent> {
        self.0.iter()
    }

    fn place(&self, sequence: u64) -> Result<usize, usize> {
        self.0.binary_search_by_key(&sequence, |seen| seen.sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_stand_by_sequence_and_the_newest_stay() {
        let mut seen = Seen::default();
        for sequence in [3, 1, 2, 3, 9] {
            seen.insert(&Event { sequence, kind: Kind::Play as i32, ..Event::default() });
        }
        let sequences = |seen: &Seen| seen.iter().map(|event| event.sequence).collect::<Vec<_>>();
        assert_eq!(sequences(&seen), [1, 2, 3, 9]);
        assert!(seen.contains(2) && !seen.contains(4));
        seen.keep(2);
        assert_eq!(sequences(&seen), [3, 9]);
        assert_eq!(seen.iter().next().map(|event| &*event.label), Some("play"));
    }

    #[test]
    fn a_crowd_keeps_no_more_than_its_share() {
        assert_eq!((Seen::most(0), Seen::most(1_000)), (MOST, MOST));
        assert!(Seen::most(1_000_000) * 1_000_000 <= MOST_TOGETHER);
    }
}
