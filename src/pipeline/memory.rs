//! What the processor remembers of the views it is writing: when each began, which sequences it has seen, the timeline of
//! those whose client does not count, and whether its viewer was erased.
//!
//! Only a shortcut: a view that is not here is looked up in ClickHouse, and a repeat that is not recognised here is
//! removed by the engine of `event_rows`. So it may be lost or forgotten at any time, and what there is no room for is: those
//! first that were silent for longest ([`Memory::forget_beyond`]).

use std::{collections::VecDeque, sync::Arc};

use foldhash::{HashMap, HashSet};

use super::{
    batch::Placed,
    notes::{Noted, Notes},
};
use crate::event::{
    View,
    course::{Known, Reckoned},
    timeline,
};

/// A view silent for longer than the longest pause is forgotten.
const FORGET_AFTER_MS: i64 = 70 * 60_000;
/// Most separate runs of sequences remembered of one view.
const MAX_RUNS: usize = 1024;
/// Sequences from here on are no count but a hash (CMCD, EPAS): they never join into runs.
const LEAST_HASH: u64 = 1 << 32;
/// Most hashes remembered of one view, the newest: a repeat comes soon or disappears in the table's merge.
const MAX_HASHES: usize = 1024;

/// What an entry takes besides what it holds: its place in the map and its allocations.
const ENTRY: usize = 64;
/// What a hash takes, in the set and in the queue.
const HASH: usize = 32;
/// What a moment of a timeline takes.
const MOMENT: usize = 48;

/// Environment and view id.
pub type ViewKey = (Arc<str>, Arc<str>);

/// One remembered view.
#[derive(Debug, Clone)]
pub struct Remembered {
    /// Receive time of the view's first beacon: the key of its rows.
    pub start_ms: i64,
    last_ms: i64,
    /// Sequences seen, as sorted, separate, closed runs.
    runs: Vec<(u64, u64)>,
    hashes: Hashes,
    /// The timeline so far; `None` if ClickHouse may know one that was not asked for.
    known: Option<Known>,
    /// Its viewer was erased: nothing of it is written any more.
    pub is_erased: bool,
    /// What it has of that which is bounded.
    noted: Noted,
    /// As it was weighed last; 0 if it was not.
    bytes: usize,
}

/// The newest hashes, and which they are.
#[derive(Debug, Clone, Default)]
struct Hashes {
    known: HashSet<u64>,
    by_age: VecDeque<u64>,
}

impl Hashes {
    fn is_new(&mut self, hash: u64) -> bool {
        if !self.known.insert(hash) {
            return false;
        }
        self.by_age.push_back(hash);
        if self.by_age.len() > MAX_HASHES
            && let Some(oldest) = self.by_age.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

impl Remembered {
    fn new(start_ms: i64, known: Option<Known>) -> Self {
        Self {
            start_ms,
            last_ms: start_ms,
            runs: Vec::new(),
            hashes: Hashes::default(),
            known,
            is_erased: false,
            noted: Noted::default(),
            bytes: 0,
        }
    }

    /// About what it takes in memory under an id of this length.
    fn weigh(&mut self, id: &str) -> usize {
        let moments = self.known.as_ref().map_or(0, |known| known.timeline.0.len());
        let held = self.runs.capacity() * size_of::<(u64, u64)>()
            + self.hashes.by_age.len() * HASH
            + moments * MOMENT
            + self.noted.bytes();
        self.bytes = size_of::<Self>() + ENTRY + id.len() + held;
        self.bytes
    }

    /// Whether the whole timeline so far is here.
    pub fn knows_timeline(&self) -> bool {
        self.known.is_some()
    }

    /// Bounds what a piece of the view notes that has so much news; what there is no room for.
    pub fn bound(&mut self, piece: &mut View, news: Notes) -> Notes {
        let too_many = self.noted.bound(piece, news);
        let known = self.known.as_ref();
        let timeline = known.map_or(0, |known| piece.timeline.fit(&known.timeline, timeline::MOST));
        Notes { timeline, ..too_many }
    }

    /// Adds a piece of the view that was bounded; what follows from all of its timeline.
    pub fn reckon(&mut self, piece: &View) -> Option<Reckoned> {
        let known = self.known.as_mut()?;
        known.learn(piece);
        known.reckon()
    }

    /// Notes that the view was heard of.
    pub fn touch(&mut self, received_ms: i64) {
        self.last_ms = self.last_ms.max(received_ms);
    }

    /// Whether `sequence` is new; it is not the next time.
    pub fn is_new(&mut self, sequence: u64) -> bool {
        if sequence >= LEAST_HASH {
            return self.hashes.is_new(sequence);
        }
        let index = self.runs.partition_point(|(_, last)| *last < sequence);
        if self.runs.get(index).is_some_and(|(first, _)| *first <= sequence) {
            return false;
        }
        let joins_before = index > 0 && self.runs[index - 1].1 + 1 == sequence;
        let joins_after = self.runs.get(index).is_some_and(|(first, _)| sequence + 1 == *first);
        match (joins_before, joins_after) {
            (true, true) => {
                self.runs[index - 1].1 = self.runs[index].1;
                self.runs.remove(index);
            }
            (true, false) => self.runs[index - 1].1 = sequence,
            (false, true) => self.runs[index].0 = sequence,
            (false, false) => self.runs.insert(index, (sequence, sequence)),
        }
        if self.runs.len() > MAX_RUNS {
            self.runs.remove(0);
        }
        true
    }
}

/// The views of one partition, by environment and id.
#[derive(Debug, Default)]
pub struct Memory {
    environments: HashMap<Arc<str>, HashMap<Arc<str>, Remembered>>,
    swept_ms: i64,
    /// What all views take.
    bytes: usize,
}

impl Memory {
    /// The view, if remembered.
    pub fn get(&self, environment: &str, view_id: &str) -> Option<&Remembered> {
        self.environments.get(environment)?.get(view_id)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, environment: &str, view_id: &str) -> Option<&mut Remembered> {
        self.environments.get_mut(environment)?.get_mut(view_id)
    }

    /// Remembers a view that begins at `start_ms`: of its timeline nothing is known anywhere.
    pub fn begin(&mut self, key: ViewKey, start_ms: i64) {
        self.remember(key, Remembered::new(start_ms, Some(Known::default())));
    }

    /// Remembers a view that began at `start_ms` and of which ClickHouse knows more.
    pub fn resume(&mut self, key: ViewKey, start_ms: i64, noted: Noted) {
        let view = Remembered::new(start_ms, None);
        self.remember(key, Remembered { noted, ..view });
    }

    /// Remembers a view of an erased viewer.
    pub fn shun(&mut self, key: ViewKey, heard_ms: i64) {
        let view = Remembered::new(heard_ms, Some(Known::default()));
        self.remember(key, Remembered { is_erased: true, ..view });
    }

    /// Remembers what ClickHouse knows of the timeline of a view.
    pub fn recall(&mut self, (environment, view_id): &ViewKey, known: Known) {
        if let Some(view) = self.get_mut(environment, view_id) {
            view.known = Some(known);
        }
    }

    fn remember(&mut self, (environment, view_id): ViewKey, view: Remembered) {
        self.environments.entry(environment).or_default().entry(view_id).or_insert(view);
    }

    /// A copy of what is remembered of the views in `records`, to be changed by one try to write them.
    pub fn of_records(&self, records: &[Placed<'_>]) -> Self {
        let mut copy = Self::default();
        for (_, record) in records {
            let Some((environment, views)) = self.environments.get_key_value(&*record.environment) else {
                continue;
            };
            let copied = match copy.environments.get_mut(environment) {
                Some(copied) => copied,
                None => copy.environments.entry(Arc::clone(environment)).or_default(),
            };
            if let Some((view_id, view)) = views.get_key_value(&*record.view_id) {
                copied.entry(Arc::clone(view_id)).or_insert_with(|| view.clone());
            }
        }
        copy
    }

    /// Keeps what a try that succeeded has learnt, and forgets views long silent. `now_ms` is the time of the records,
    /// not of the machine.
    pub fn adopt(&mut self, tried: Self, now_ms: i64) {
        for (environment, views) in tried.environments {
            let known = self.environments.entry(environment).or_default();
            for (id, mut view) in views {
                self.bytes += view.weigh(&id);
                let before = known.insert(id, view).map_or(0, |before| before.bytes);
                self.bytes -= before;
            }
        }
        if now_ms - self.swept_ms > 60_000 {
            self.swept_ms = now_ms;
            self.keep(|view| now_ms - view.last_ms < FORGET_AFTER_MS);
        }
    }

    /// How many views are remembered.
    pub fn views(&self) -> usize {
        self.environments.values().map(HashMap::len).sum()
    }

    /// Makes room if they take more than `most` bytes: those go that were silent for longest, a quarter at a time. How many
    /// have gone.
    pub fn forget_beyond(&mut self, most: usize) -> usize {
        let before = self.views();
        while self.bytes > most {
            let views = self.environments.values().flat_map(HashMap::values);
            let mut heard: Vec<i64> = views.map(|view| view.last_ms).collect();
            if heard.is_empty() {
                break;
            }
            let quarter = heard.len() / 4;
            let (_, &mut until_ms, _) = heard.select_nth_unstable(quarter);
            // Of many that were heard of in the same millisecond no more go than have to.
            let mut left = quarter + 1;
            self.keep(|view| {
                let goes = view.last_ms <= until_ms && left > 0;
                left -= usize::from(goes);
                !goes
            });
        }
        before - self.views()
    }

    fn keep(&mut self, mut stays: impl FnMut(&Remembered) -> bool) {
        for views in self.environments.values_mut() {
            views.retain(|_, view| stays(view));
        }
        self.environments.retain(|_, views| !views.is_empty());
        self.bytes = self.environments.values().flat_map(HashMap::values).map(|view| view.bytes).sum();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::event::Record;

    #[test]
    fn hashes_do_not_push_each_other_out_for_hours() {
        let mut view = Remembered::new(0, None);
        let hash = |i: u64| LEAST_HASH + i.wrapping_mul(0x9E37_79B9_7F4A_7C15) % (1 << 50);
        assert!((0..1000).all(|i| view.is_new(hash(i))));
        assert!((0..1000).all(|i| !view.is_new(hash(i))));
        assert!((1000..100_000).all(|i| view.is_new(hash(i))));
        assert!(view.hashes.known.len() == MAX_HASHES && view.runs.is_empty());
        assert!(!view.is_new(hash(99_900)));
    }

    /// A batch of one record for each of these views has been written.
    fn written(memory: &mut Memory, views: std::ops::Range<usize>, at_ms: i64) {
        let mut records = Vec::new();
        for number in views {
            let record = Record {
                environment: "e".into(),
                view_id: format!("view-{number:032}").into(),
                received_ms: at_ms,
                ..Record::default()
            };
            memory.begin(("e".into(), (&*record.view_id).into()), at_ms);
            records.push(record);
        }
        let placed: Vec<_> = records.iter().map(|record| (0, record)).collect();
        let tried = memory.of_records(&placed);
        memory.adopt(tried, at_ms);
    }

    #[test]
    fn a_flood_of_new_views_makes_those_forgotten_that_were_silent_for_longest() {
        const MOST: usize = 1 << 20;
        let mut memory = Memory::default();
        let mut forgotten = 0;
        for beacon in 0..1_000 {
            written(&mut memory, beacon * 100..(beacon + 1) * 100, 1 + beacon as i64);
            forgotten += memory.forget_beyond(MOST);
            assert!(memory.bytes <= MOST && memory.bytes > MOST / 2 || beacon < 100, "{}", memory.bytes);
        }
        assert_eq!(memory.views() + forgotten, 100_000);
        assert!(memory.get("e", &format!("view-{:032}", 99_999)).is_some());
        assert!(memory.get("e", &format!("view-{:032}", 0)).is_none());
        // Once is enough for who is there already.
        let (bytes, views) = (memory.bytes, memory.views());
        written(&mut memory, 99_900..100_000, 1_001);
        assert_eq!((memory.bytes, memory.views()), (bytes, views));
        // All of one millisecond.
        written(&mut memory, 100_000..110_000, 1_002);
        memory.forget_beyond(MOST);
        assert!(memory.bytes <= MOST && memory.bytes > MOST / 2, "{}", memory.bytes);
        memory.forget_beyond(0);
        assert_eq!((memory.views(), memory.bytes), (0, 0));
    }

    proptest! {
        #[test]
        fn a_sequence_is_new_once(sequences in prop::collection::vec(0_u64..40, 0..200)) {
            let mut view = Remembered::new(0, None);
            let mut seen = BTreeSet::new();
            for sequence in sequences {
                prop_assert_eq!(view.is_new(sequence), seen.insert(sequence));
            }
            prop_assert!(view.runs.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
        }
    }
}
