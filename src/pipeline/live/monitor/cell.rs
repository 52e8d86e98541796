//! What is counted of a group in one interval.

use foldhash::HashMap;

use super::group::{Groups, Shared};

/// Counts of one group in one interval.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Waiting for the first frame, watching, seeking or rebuffering at the end of the interval.
    pub viewers: u32,
    /// Of these, waiting for the first frame.
    pub starting: u32,
    /// Views that ceased to wait for the first frame within the interval, one way or another.
    pub ceased_starting: u32,
    pub failures: u32,
    /// Of these, before the first frame.
    pub startup_failures: u32,
    /// Left before the first frame, after a second or more.
    pub exits: u32,
    /// Time of the interval by what it was spent on, ms of all views together.
    pub watch_ms: u64,
    pub rebuffer_ms: u64,
    /// Of the views that know their bitrate: time played, and bit/s times that time.
    pub playing_ms: u64,
    pub bitrate_ms: u64,
}

impl Cell {
    fn add(&mut self, other: &Self) {
        self.viewers += other.viewers;
        self.starting += other.starting;
        self.ceased_starting += other.ceased_starting;
        self.failures += other.failures;
        self.startup_failures += other.startup_failures;
        self.exits += other.exits;
        self.watch_ms += other.watch_ms;
        self.rebuffer_ms += other.rebuffer_ms;
        self.playing_ms += other.playing_ms;
        self.bitrate_ms += other.bitrate_ms;
    }
}

/// One interval.
#[derive(Debug, Default)]
pub struct Slot {
    pub cells: HashMap<Shared, Cell>,
    /// Time from the wish to play to the first frame of the views that started within the interval, ms.
    pub startups: Vec<(Shared, u32)>,
    /// Dimensions are forgotten.
    pub is_folded: bool,
}

impl Slot {
    /// What this interval costs, in cells.
    pub fn size(&self) -> usize {
        self.cells.len() + self.startups.len()
    }

    /// Forgets the dimensions, and the single startups with them.
    pub fn fold(&mut self, groups: &mut Groups) {
        let mut folded: HashMap<Shared, Cell> = HashMap::default();
        for (group, cell) in &self.cells {
            folded.entry(groups.coarse(group)).or_default().add(cell);
        }
        *self = Self { cells: folded, startups: Vec::new(), is_folded: true };
    }
}
