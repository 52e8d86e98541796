//! Totals of a view whose growth is spread over the intervals.

use crate::event::View;

/// Nobody streams at more, bit/s.
const MOST_BITRATE: u64 = 1_000_000_000;

/// Totals of a view whose growth is spread over time.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    pub watch_ms: u64,
    pub rebuffer_ms: u64,
    pub playing_ms: u64,
    pub bitrate_ms: u64,
}

impl Totals {
    /// Those of a view as it is now.
    pub fn of(view: &View) -> Self {
        let totals = view.totals();
        // Time at no known bitrate would make every bitrate smaller.
        let bitrate_ms = totals.bitrate_ms.unwrap_or(0);
        let playing_ms = if bitrate_ms > 0 { totals.playing_ms.unwrap_or(0).into() } else { 0 };
        Self {
            watch_ms: totals.watch_ms.unwrap_or(0).into(),
            rebuffer_ms: totals.rebuffer_ms.unwrap_or(0).into(),
            playing_ms,
            bitrate_ms,
        }
    }

    /// The larger of each: what was counted stays counted.
    pub fn after(self, other: &Self) -> Self {
        Self {
            watch_ms: self.watch_ms.max(other.watch_ms),
            rebuffer_ms: self.rebuffer_ms.max(other.rebuffer_ms),
            playing_ms: self.playing_ms.max(other.playing_ms),
            bitrate_ms: self.bitrate_ms.max(other.bitrate_ms),
        }
    }

    /// What has come on top of `other`.
    pub fn beyond(&self, other: &Self) -> Self {
        Self {
            watch_ms: self.watch_ms - other.watch_ms.min(self.watch_ms),
            rebuffer_ms: self.rebuffer_ms - other.rebuffer_ms.min(self.rebuffer_ms),
            playing_ms: self.playing_ms - other.playing_ms.min(self.playing_ms),
            bitrate_ms: self.bitrate_ms - other.bitrate_ms.min(self.bitrate_ms),
        }
    }

    /// No more of anything than fits into so much time: one absurd counter costs its own view.
    pub fn within(self, ms: u64) -> Self {
        let playing_ms = self.playing_ms.min(ms);
        Self {
            watch_ms: self.watch_ms.min(ms),
            rebuffer_ms: self.rebuffer_ms.min(ms),
            playing_ms,
            bitrate_ms: self.bitrate_ms.min(playing_ms.saturating_mul(MOST_BITRATE)),
        }
    }

    /// So many parts of `whole`, rounded down.
    pub fn part(&self, part: i64, whole: i64) -> Self {
        let of = |total: u64| {
            let product = u128::from(total) * u128::try_from(part).unwrap_or(0);
            u64::try_from(product / u128::try_from(whole.max(1)).unwrap_or(1)).unwrap_or(u64::MAX)
        };
        Self {
            watch_ms: of(self.watch_ms),
            rebuffer_ms: of(self.rebuffer_ms),
            playing_ms: of(self.playing_ms),
            bitrate_ms: of(self.bitrate_ms),
        }
    }
}
