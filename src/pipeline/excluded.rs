//! The events of a batch that cannot go in, because ClickHouse refuses them for good or our own code panics over them, and
//! how an intent writes them down.
//!
//! Whoever rebuilds a batch after a crash has to leave out the same events, or one of them would be in quarantine and in
//! the tables as well. So their places stand in the intent: `.3` counts the record back from the batch's last offset,
//! `.3/0` names its first event only.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use super::batch::Placed;
use crate::event::Record;

/// Most places of one batch: so many fit into an intent. More are no accident, and an operator has to look.
pub const MOST: usize = 256;

/// What of a record is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Whole,
    /// Events by their place in the record.
    Events(BTreeSet<usize>),
}

impl Part {
    /// How many places an intent has to name.
    fn places(&self) -> usize {
        match self {
            Self::Whole => 1,
            Self::Events(events) => events.len(),
        }
    }
}

/// Places that are left out, by the record's offset.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Excluded(BTreeMap<u64, Part>);

impl Excluded {
    /// Leaves out one event of a record.
    pub fn event(&mut self, offset: u64, index: usize) {
        if let Part::Events(events) = self.0.entry(offset).or_insert_with(|| Part::Events(BTreeSet::new())) {
            events.insert(index);
        }
    }

    /// Leaves out a whole record.
    pub fn record(&mut self, offset: u64) {
        self.0.insert(offset, Part::Whole);
    }

    /// Whether nothing is left out.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many places an intent has to name.
    pub fn len(&self) -> usize {
        self.0.values().map(Part::places).sum()
    }

    /// Takes the places from `offset` on away.
    pub fn split_off(&mut self, offset: u64) -> Self {
        Self(self.0.split_off(&offset))
    }

    /// Adds what is left out elsewhere.
    pub fn join(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The first offset whose places an intent has no room for beside those before it.
    pub fn beyond(&self, most: usize) -> Option<u64> {
        let mut places = 0;
        self.0.iter().find_map(|(offset, part)| {
            places += part.places();
            (places > most).then_some(*offset)
        })
    }

    /// The offsets of records that are left out as a whole.
    pub fn records(&self) -> impl Iterator<Item = u64> {
        self.0.iter().filter(|(_, part)| **part == Part::Whole).map(|(offset, _)| *offset)
    }

    /// What of a record stays; none if nothing does.
    pub fn kept<'a, 'b>(&self, offset: u64, record: &'a Record<'b>) -> Option<Cow<'a, Record<'b>>> {
        match self.0.get(&offset) {
            None => Some(Cow::Borrowed(record)),
            Some(Part::Whole) => None,
            Some(Part::Events(events)) => {
                some(with_events(record, |index| !events.contains(&index))).map(Cow::Owned)
            }
        }
    }

    /// What of `records` stays, each with its offset.
    pub fn kept_of<'a>(&self, records: &[Placed<'a>]) -> Vec<(u64, Cow<'a, Record<'a>>)> {
        let mut kept = Vec::with_capacity(records.len());
        kept.extend(
            records.iter().filter_map(|(offset, record)| Some((*offset, self.kept(*offset, record)?))),
        );
        kept
    }

    /// What of a record is left out; none if nothing is.
    pub fn refused<'b>(&self, offset: u64, record: &Record<'b>) -> Option<Record<'b>> {
        match self.0.get(&offset)? {
            Part::Whole => Some(record.clone()),
            Part::Events(events) => some(with_events(record, |index| events.contains(&index))),
        }
    }

    /// The places as an intent names them, `last` being the batch's last offset.
    pub fn to_text(&self, last: u64) -> String {
        let mut text = String::new();
        for (offset, part) in &self.0 {
            let back = last - offset;
            match part {
                Part::Whole => text.push_str(&format!(".{back}")),
                Part::Events(events) => {
                    events.iter().for_each(|index| text.push_str(&format!(".{back}/{index}")))
                }
            }
        }
        text
    }

    /// Reads [`Self::to_text`] back.
    pub fn parse(text: &str, last: u64) -> Option<Self> {
        let mut excluded = Self::default();
        for place in text.split('.').skip(1) {
            let (back, index) = match place.split_once('/') {
                Some((back, index)) => (back, Some(index)),
                None => (place, None),
            };
            let offset = last.checked_sub(back.parse().ok()?)?;
            match index {
                Some(index) => excluded.event(offset, index.parse().ok()?),
                None => excluded.record(offset),
            }
        }
        Some(excluded)
    }
}

fn with_events<'b>(record: &Record<'b>, is_in: impl Fn(usize) -> bool) -> Record<'b> {
    let events = record.events.iter().enumerate().filter(|(index, _)| is_in(*index));
    Record { events: events.map(|(_, event)| event.clone()).collect(), ..record.clone() }
}

fn some(record: Record<'_>) -> Option<Record<'_>> {
    (!record.events.is_empty()).then_some(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;

    fn record(sequences: &[u64]) -> Record<'static> {
        let events = sequences.iter().map(|sequence| Event { sequence: *sequence, ..Event::default() });
        Record { view_id: "v".into(), events: events.collect(), ..Record::default() }
    }

    #[test]
    fn every_event_is_either_kept_or_refused() {
        let mut excluded = Excluded::default();
        excluded.event(7, 1);
        excluded.event(8, 0);
        excluded.record(9);
        let of = |record: Option<Record<'_>>| {
            record.map_or(Vec::new(), |r| r.events.iter().map(|e| e.sequence).collect())
        };
        let whole = record(&[1, 2, 3]);
        let split = |offset| {
            (of(excluded.kept(offset, &whole).map(Cow::into_owned)), of(excluded.refused(offset, &whole)))
        };
        assert_eq!(split(6), (vec![1, 2, 3], vec![]));
        assert_eq!(split(7), (vec![1, 3], vec![2]));
        assert_eq!(split(8), (vec![2, 3], vec![1]));
        assert_eq!(split(9), (vec![], vec![1, 2, 3]));
        assert_eq!(excluded.kept(8, &record(&[1])), None, "nothing is left of it");
        assert_eq!((excluded.len(), excluded.records().collect::<Vec<_>>()), (3, vec![9]));
        assert_eq!([3, 2, 1, 0].map(|most| excluded.beyond(most)), [None, Some(9), Some(8), Some(7)]);
        let rest = excluded.split_off(8);
        assert_eq!((excluded.len(), rest.len()), (1, 2));
    }

    #[test]
    fn an_intent_brings_the_places_back_and_has_room_for_all_of_them() {
        let mut excluded = Excluded::default();
        for place in 0..MOST as u64 {
            excluded.event(1_000_000 - 50_000 + place, 9_999);
        }
        let text = excluded.to_text(1_000_000);
        assert!(text.len() < crate::log::MAX_INTENT_BYTES - 64, "{}", text.len());
        assert_eq!(Excluded::parse(&text, 1_000_000), Some(excluded));
        assert_eq!(Excluded::parse("", 5), Some(Excluded::default()));
        assert_eq!(Excluded::parse(".9", 5), None, "before the beginning of the log");
        assert_eq!(Excluded::parse(".x", 5), None);
    }
}
