//! Monitoring: what happens in each interval of five seconds, by every combination of dimensions, for a day.
//!
//! Counts are differences between a view before and after a record, like all of live. Time (watching, rebuffering, at a
//! bitrate) comes from the totals of the view and is spread evenly over the time since its last beacon, so the sums over
//! the intervals of a view are its totals, and the last ten seconds or so still grow as heartbeats come.
//!
//! Memory is bounded: with many combinations the oldest intervals lose their dimensions first, and answer only what is
//! asked about everybody.

pub mod ask;
mod cell;
mod group;
pub mod metric;
mod totals;

use std::collections::BTreeMap;

use foldhash::HashMap;

pub use self::{
    cell::{Cell, Slot},
    group::{DIMENSIONS, Dimension, Group, Shared},
};
use super::state::{LiveView, Standing};
use group::Groups;
use totals::Totals;

/// Length of an interval.
pub const INTERVAL_MS: i64 = 5_000;
/// How long intervals are kept.
pub const KEEP_MS: i64 = 24 * 3_600_000;
/// Cells and startups kept with their dimensions: about 150 MB.
const MOST_CELLS: usize = 1_000_000;
/// Who has been rebuffering for longer is not there any more, as far as anybody can tell.
const STALLED_MS: i64 = 5 * 60_000;
/// Who left sooner did not wait.
const LEAST_WAIT_MS: i64 = 1_000;
/// A view that is first heard of with more behind it began before this process did: its past is not counted.
const MOST_UNHEARD_MS: u64 = 30_000;
/// Unused groups are looked for this often, in intervals.
const TIDY_EVERY: i64 = 12;

/// What has been counted of a view so far.
#[derive(Debug, Default)]
pub struct Tracked {
    group: Option<Shared>,
    heard_ms: i64,
    totals: Totals,
    stalled_since_ms: Option<i64>,
    is_viewer: bool,
    is_starting: bool,
    attempted: bool,
    started: bool,
    failed: bool,
    exited: bool,
}

impl Tracked {
    /// Whom the view is counted with.
    pub(super) fn group(&self) -> Option<&Shared> {
        self.group.as_ref()
    }

    /// Whether it counts as a viewer, and as one who waits for the first frame.
    fn present(&self) -> (bool, bool) {
        (self.is_viewer, self.is_viewer && self.is_starting)
    }
}

/// The intervals of one environment.
#[derive(Debug, Default)]
pub struct Monitor {
    /// By number since 1970.
    slots: BTreeMap<i64, Slot>,
    /// The interval that is under way.
    open: Option<i64>,
    /// Who is there now: viewers, and of them starting.
    present: HashMap<Shared, (u32, u32)>,
    groups: Groups,
    /// Size of all slots that are not folded.
    cells: usize,
}

impl Monitor {
    /// Takes note of what a view has become at `at_ms`.
    pub(super) fn follow(&mut self, at_ms: i64, live: &mut LiveView) {
        self.advance(at_ms);
        let (view, was) = (&live.view, &live.tracked);
        let stalled_since_ms =
            (live.standing == Standing::Rebuffering).then(|| was.stalled_since_ms.unwrap_or(at_ms));
        let is_stuck = stalled_since_ms.is_some_and(|since_ms| at_ms - since_ms > STALLED_MS);
        let is = Tracked {
            group: Some(self.groups.of(view, was.group.as_ref())),
            heard_ms: was.heard_ms.max(view.last_received_ms),
            totals: Totals::of(view).after(&was.totals),
            stalled_since_ms,
            is_viewer: live.standing.is_viewer() && !is_stuck,
            is_starting: live.standing == Standing::Starting,
            attempted: view.attempted,
            started: view.started(),
            failed: view.failed(),
            exited: was.exited || has_left(live),
        };
        let is_from_before = was.group.is_none() && is.totals.watch_ms > MOST_UNHEARD_MS;
        self.move_presence(was, &is);
        self.count(at_ms, live, &is, is_from_before);
        if !is_from_before {
            self.spread(at_ms, was, &is);
        }
        live.tracked = is;
    }

    /// Lets time pass: intervals that are over get their viewers, old ones go.
    pub fn advance(&mut self, at_ms: i64) {
        let now = at_ms.div_euclid(INTERVAL_MS);
        let keep = KEEP_MS / INTERVAL_MS;
        let open = *self.open.get_or_insert(now);
        for number in open.max(now - keep)..now {
            for (group, (viewers, starting)) in self.present.clone() {
                self.cell(number, &group, |cell| (cell.viewers, cell.starting) = (viewers, starting));
            }
            self.slots.entry(number).or_default();
            if number % TIDY_EVERY == 0 {
                self.groups.forget_unused();
            }
        }
        self.open = Some(open.max(now));
        while let Some(entry) = self.slots.first_entry().filter(|entry| *entry.key() < now - keep) {
            let slot = entry.remove();
            self.cells -= if slot.is_folded { 0 } else { slot.size() };
        }
        self.fold_beyond(MOST_CELLS);
    }

    /// Takes the dimensions from the oldest intervals until no more than `most` cells have them.
    fn fold_beyond(&mut self, most: usize) {
        if self.cells <= most {
            return;
        }
        for slot in self.slots.values_mut().filter(|slot| !slot.is_folded) {
            self.cells -= slot.size();
            slot.fold(&mut self.groups);
            if self.cells <= most {
                return;
            }
        }
    }

    /// Intervals that are over, oldest first, as their beginning and what was counted.
    pub fn closed(&self, from_ms: i64, to_ms: i64) -> impl DoubleEndedIterator<Item = (i64, &Slot)> {
        let end = to_ms.div_euclid(INTERVAL_MS).min(self.open.unwrap_or(i64::MIN));
        let begin = from_ms.div_euclid(INTERVAL_MS).min(end);
        self.slots.range(begin..end).map(|(number, slot)| (number * INTERVAL_MS, slot))
    }

    fn move_presence(&mut self, was: &Tracked, is: &Tracked) {
        if was.group == is.group && was.present() == is.present() {
            return;
        }
        if let Some(group) = &was.group
            && let Some((viewers, starting)) = self.present.get_mut(group)
        {
            let (viewer, starter) = was.present();
            *viewers -= u32::from(viewer);
            *starting -= u32::from(starter);
            if *viewers == 0 {
                self.present.remove(group);
            }
        }
        if let Some(group) = is.group.as_ref().filter(|_| is.is_viewer) {
            let (viewers, starting) = self.present.entry(group.clone()).or_default();
            *viewers += 1;
            *starting += u32::from(is.is_starting);
        }
    }

    /// What happened once.
    fn count(&mut self, at_ms: i64, live: &LiveView, is: &Tracked, is_from_before: bool) {
        let was = &live.tracked;
        let Some(group) = &is.group else { return };
        let began = is.attempted && !was.attempted && !is_from_before;
        let ceased = !is.is_starting && (was.is_starting || began);
        let failed = is.failed && !was.failed;
        let left = is.exited && !was.exited;
        let number = at_ms.div_euclid(INTERVAL_MS);
        if ceased || failed || left {
            self.cell(number, group, |cell| {
                cell.ceased_starting += u32::from(ceased);
                cell.failures += u32::from(failed);
                cell.startup_failures += u32::from(failed && !is.started);
                cell.exits += u32::from(left);
            });
        }
        // A startup that took longer than the view has been heard of was measured wrongly.
        let most_ms = elapsed_ms(live.start_ms, at_ms) + MOST_UNHEARD_MS;
        if is.started
            && !was.started
            && !is_from_before
            && let Some(startup_ms) = live.view.startup_ms().filter(|ms| *ms <= most_ms)
        {
            let startup_ms = u32::try_from(startup_ms).unwrap_or(u32::MAX);
            let slot = self.slots.entry(number).or_default();
            if !slot.is_folded {
                slot.startups.push((group.clone(), startup_ms));
                self.cells += 1;
            }
        }
    }

    /// What the totals have grown by, over the time since the view was last heard of.
    fn spread(&mut self, at_ms: i64, was: &Tracked, is: &Tracked) {
        let is_new = was.group.is_none();
        let passed_ms = if is_new { 0 } else { elapsed_ms(was.heard_ms, at_ms) };
        let grown = is.totals.beyond(&was.totals).within(passed_ms + MOST_UNHEARD_MS);
        let Some(group) = is.group.as_ref().filter(|_| grown != Totals::default()) else { return };
        let known_from_ms = self.slots.keys().next().map_or(at_ms, |first| first * INTERVAL_MS);
        let watched_since_ms = at_ms - i64::try_from(grown.watch_ms).unwrap_or(0);
        let since_ms = if is_new { watched_since_ms } else { was.heard_ms.max(watched_since_ms) };
        let from_ms = since_ms.max(known_from_ms).min(at_ms);
        let (first, last) = (from_ms.div_euclid(INTERVAL_MS), at_ms.div_euclid(INTERVAL_MS));
        let mut spent = Totals::default();
        for number in first..=last {
            let until_ms = (number + 1) * INTERVAL_MS;
            let by_then = match number {
                number if number == last => grown,
                _ => grown.part(until_ms - from_ms, at_ms - from_ms),
            };
            let here = by_then.beyond(&spent);
            spent = by_then;
            self.cell(number, group, |cell| {
                cell.watch_ms += here.watch_ms;
                cell.rebuffer_ms += here.rebuffer_ms;
                cell.playing_ms += here.playing_ms;
                cell.bitrate_ms += here.bitrate_ms;
            });
        }
    }

    fn cell(&mut self, number: i64, group: &Shared, change: impl FnOnce(&mut Cell)) {
        let slot = self.slots.entry(number).or_default();
        let group = if slot.is_folded { self.groups.coarse(group) } else { group.clone() };
        let before = slot.cells.len();
        change(slot.cells.entry(group).or_default());
        if !slot.is_folded {
            self.cells += slot.cells.len() - before;
        }
    }
}

fn elapsed_ms(from_ms: i64, to_ms: i64) -> u64 {
    u64::try_from(to_ms - from_ms).unwrap_or(0)
}

/// Whether a view was left before its first frame, by somebody who had waited.
fn has_left(live: &LiveView) -> bool {
    let view = &live.view;
    if !live.standing.is_over() || !view.attempted || view.started() || view.failed() || view.business {
        return false;
    }
    let by_events_ms = view.last_t_ms.zip(view.play_t_ms).map_or(0, |(last, play)| last - play);
    let waited_ms = view.totals().watch_ms.map_or(by_events_ms, |ms| i64::from(ms).max(by_events_ms));
    live.standing == Standing::Gone || waited_ms >= LEAST_WAIT_MS
}
