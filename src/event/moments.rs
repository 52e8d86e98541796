//! What a viewer did of the customer's own (`custom` events), and where in the video.
//!
//! By the sequence of the event and joined by union, so they are a semilattice like the rest of a view. With the view they
//! have its weight and pass its filters, and a heatmap has them without looking for events.

use std::collections::BTreeMap;

use super::record::{AttributeKey, Event, Kind};

/// Most moments of one view; the earliest are kept, as of marks ([`super::marks::MOST`]).
pub const MOST: usize = 1_000;

/// One moment; the larger of two for one sequence wins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Second of the video.
    pub second: u32,
    /// The event's own name; empty if it has none.
    pub name: String,
}

/// All moments of a view, by sequence. `Default` is the neutral element.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Moments(pub BTreeMap<u64, Moment>);

impl Moments {
    /// Notes an event, if it is one of the customer's own that says where it happened.
    pub fn learn(&mut self, event: &Event<'_>) {
        if let Some(moment) = moment(event) {
            self.note(event.sequence, moment);
        }
    }

    /// Joins what `other` knows.
    pub fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(sequence, moment)| self.note(*sequence, moment.clone()));
    }

    /// Lets go of all but the earliest `most`.
    pub fn keep(&mut self, most: usize) {
        while self.0.len() > most {
            self.0.pop_last();
        }
    }

    fn note(&mut self, sequence: u64, moment: Moment) {
        let known = self.0.entry(sequence).or_insert_with(|| moment.clone());
        if *known < moment {
            *known = moment;
        }
        self.keep(MOST);
    }
}

/// The moment an event is, if any.
pub fn moment(event: &Event<'_>) -> Option<Moment> {
    if event.kind() != Kind::Custom {
        return None;
    }
    let second = u32::try_from(event.playhead_ms? / 1000).ok()?;
    let own = |attribute: &&super::Attribute<'_>| {
        attribute.key() == AttributeKey::KeyUnknown && attribute.name == "name"
    };
    let name = event.attributes.iter().find(own).map_or_else(String::new, |name| name.text.to_string());
    Some(Moment { second, name })
}
