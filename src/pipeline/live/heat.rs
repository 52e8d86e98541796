//! The live heatmap of one video: how often each second was played, and by how many views, kept up to date while
//! stretches grow, or change as late beacons come. Exact: the same counts as the heatmap from ClickHouse over the same views.

use std::ops::Range;

use crate::event::View;

/// Longest heatmap kept, seconds: a day.
const MAX_BUCKETS: u32 = 24 * 3600;

/// Length of a bucket.
pub const BUCKET_MS: u32 = 1000;

/// Plays and distinct views per second of media, in millionths of a view.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Heat {
    pub plays: Vec<i64>,
    pub viewers: Vec<i64>,
}

/// A stretch by its number, as the seconds of media it touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    number: u32,
    buckets: Range<u32>,
}

/// What a view has played, by number.
pub fn played(view: &View) -> Vec<Stretch> {
    let stretches = view.stretches().into_iter();
    stretches.map(|(number, (from_ms, to_ms))| Stretch { number, buckets: buckets(from_ms, to_ms) }).collect()
}

/// How many seconds of media a heatmap with these stretches has.
pub fn length(played: &[Stretch]) -> usize {
    played.iter().map(|stretch| stretch.buckets.end as usize).max().unwrap_or(0)
}

impl Heat {
    /// Moves the counts from what a view that stands for so many had played to what it has; both are by number.
    pub fn learn(&mut self, was: &[Stretch], is: &[Stretch], stands_for: i64) {
        if was == is || stands_for == 0 {
            return;
        }
        let mut changed = Vec::new();
        for stretch in is {
            for bucket in without(stretch, was) {
                self.reach(bucket as usize);
                self.plays[bucket as usize] += stands_for;
                changed.push(bucket);
            }
        }
        for stretch in was {
            for bucket in without(stretch, is) {
                if let Some(plays) = self.plays.get_mut(bucket as usize) {
                    *plays -= stands_for;
                    changed.push(bucket);
                }
            }
        }
        changed.sort_unstable();
        changed.dedup();
        for bucket in changed {
            let covers = |played: &[Stretch]| played.iter().any(|stretch| stretch.buckets.contains(&bucket));
            let change = i64::from(covers(is)) - i64::from(covers(was));
            self.viewers[bucket as usize] += change * stands_for;
        }
    }

    fn reach(&mut self, bucket: usize) {
        if self.plays.len() <= bucket {
            self.plays.resize(bucket + 1, 0);
            self.viewers.resize(bucket + 1, 0);
        }
    }
}

/// The seconds of a stretch that are not in the one of the same number among the others.
fn without(stretch: &Stretch, others: &[Stretch]) -> impl Iterator<Item = u32> + use<> {
    let other = others.binary_search_by_key(&stretch.number, |other| other.number);
    let other = other.map_or(0..0, |index| others[index].buckets.clone());
    let range = stretch.buckets.clone();
    let before = range.start..range.end.min(other.start);
    let after = range.start.max(other.end)..range.end;
    before.chain(after)
}

fn buckets(from_ms: u32, to_ms: u32) -> Range<u32> {
    (from_ms / BUCKET_MS).min(MAX_BUCKETS)..to_ms.div_ceil(BUCKET_MS).min(MAX_BUCKETS)
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

    /// What the views here stand for, in turn.
    const STAND_FOR: [i64; 3] = [1_000_000, 3_333_333, 0];

    /// The definition, second by second.
    fn brute_force(views: &[View]) -> (Vec<i64>, Vec<i64>) {
        let covers = |view: &View, second: u32| {
            let stretches = view.stretches().into_iter();
            stretches.filter(|(_, (f, t))| *f < (second + 1) * 1000 && *t > second * 1000).count() as i64
        };
        let sum = |of_one: &dyn Fn(&View) -> i64| {
            views.iter().zip(STAND_FOR.into_iter().cycle()).map(|(view, weight)| of_one(view) * weight).sum()
        };
        let plays = (0..60).map(|s| sum(&|view| covers(view, s))).collect();
        let viewers = (0..60).map(|s| sum(&|view| covers(view, s).min(1))).collect();
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
            for (stretches, stands_for) in views.into_iter().zip(STAND_FOR.into_iter().cycle()) {
                let mut known = Vec::new();
                let mut so_far: Vec<(u32, u32, u32)> = Vec::new();
                for (number, (from_ms, length_ms, steps)) in stretches.into_iter().enumerate() {
                    for step in 1..=steps as u32 {
                        let to_ms = from_ms + length_ms * step / steps as u32;
                        so_far.retain(|(n, _, _)| *n != number as u32);
                        so_far.push((number as u32, from_ms, to_ms));
                        let next = played(&view(&so_far));
                        heat.learn(&known, &next, stands_for);
                        known = next;
                    }
                }
                finals.push(view(&so_far));
            }
            let (plays, viewers) = brute_force(&finals);
            let padded = |counts: &[i64]| (0..60).map(|i| counts.get(i).copied().unwrap_or(0)).collect::<Vec<_>>();
            prop_assert_eq!(padded(&heat.plays), plays);
            prop_assert_eq!(padded(&heat.viewers), viewers);
        }
    }
}
