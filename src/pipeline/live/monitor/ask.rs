//! Questions about intervals: everybody or some, together or by a dimension.

use std::collections::BTreeMap;

use super::{Dimension, Group, Slot};
use crate::{event::AttributeKey, store::query::Bots};

/// Counts of an interval, each as often as its views stand for.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Tally {
    pub viewers: f64,
    pub starting: f64,
    pub ceased_starting: f64,
    pub failures: f64,
    pub startup_failures: f64,
    pub exits: f64,
    pub watch_ms: f64,
    pub rebuffer_ms: f64,
    pub playing_ms: f64,
    pub bitrate_ms: f64,
}

impl Tally {
    #[expect(clippy::cast_precision_loss, reason = "2^53 ms are longer than there has been video")]
    fn add(&mut self, cell: &super::Cell, weight: f64) {
        self.viewers += f64::from(cell.viewers) * weight;
        self.starting += f64::from(cell.starting) * weight;
        self.ceased_starting += f64::from(cell.ceased_starting) * weight;
        self.failures += f64::from(cell.failures) * weight;
        self.startup_failures += f64::from(cell.startup_failures) * weight;
        self.exits += f64::from(cell.exits) * weight;
        self.watch_ms += cell.watch_ms as f64 * weight;
        self.rebuffer_ms += cell.rebuffer_ms as f64 * weight;
        self.playing_ms += cell.playing_ms as f64 * weight;
        self.bitrate_ms += cell.bitrate_ms as f64 * weight;
    }

    /// Adds what happened elsewhere, or at another time.
    pub fn join(&mut self, other: &Self) {
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

    /// Who was there: those at the end of the interval, and those whom a failure ended in it.
    pub fn concurrent_viewers(&self) -> f64 {
        self.viewers + self.failures
    }

    /// Views that were waiting for the first frame: still, or until some time in the interval.
    pub fn attempts(&self) -> f64 {
        self.starting + self.ceased_starting
    }
}

/// `dimension:value` or `!dimension:value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub dimension: &'static Dimension,
    pub value: String,
    pub negated: bool,
}

/// Which views are asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    pub conditions: Vec<Condition>,
    pub bots: Bots,
}

impl Selection {
    /// Values of one dimension are alternatives, everything else holds together.
    fn takes(&self, group: &Group) -> bool {
        self.bots.count(group.text(AttributeKey::BotClass))
            && self.conditions.iter().all(|condition| match condition.negated {
                true => group.value(condition.dimension) != condition.value,
                false => self.conditions.iter().any(|other| {
                    !other.negated
                        && other.dimension == condition.dimension
                        && group.value(other.dimension) == other.value
                }),
            })
    }

    /// Whether an interval that has forgotten its dimensions can still answer.
    fn is_about_everybody(&self) -> bool {
        self.conditions.is_empty()
    }
}

impl Slot {
    /// Everybody of a selection together; `None` if this interval cannot tell any more.
    pub fn total(&self, selection: &Selection) -> Option<Tally> {
        if self.is_folded && !selection.is_about_everybody() {
            return None;
        }
        let mut total = Tally::default();
        for (group, cell) in self.cells.iter().filter(|(group, _)| selection.takes(group)) {
            total.add(cell, group.weight());
        }
        Some(total)
    }

    /// Everybody of a selection apart, by what `key` makes of their group; `None` if this interval cannot tell any more.
    pub fn by<'a, K: Ord>(
        &'a self,
        selection: &Selection,
        key: impl Fn(&'a Group) -> K,
    ) -> Option<BTreeMap<K, Tally>> {
        if self.is_folded {
            return None;
        }
        let mut parts: BTreeMap<K, Tally> = BTreeMap::new();
        for (group, cell) in self.cells.iter().filter(|(group, _)| selection.takes(group)) {
            parts.entry(key(group)).or_default().add(cell, group.weight());
        }
        Some(parts)
    }

    /// The views of a selection that started, as their group and their startup time in ms; `None` if this interval cannot
    /// tell any more.
    pub fn startups<'a>(
        &'a self,
        selection: &'a Selection,
    ) -> Option<impl Iterator<Item = (&'a Group, u32)>> {
        let taken = self.startups.iter().filter(|(group, _)| selection.takes(group));
        (!self.is_folded).then(|| taken.map(|(group, ms)| (&**group, *ms)))
    }
}
