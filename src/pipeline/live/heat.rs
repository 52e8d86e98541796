//! The live heatmap of one video: how often each second was played, and by how many views, kept up to date while
//! stretches grow, or change as late beacons come. Exact: the same counts as the heatmap from ClickHouse over the same views.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use crate::event::View;

/// Longest heatmap kept, seconds: a day.
const MAX_BUCKETS: usize = 24 * 3600;

/// Length of a bucket.
pub const BUCKET_MS: u32 = 1000;

/// Plays and distinct views per second of media.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Heat {
    pub plays: Vec<u32>,
    pub viewers: Vec<u32>,
}

impl Heat {
    /// Moves the counts from what `before` had played to what `after` has.
    pub fn learn(&mut self, before: Option<&View>, after: &View) {
        let was = before.map(played).unwrap_or_default();
        let is = played(after);
        let mut changed = BTreeSet::new();
        for (number, buckets) in &is {
            for bucket in without(buckets, was.get(number)) {
                self.reach(bucket);
                self.plays[bucket] += 1;
                changed.insert(bucket);
            }
        }
        for (number, buckets) in &was {
            for bucket in without(buckets, is.get(number)) {
                self.plays[bucket] = self.plays[bucket].saturating_sub(1);
                changed.insert(bucket);
            }
        }
        for bucket in changed {
            let covers = |played: &Played| played.values().any(|buckets| buckets.contains(&bucket));
            let viewers = self.viewers[bucket] + u32::from(covers(&is));
            self.viewers[bucket] = viewers.saturating_sub(u32::from(covers(&was)));
        }
    }

    fn reach(&mut self, bucket: usize) {
        if self.plays.len() <= bucket {
            self.plays.resize(bucket + 1, 0);
            self.viewers.resize(bucket + 1, 0);
        }
    }
}

/// The seconds each stretch of a view touches, by the stretch's number.
type Played = BTreeMap<u32, Range<usize>>;

fn played(view: &View) -> Played {
    let stretches = view.stretches().into_iter();
    stretches.map(|(number, (from_ms, to_ms))| (number, buckets(from_ms, to_ms))).collect()
}

/// What is in one range and not in the other.
fn without(range: &Range<usize>, other: Option<&Range<usize>>) -> impl Iterator<Item = usize> + use<> {
    let other = other.cloned().unwrap_or_default();
    let before = range.start..range.end.min(other.start);
    let after = range.start.max(other.end)..range.end;
    before.chain(after)
}

fn buckets(from_ms: u32, to_ms: u32) -> Range<usize> {
    let first = (from_ms / BUCKET_MS) as usize;
    let end = to_ms.div_ceil(BUCKET_MS) as usize;
    first.min(MAX_BUCKETS)..end.min(MAX_BUCKETS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn view(stretches: &[(u32, u32, u32)]) -> View {
        let mut view = View::default();
        for (number, from_ms, to_ms) in stretches {
            view.segment_from_ms.insert(*number, *from_ms);
            view.segment_to_ms.insert(*number, *to_ms);
        }
        view
    }

    /// The definition, second by second.
    fn brute_force(views: &[View]) -> (Vec<u32>, Vec<u32>) {
        let covers = |view: &View, second: u32| {
            let stretches = view.stretches().into_values();
            stretches.filter(|(f, t)| *f < (second + 1) * 1000 && *t > second * 1000).count() as u32
        };
        let plays = (0..60).map(|s| views.iter().map(|view| covers(view, s)).sum()).collect();
        let viewers =
            (0..60).map(|s| views.iter().filter(|view| covers(view, s) > 0).count() as u32).collect();
        (plays, viewers)
    }

    proptest! {
        #[test]
        fn growing_stretches_in_any_steps_equal_the_definition(
            views in prop::collection::vec(
                prop::collection::vec((0_u32..55_000, 1_u32..5_000, 1_usize..4), 1..6), 1..5)
        ) {
            let mut heat = Heat::default();
            let mut finals = Vec::new();
            for stretches in views {
                let mut known: Option<View> = None;
                let mut so_far: Vec<(u32, u32, u32)> = Vec::new();
                for (number, (from_ms, length_ms, steps)) in stretches.into_iter().enumerate() {
                    for step in 1..=steps as u32 {
                        let to_ms = from_ms + length_ms * step / steps as u32;
                        so_far.retain(|(n, _, _)| *n != number as u32);
                        so_far.push((number as u32, from_ms, to_ms));
                        let next = view(&so_far);
                        heat.learn(known.as_ref(), &next);
                        known = Some(next);
                    }
                }
                finals.extend(known);
            }
            let (plays, viewers) = brute_force(&finals);
            let padded = |counts: &[u32]| (0..60).map(|i| counts.get(i).copied().unwrap_or(0)).collect::<Vec<_>>();
            prop_assert_eq!(padded(&heat.plays), plays);
            prop_assert_eq!(padded(&heat.viewers), viewers);
        }
    }
}
