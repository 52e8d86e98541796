//! What a view's row may still get. An ingest key is known to everybody who plays a video, so whatever grows a row with the
//! number of events has a bound ([`bounds`]); what is beyond it is left out of the row and counted. `event_rows` has it
//! all the same.
//!
//! What many pieces add up to is counted by events for what each event brings once, and by name for the customer's own
//! dimensions, which are said again and again. The timeline, which the processor has whole, is looked into
//! ([`super::memory`]), and stretches are known by their number.

use std::{
    hash::{BuildHasher, RandomState},
    sync::LazyLock,
};

use crate::event::{Event, View, bounds, marks, moments};

/// Names are known by a hash that nobody outside can foresee, so that none can pass for another.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Numbers of what grows a view's row, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Notes {
    /// Changes of rendition, stalls, seeks, ads.
    pub marks: usize,
    /// Events of the customer's own.
    pub moments: usize,
    /// Errors that count.
    pub errors: usize,
    /// Stretches of what was played whose number is beyond the last that is kept.
    pub stretches: usize,
    /// Names of the customer's own dimensions.
    pub names: usize,
    /// Moments of the timeline.
    pub timeline: usize,
}

impl Notes {
    /// What an event brings of that which each brings once.
    pub fn of(event: &Event<'_>) -> Self {
        Self {
            marks: marks::kind(event).is_some().into(),
            moments: moments::moment(event).is_some().into(),
            errors: bounds::counts_as_error(event).into(),
            stretches: event.segments.iter().filter(|segment| !bounds::keeps(segment)).count(),
            ..Self::default()
        }
    }

    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self {
            marks: self.marks + other.marks,
            moments: self.moments + other.moments,
            errors: self.errors + other.errors,
            stretches: self.stretches + other.stretches,
            names: self.names + other.names,
            timeline: self.timeline + other.timeline,
        }
    }

    /// Each number and what it counts.
    pub fn named(self) -> [(&'static str, usize); 6] {
        [
            ("mark", self.marks),
            ("moment", self.moments),
            ("error", self.errors),
            ("stretch", self.stretches),
            ("dimension", self.names),
            ("state", self.timeline),
        ]
    }
}

/// What a view has of that which is bounded.
#[derive(Debug, Clone, Default)]
pub struct Noted {
    taken: Notes,
    /// Hashes of the names it has.
    names: Vec<u64>,
}

impl Noted {
    /// Of a view of which ClickHouse has so much.
    pub fn of(taken: Notes, names: &[String]) -> Self {
        Self { taken, names: names.iter().map(|name| HASHER.hash_one(name.as_str())).collect() }
    }

    /// What it takes in memory beside itself.
    pub fn bytes(&self) -> usize {
        self.names.capacity() * size_of::<u64>()
    }

    /// Bounds a piece of the view that has so much news; what there was no room for.
    pub fn bound(&mut self, piece: &mut View, news: Notes) -> Notes {
        let left_out = |taken: usize, news: usize, most: usize| (taken + news).saturating_sub(most).min(news);
        let too_many = Notes {
            marks: left_out(self.taken.marks, news.marks, marks::MOST),
            moments: left_out(self.taken.moments, news.moments, moments::MOST),
            errors: left_out(self.taken.errors, news.errors, bounds::ERRORS),
            stretches: news.stretches,
            names: self.bound_names(piece),
            timeline: 0,
        };
        if too_many.marks > 0 {
            piece.marks.keep(marks::MOST.saturating_sub(self.taken.marks));
        }
        if too_many.moments > 0 {
            piece.moments.keep(moments::MOST.saturating_sub(self.taken.moments));
        }
        if too_many.errors > 0 {
            let room = bounds::ERRORS.saturating_sub(self.taken.errors);
            piece.error_sequences = piece.error_sequences.iter().copied().take(room).collect();
        }
        self.taken = self.taken.and(news);
        too_many
    }

    fn bound_names(&mut self, piece: &mut View) -> usize {
        let before = piece.custom.len();
        piece.custom.retain(|name, _| {
            let hash = HASHER.hash_one(name.as_str());
            let is_known = self.names.contains(&hash);
            let fits = is_known || self.names.len() < bounds::NAMES;
            if fits && !is_known {
                self.names.push(hash);
            }
            fits
        });
        before - piece.custom.len()
    }
}
