//! Views counted by bucket. A range counts where it begins and where it ends, never second by second, and a running sum
//! over those few places gives every bucket, however long the range.
//!
//! The same is done inside each view first, by the millisecond: what a view covers at all is one viewer, what it covers
//! twice was watched again. So a jump within a bucket is no rewatch, however wide the bucket.

use std::ops::Range;

use super::{Grid, ONE_VIEW, Watched, whole};

/// A number of views per bucket, in millionths of a view.
pub type Counts = Vec<i64>;

/// What is known of each bucket of a length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Curves {
    /// How the length is cut.
    pub grid: Grid,
    /// Views that were measured and have played something in here, each once, whatever it stands for.
    pub measured: u64,
    /// All views.
    pub total: i64,
    /// Of them, those that have played something in here.
    pub played: i64,
    /// Of these, those that are not over.
    pub running: i64,
    /// Stretches that touch the bucket.
    pub plays: Counts,
    /// Views that have played something of the bucket.
    pub viewers: Counts,
    /// Views that have played some place of the bucket more than once.
    pub rewatched: Counts,
    /// Views that have played something of the bucket or of a later one.
    pub reached: Counts,
    /// Views that are over and got no further than this bucket.
    pub left: Counts,
    /// Views that began in the bucket.
    pub starts: Counts,
    /// Views that are over and were in the bucket last.
    pub stops: Counts,
}

impl Curves {
    /// Counts views on a grid.
    pub fn of<'a>(grid: Grid, views: impl IntoIterator<Item = Watched<'a>>) -> Self {
        let nothing = || vec![0; grid.len() + 1];
        let mut curves = Self {
            grid,
            measured: 0,
            total: 0,
            played: 0,
            running: 0,
            plays: nothing(),
            viewers: nothing(),
            rewatched: nothing(),
            reached: nothing(),
            left: nothing(),
            starts: nothing(),
            stops: nothing(),
        };
        let mut sweep = Sweep::default();
        for view in views {
            curves.add(&view, &mut sweep);
        }
        curves.finish()
    }

    /// Views that jumped over the bucket: they have played a later one.
    pub fn skipped(&self) -> impl Iterator<Item = i64> {
        self.reached.iter().zip(&self.viewers).map(|(reached, viewers)| reached - viewers)
    }

    /// Views that never came as far as the bucket.
    pub fn not_reached(&self) -> impl Iterator<Item = i64> {
        self.reached.iter().map(|reached| self.total - reached)
    }

    /// What a measured view stands for on average.
    pub fn mean_weight(&self) -> i64 {
        i64::try_from(self.measured)
            .ok()
            .filter(|views| *views > 0)
            .map_or(ONE_VIEW, |views| self.played / views)
    }

    /// Notes what changes where; sums come last.
    fn add(&mut self, view: &Watched<'_>, sweep: &mut Sweep) {
        let Watched { weight, is_over, .. } = *view;
        let grid = self.grid;
        self.total += weight;
        let Some(places) = sweep.run(grid.length_ms(), view.ranges) else { return };
        self.measured += 1;
        self.played += weight;
        for (from_ms, to_ms) in sweep.ranges.iter().copied() {
            change(&mut self.plays, weight, grid.bucket_of(from_ms)..grid.bucket_after(to_ms));
        }
        cover(&mut self.viewers, weight, grid, &sweep.once);
        cover(&mut self.rewatched, weight, grid, &sweep.again);
        let furthest = grid.bucket_after(places.furthest_ms);
        change(&mut self.reached, weight, 0..furthest);
        if let Some(first_ms) = places.first_ms {
            self.starts[grid.bucket_of(first_ms)] += weight;
        }
        if !is_over {
            self.running += weight;
            return;
        }
        self.left[furthest.saturating_sub(1)] += weight;
        if let Some(last_ms) = places.last_ms {
            self.stops[grid.bucket_after(last_ms).saturating_sub(1)] += weight;
        }
    }

    /// From changes to counts, without the place after the last bucket.
    fn finish(mut self) -> Self {
        for counts in [&mut self.plays, &mut self.viewers, &mut self.rewatched, &mut self.reached] {
            let mut sum = 0;
            for count in counts {
                sum += *count;
                *count = sum;
            }
        }
        let length = self.grid.len();
        for counts in [
            &mut self.plays,
            &mut self.viewers,
            &mut self.rewatched,
            &mut self.reached,
            &mut self.left,
            &mut self.starts,
            &mut self.stops,
        ] {
            counts.truncate(length);
        }
        self
    }
}

/// Adds to buckets, as a change at the first and another behind the last.
fn change(counts: &mut Counts, weight: i64, buckets: Range<usize>) {
    if !buckets.is_empty() {
        counts[buckets.start] += weight;
        counts[buckets.end] -= weight;
    }
}

/// Adds to every bucket that `runs`, in order, touch; once to each.
fn cover(counts: &mut Counts, weight: i64, grid: Grid, runs: &[(u64, u64)]) {
    let mut covered = 0;
    for (from_ms, to_ms) in runs {
        let after = grid.bucket_after(*to_ms);
        change(counts, weight, grid.bucket_of(*from_ms).max(covered)..after);
        covered = after;
    }
}

/// Counts as whole views.
pub fn whole_views(counts: impl IntoIterator<Item = i64>) -> Vec<u64> {
    counts.into_iter().map(whole).collect()
}

/// Where a view began, where it was last, and how far it got, within the length. The first two are unknown if they lie
/// outside.
struct Places {
    first_ms: Option<u64>,
    last_ms: Option<u64>,
    furthest_ms: u64,
}

/// What one view covers, and what it covers more than once; kept to be used for the next view.
#[derive(Default)]
struct Sweep {
    /// Its ranges as far as they lie within the length.
    ranges: Vec<(u64, u64)>,
    /// Where it begins (+1) or ceases (−1) to cover; ends before beginnings, since ranges that touch do not overlap.
    steps: Vec<(u64, i8)>,
    once: Vec<(u64, u64)>,
    again: Vec<(u64, u64)>,
}

impl Sweep {
    /// Fills in the rest from `ranges`, in the order of watching; `None` if nothing of them lies within the length.
    fn run(&mut self, length_ms: u64, ranges: &[(i64, i64)]) -> Option<Places> {
        let within = |(from_ms, to_ms): (i64, i64)| {
            let [from_ms, to_ms] = [from_ms, to_ms].map(|ms| u64::try_from(ms).unwrap_or(0).min(length_ms));
            (from_ms < to_ms).then_some((from_ms, to_ms))
        };
        self.ranges.clear();
        self.ranges.extend(ranges.iter().copied().filter_map(within));
        let furthest_ms = self.ranges.iter().map(|range| range.1).max()?;
        self.steps.clear();
        self.steps.extend(self.ranges.iter().flat_map(|(from_ms, to_ms)| [(*from_ms, 1), (*to_ms, -1)]));
        self.steps.sort_unstable();
        self.once.clear();
        self.again.clear();
        let (mut depth, mut once_from_ms, mut again_from_ms) = (0, 0, 0);
        for (ms, step) in self.steps.iter().copied() {
            match (depth, step) {
                (0, 1) => once_from_ms = ms,
                (1, 1) => again_from_ms = ms,
                (1, -1) => self.once.push((once_from_ms, ms)),
                (2, -1) => self.again.push((again_from_ms, ms)),
                _ => {}
            }
            depth += i64::from(step);
        }
        let first_ms =
            ranges.first().and_then(|range| u64::try_from(range.0).ok()).filter(|ms| *ms < length_ms);
        let last_ms = ranges.last().and_then(|range| u64::try_from(range.1).ok());
        let last_ms = last_ms.filter(|ms| (1..=length_ms).contains(ms));
        Some(Places { first_ms, last_ms, furthest_ms })
    }
}
