//! What views have watched, packed so that the millions of a hot title fit in memory.

use super::{Curves, Grid, grid::LONGEST_MS};

/// Further than this many times where half of the views have got to, nobody has played.
const FAR_BEYOND: i64 = 10;

/// What one view has watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watched<'a> {
    /// How many millionths of a view it stands for.
    pub weight: i64,
    /// Whether the viewer has left; nobody knows where a running view will end.
    pub is_over: bool,
    /// `[from_ms, to_ms)` in the order of watching.
    pub ranges: &'a [(i64, i64)],
}

/// What many views have watched.
#[derive(Debug, Clone, Default)]
pub struct WatchedViews {
    views: Vec<Packed>,
    ranges: Vec<(i64, i64)>,
}

#[derive(Debug, Clone, Copy)]
struct Packed {
    weight: i64,
    /// 0: not said.
    duration_ms: u64,
    is_over: bool,
    /// Where its ranges end, and the next view's begin.
    ranges_to: usize,
}

impl WatchedViews {
    /// Adds a view. Ranges without length are no ranges.
    pub fn push(
        &mut self,
        weight: i64,
        is_over: bool,
        duration_ms: u64,
        ranges: impl IntoIterator<Item = (i64, i64)>,
    ) {
        self.ranges.extend(ranges.into_iter().filter(|(from_ms, to_ms)| from_ms < to_ms));
        self.views.push(Packed { weight, duration_ms, is_over, ranges_to: self.ranges.len() });
    }

    /// How many views there are, whatever they stand for.
    pub fn len(&self) -> usize {
        self.views.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.views.is_empty()
    }

    /// The views one by one.
    pub fn iter(&self) -> impl Iterator<Item = Watched<'_>> {
        let begins = std::iter::once(0).chain(self.views.iter().map(|view| view.ranges_to));
        begins.zip(&self.views).map(|(begin, view)| Watched {
            weight: view.weight,
            is_over: view.is_over,
            ranges: self.ranges.get(begin..view.ranges_to).unwrap_or_default(),
        })
    }

    /// How long the video is: as most of its views report (the longest of equals), else as far as they have played, at
    /// most a day. One view that reports nonsense must not stretch everybody's curve, so what is far beyond the half of
    /// all does not count.
    pub fn length_ms(&self) -> u64 {
        let mut reported: Vec<u64> =
            self.views.iter().map(|view| view.duration_ms).filter(|ms| *ms > 0).collect();
        reported.sort_unstable();
        let runs = reported.chunk_by(|a, b| a == b);
        let most = runs.max_by_key(|run| run.len()).and_then(|run| run.first());
        most.copied().unwrap_or_else(|| self.furthest_ms()).min(LONGEST_MS)
    }

    fn furthest_ms(&self) -> u64 {
        let mut ends: Vec<i64> =
            self.iter().filter_map(|view| view.ranges.iter().map(|range| range.1).max()).collect();
        ends.sort_unstable();
        let middle = ends.get(ends.len() / 2).copied().unwrap_or(0);
        let furthest = ends.into_iter().rfind(|end_ms| *end_ms <= FAR_BEYOND.saturating_mul(middle));
        furthest.and_then(|end_ms| u64::try_from(end_ms).ok()).unwrap_or(0)
    }

    /// The views counted by bucket, on the grid that `cut` makes of the video's length in ms.
    pub fn curves(self, cut: impl FnOnce(u64) -> Grid) -> Curves {
        let length_ms = self.length_ms();
        Curves::of(cut(length_ms), self.ended_at(length_ms).iter())
    }

    /// Ends every range at `length_ms`: a player's last report may be a little behind the end.
    pub fn ended_at(mut self, length_ms: u64) -> Self {
        let length_ms = i64::try_from(length_ms).unwrap_or(i64::MAX);
        for range in &mut self.ranges {
            range.1 = range.1.min(length_ms);
        }
        self
    }
}
