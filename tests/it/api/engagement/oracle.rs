//! The plainest way to count engagement: look at every bucket of every range of every view.

use serde_json::{Value, json};

use crate::api::data::TestView;

/// A bucket from `from` to before `to`, and places, in small units of which all are whole.
pub struct Oracle<'a> {
    pub views: Vec<&'a TestView>,
    pub duration_ms: u64,
    pub numerator: u64,
    pub denominator: u64,
}

impl Oracle<'_> {
    fn buckets(&self) -> u64 {
        (self.duration_ms * self.numerator).div_ceil(self.denominator)
    }

    /// The ranges that have a length, up to the end of the video, in the order of watching.
    fn ranges(&self, view: &TestView) -> Vec<(u64, u64)> {
        let ranges = view.segments.iter().filter(|(from, to)| from < to);
        ranges.map(|(from, to)| (u64::from(*from), u64::from(*to).min(self.duration_ms))).collect()
    }

    fn touches(&self, (from, to): (u64, u64), bucket: u64) -> bool {
        from < to
            && from * self.numerator < (bucket + 1) * self.denominator
            && to * self.numerator > bucket * self.denominator
    }

    /// For every bucket the views, as many as they stand for, times what `of` says of view and bucket.
    fn sum(&self, of: impl Fn(&[(u64, u64)], &TestView, u64) -> u64) -> Vec<u64> {
        let bucket = |bucket| {
            let views = self.views.iter().map(|view| millionths(view) * of(&self.ranges(view), view, bucket));
            (views.sum::<u64>() + 500_000) / 1_000_000
        };
        (0..self.buckets()).map(bucket).collect()
    }

    fn touching(&self, ranges: &[(u64, u64)], bucket: u64) -> u64 {
        ranges.iter().filter(|range| self.touches(**range, bucket)).count() as u64
    }

    /// Whether two ranges have a place of the bucket in common.
    fn again(&self, ranges: &[(u64, u64)], bucket: u64) -> bool {
        let common = |(a, b): (&(u64, u64), &(u64, u64))| (a.0.max(b.0), a.1.min(b.1));
        ranges
            .iter()
            .enumerate()
            .any(|(n, a)| ranges[n + 1..].iter().any(|b| self.touches(common((a, b)), bucket)))
    }

    fn reaches(&self, ranges: &[(u64, u64)], bucket: u64) -> bool {
        (bucket..self.buckets()).any(|later| self.touching(ranges, later) > 0)
    }

    pub fn heatmap(&self) -> Value {
        let viewers = |r: &[(u64, u64)], b| u64::from(self.touching(r, b) > 0);
        json!({
            "value": self.sum(|r, _, b| self.touching(r, b)),
            "viewers": self.sum(|r, _, b| viewers(r, b)),
            "rewatched": self.sum(|r, _, b| u64::from(self.again(r, b))),
            "skipped": self.sum(|r, _, b| u64::from(self.reaches(r, b)) - viewers(r, b)),
            "not_reached": self.sum(|r, _, b| u64::from(!self.reaches(r, b))),
        })
    }

    pub fn starts_and_stops(&self) -> Value {
        let holds = |place: u64, b: u64| {
            (b * self.denominator..(b + 1) * self.denominator).contains(&(place * self.numerator))
        };
        let starts = |r: &[(u64, u64)], b| r.first().is_some_and(|(from, to)| from < to && holds(*from, b));
        let stops = |r: &[(u64, u64)], b| {
            let played = r.iter().any(|(from, to)| from < to);
            r.last().is_some_and(|(_, to)| {
                played && self.touches((to - 1, *to), b) && !self.touches((to - 1, *to), b + 1)
            })
        };
        json!({
            "starts": self.sum(|r, _, b| u64::from(starts(r, b))),
            "stops": self.sum(|r, view, b| u64::from(view.closed && stops(r, b))),
        })
    }

    /// Efron's way to the same estimate: a running view hands what it stands for to those that got further.
    pub fn retention(&self) -> Vec<f64> {
        let furthest =
            |view: &TestView| (0..self.buckets()).rev().find(|b| self.touching(&self.ranges(view), *b) > 0);
        let views = self
            .views
            .iter()
            .filter_map(|view| Some((furthest(view)?, view.closed, millionths(view) as f64)));
        let mut views: Vec<(u64, bool, f64)> = views.collect();
        let all: f64 = views.iter().map(|view| view.2).sum();
        let mut staying = Vec::new();
        let mut for_ever = 0.0;
        for bucket in 0..self.buckets() {
            let mass: f64 = views.iter().filter(|view| view.0 >= bucket).map(|view| view.2).sum();
            staying.push(if all > 0.0 { (mass + for_ever) / all } else { 0.0 });
            let handed: f64 =
                views.iter().filter(|view| view.0 == bucket && !view.1).map(|view| view.2).sum();
            let heirs: f64 = views.iter().filter(|view| view.0 > bucket).map(|view| view.2).sum();
            for view in &mut views {
                match view.0.cmp(&bucket) {
                    std::cmp::Ordering::Greater => view.2 += handed * view.2 / heirs,
                    std::cmp::Ordering::Equal if !view.1 => view.2 = 0.0,
                    _ => {}
                }
            }
            if heirs == 0.0 {
                for_ever += handed;
            }
        }
        staying
    }
}

pub fn millionths(view: &TestView) -> u64 {
    if view.sample_rate == 0 { 1_000_000 } else { (1e12 / view.sample_rate as f64).round() as u64 }
}

/// What most views report, of equals the longest; else where they got to, without who is far beyond the half of them.
pub fn length_ms(views: &[&TestView]) -> u64 {
    let mut counts = std::collections::BTreeMap::<u64, usize>::new();
    for view in views.iter().filter(|view| view.duration_ms > 0) {
        *counts.entry(view.duration_ms).or_default() += 1;
    }
    if let Some((duration_ms, _)) =
        counts.into_iter().max_by_key(|(duration_ms, count)| (*count, *duration_ms))
    {
        return duration_ms;
    }
    let end = |view: &&TestView| {
        view.segments.iter().filter(|(from, to)| to > from).map(|(_, to)| u64::from(*to)).max()
    };
    let mut ends: Vec<u64> = views.iter().filter_map(end).collect();
    ends.sort_unstable();
    let Some(middle) = ends.get(ends.len() / 2).copied() else { return 0 };
    ends.into_iter().rfind(|end| *end <= 10 * middle).unwrap_or(0)
}
