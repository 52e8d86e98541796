//! The live heatmap of one video: how often each second was played, and by how many views, kept up to date while
//! stretches grow. Exact: the same counts as the heatmap from ClickHouse over the same views.

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
    /// Adds what `after` played that `before` had not. Stretches only grow, so each change is a new bit at their ends.
    pub fn learn(&mut self, before: Option<&View>, after: &View) {
        for (number, from_ms, to_ms) in after.segments() {
            let old = before.and_then(|view| stretch(view, number));
            if old == Some((from_ms, to_ms)) {
                continue;
            }
            for bucket in buckets(from_ms, to_ms) {
                if old.is_some_and(|(from_ms, to_ms)| buckets(from_ms, to_ms).contains(&bucket)) {
                    continue;
                }
                self.play(bucket);
                let known = before
                    .is_some_and(|view| view.segments().any(|(_, f, t)| buckets(f, t).contains(&bucket)));
                let earlier =
                    after.segments().any(|(other, f, t)| other < number && buckets(f, t).contains(&bucket));
                if !known && !earlier {
                    self.viewers[bucket] += 1;
                }
            }
        }
    }

    fn play(&mut self, bucket: usize) {
        if self.plays.len() <= bucket {
            self.plays.resize(bucket + 1, 0);
            self.viewers.resize(bucket + 1, 0);
        }
        self.plays[bucket] += 1;
    }
}

fn stretch(view: &View, number: u32) -> Option<(u32, u32)> {
    let (from_ms, to_ms) = (*view.segment_from_ms.get(&number)?, *view.segment_to_ms.get(&number)?);
    (to_ms > from_ms).then_some((from_ms, to_ms))
}

/// The seconds a stretch `[from_ms, to_ms)` touches.
fn buckets(from_ms: u32, to_ms: u32) -> std::ops::Range<usize> {
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
            view.segments().filter(|(_, f, t)| *f < (second + 1) * 1000 && *t > second * 1000).count() as u32
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
