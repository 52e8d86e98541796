//! Counts over the last minutes: per second for rates and charts, and a histogram of startup times.

use std::collections::VecDeque;

/// One second of an environment or a video. There are many of them, so they are small: whole viewers, and what happened to
/// seven digits.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Second {
    /// Concurrent viewers at the end of the second, and how many of them were rebuffering.
    pub viewers: u32,
    pub rebuffering: u32,
    /// What happened within the second, to as many views as the measured ones stand for.
    pub starts: f32,
    pub failures: f32,
    pub exits: f32,
    pub ended: f32,
}

/// The newest seconds, bounded. A second in which nothing was known is not there.
#[derive(Debug, Clone)]
pub struct Seconds {
    points: VecDeque<(i64, Second)>,
    keep: i64,
}

impl Seconds {
    /// Keeps `keep` seconds.
    pub fn new(keep: i64) -> Self {
        Self { points: VecDeque::new(), keep }
    }

    /// The point of `second`, made if needed with the viewers of the point before it.
    pub fn at(&mut self, second: i64) -> &mut Second {
        let index = self.points.partition_point(|(known, _)| *known < second);
        if self.points.get(index).is_none_or(|(known, _)| *known != second) {
            let before =
                index.checked_sub(1).and_then(|before| self.points.get(before)).map(|(_, point)| *point);
            let carried = before.map_or_else(Second::default, |point| Second {
                viewers: point.viewers,
                rebuffering: point.rebuffering,
                ..Second::default()
            });
            self.points.insert(index, (second, carried));
        }
        &mut self.points[index].1
    }

    /// Forgets what is older than the kept span before `now_s`.
    pub fn forget(&mut self, now_s: i64) {
        while self.points.front().is_some_and(|(second, _)| *second <= now_s - self.keep) {
            self.points.pop_front();
        }
    }

    /// Keeps only the newest of them, and no room for more.
    pub fn keep_newest(&mut self, most: usize) {
        self.points.drain(..self.points.len().saturating_sub(most));
        self.points.shrink_to_fit();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Points newer than `after_s`, oldest first.
    pub fn since(&self, after_s: i64) -> impl Iterator<Item = (i64, Second)> + '_ {
        self.points.iter().filter(move |(second, _)| *second > after_s).copied()
    }

    /// The sum of a count over `(after_s, until_s]`.
    pub fn sum(&self, after_s: i64, until_s: i64, count: impl Fn(&Second) -> f32) -> f64 {
        self.since(after_s)
            .filter(|(second, _)| *second <= until_s)
            .map(|(_, point)| f64::from(count(&point)))
            // Not `sum`, which makes -0.0 of nothing, and that is what people would read.
            .fold(0.0, |sum, count| sum + count)
    }
}

/// Buckets grow by 2 %, so a percentile is off by at most 1 %.
const GROWTH: f64 = 1.02;
const SLOT_S: i64 = 10;
const SLOTS: i64 = 30;

/// Startup times of the last five minutes in slots of ten seconds; views in millionths.
#[derive(Debug, Default, Clone)]
pub struct Startups {
    slots: VecDeque<(i64, Vec<i64>)>,
}

impl Startups {
    /// Adds a startup that was seen at `second`, of a view that stands for so many millionths of one.
    pub fn add(&mut self, second: i64, startup_ms: u64, stands_for: i64) {
        let slot = second / SLOT_S;
        let index = self.slots.partition_point(|(known, _)| *known < slot);
        if self.slots.get(index).is_none_or(|(known, _)| *known != slot) {
            self.slots.insert(index, (slot, Vec::new()));
        }
        let bucket = (startup_ms.max(1) as f64).ln() / GROWTH.ln();
        let buckets = &mut self.slots[index].1;
        let bucket = bucket.round() as usize;
        if buckets.len() <= bucket {
            buckets.resize(bucket + 1, 0);
        }
        buckets[bucket] += stands_for;
    }

    /// Forgets what is older than five minutes.
    pub fn forget(&mut self, now_s: i64) {
        while self.slots.front().is_some_and(|(slot, _)| *slot <= now_s / SLOT_S - SLOTS) {
            self.slots.pop_front();
        }
    }

    /// The startup time at `quantile` (0..1), ms; `None` without any.
    pub fn quantile_ms(&self, quantile: f64) -> Option<u64> {
        let longest = self.slots.iter().map(|(_, buckets)| buckets.len()).max()?;
        let mut merged = vec![0_i64; longest];
        for (_, buckets) in &self.slots {
            buckets.iter().enumerate().for_each(|(bucket, count)| merged[bucket] += count);
        }
        let total: i64 = merged.iter().sum();
        let rank = ((total as f64 * quantile).ceil() as i64).clamp(1, total.max(1));
        let mut seen = 0;
        merged.iter().enumerate().find_map(|(bucket, count)| {
            seen += count;
            (seen >= rank).then(|| GROWTH.powi(bucket as i32).round() as u64)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::engagement::ONE_VIEW;

    #[test]
    fn seconds_carry_viewers_and_forget() {
        let mut seconds = Seconds::new(60);
        seconds.at(100).viewers = 5;
        seconds.at(102).starts += 2.0;
        assert_eq!(seconds.at(102).viewers, 5, "the gauge is carried over a quiet second");
        assert!((seconds.sum(99, 102, |s| s.starts) - 2.0).abs() < 1e-9);
        assert_eq!(seconds.sum(102, 102, |s| s.starts).to_string(), "0");
        seconds.forget(161);
        assert_eq!(seconds.since(0).count(), 1);
    }

    #[test]
    fn percentiles_are_within_their_error() {
        let mut startups = Startups::default();
        assert_eq!(startups.quantile_ms(0.5), None);
        for ms in 1..=1000_u64 {
            startups.add(1000, ms, ONE_VIEW);
        }
        for (quantile, exact) in [(0.5, 500.0), (0.95, 950.0)] {
            let found = startups.quantile_ms(quantile).expect("some") as f64;
            assert!((found - exact).abs() / exact <= 0.015, "{quantile}: {found}");
        }
        startups.forget(1000 + 400);
        assert_eq!(startups.quantile_ms(0.5), None);
    }
}
