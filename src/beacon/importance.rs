//! How much is lost with a beacon that is refused, and so who goes first when not all can be taken.
//!
//! A heartbeat is made good by the next one, which carries the same totals. A view that nobody knows yet can begin later or
//! not at all. That a known view started, failed or ended is said once.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    beacon::formats::Decoded,
    event::{Event, Kind, Record},
};

/// What a beacon is worth; the greater is kept longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Importance {
    /// Heartbeats and records of single requests.
    Routine,
    /// The first that is heard of a view.
    Newcomer,
    /// The course of a known view: pauses, seeks, stalls, changes.
    Course,
    /// Start, error or end of a known view.
    Milestone,
}

impl Importance {
    /// All of them, the first to go first.
    pub const ALL: [Self; 4] = [Self::Routine, Self::Newcomer, Self::Course, Self::Milestone];

    /// For metrics.
    pub fn label(self) -> &'static str {
        match self {
            Self::Routine => "routine",
            Self::Newcomer => "newcomer",
            Self::Course => "course",
            Self::Milestone => "milestone",
        }
    }

    /// A beacon is worth as much as the best of its events.
    pub fn of(decoded: &Decoded<'_>, environment: &str, known: &KnownViews) -> Self {
        let of_record = |record: &Record<'_>| {
            let best = record.events.iter().map(of_event).max().unwrap_or(Self::Routine);
            let is_new = || !known.has(ViewName::of(environment, &record.view_id));
            if best > Self::Newcomer && is_new() { Self::Newcomer } else { best }
        };
        decoded.records.iter().map(of_record).max().unwrap_or(Self::Routine)
    }
}

fn of_event(event: &Event<'_>) -> Importance {
    if event.failure.is_some() {
        return Importance::Milestone;
    }
    match event.kind() {
        Kind::Heartbeat => Importance::Routine,
        // CMCD reports every segment that was fetched.
        Kind::Other if event.name == "request" => Importance::Routine,
        Kind::Viewinit | Kind::Viewstart | Kind::Play | Kind::Playing => Importance::Milestone,
        Kind::Error | Kind::Ended | Kind::Viewend => Importance::Milestone,
        _ => Importance::Course,
    }
}

/// A view as it is remembered here; never 0, which is nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewName(u64);

impl ViewName {
    pub fn of(environment: &str, view_id: &str) -> Self {
        /// Of this process's own, so that nobody can choose ids that meet in one place.
        static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        Self(HASHER.hash_one((environment, view_id)) | 1)
    }
}

/// Views of which something was accepted here. Of two that meet in one place the newer one stays, so it never grows.
pub struct KnownViews(Box<[AtomicU64]>);

/// Two megabytes, for some hundred thousand views at a time.
const PLACES: usize = 1 << 18;

impl Default for KnownViews {
    fn default() -> Self {
        Self((0..PLACES).map(|_| AtomicU64::new(0)).collect())
    }
}

impl KnownViews {
    /// Remembers a view of which something was accepted.
    pub fn learn(&self, view: ViewName) {
        self.place(view).store(view.0, Ordering::Relaxed);
    }

    fn has(&self, view: ViewName) -> bool {
        self.place(view).load(Ordering::Relaxed) == view.0
    }

    fn place(&self, view: ViewName) -> &AtomicU64 {
        &self.0[(view.0 >> 1) as usize % PLACES]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beacon<'a>(view_id: &'a str, kinds: &[Kind]) -> Decoded<'a> {
        let events = kinds.iter().map(|kind| Event { kind: (*kind).into(), ..Event::default() });
        let record = Record { view_id: view_id.into(), events: events.collect(), ..Record::default() };
        Decoded { records: vec![record], rejected: Vec::new() }
    }

    #[test]
    fn a_beacon_is_worth_its_best_event_and_a_stranger_less() {
        let known = KnownViews::default();
        known.learn(ViewName::of("e", "known"));
        let of = |view_id: &str, kinds: &[Kind]| Importance::of(&beacon(view_id, kinds), "e", &known);
        assert_eq!(of("known", &[Kind::Heartbeat, Kind::Heartbeat]), Importance::Routine);
        assert_eq!(of("known", &[Kind::Heartbeat, Kind::Pause]), Importance::Course);
        assert_eq!(of("known", &[Kind::Heartbeat, Kind::Pause, Kind::Viewend]), Importance::Milestone);
        assert_eq!(of("stranger", &[Kind::Viewinit, Kind::Play]), Importance::Newcomer);
        assert_eq!(of("stranger", &[Kind::Heartbeat]), Importance::Routine);
        assert_eq!(Importance::of(&beacon("known", &[Kind::Play]), "other", &known), Importance::Newcomer);
    }
}
