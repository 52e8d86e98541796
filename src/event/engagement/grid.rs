//! How a length of media, or of time, is cut into buckets.

/// Longer than a day is a channel, not a video.
pub const LONGEST_MS: u64 = 24 * 3600 * 1000;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// This many equal buckets.
    Buckets(u32),
    /// Whole seconds; the last may be short.
    Seconds,
}

/// A length and its buckets. A bucket is a fraction of milliseconds long, so that equal ones are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    length_ms: u64,
    buckets: usize,
    /// A bucket is `denominator / numerator` ms long.
    numerator: u64,
    denominator: u64,
}

impl Grid {
    /// Cuts `length_ms`. Nothing has no buckets.
    pub fn new(length_ms: u64, cut: Cut) -> Self {
        let (buckets, numerator, denominator) = match cut {
            Cut::Seconds => (length_ms.div_ceil(1000), 1, 1000),
            Cut::Buckets(buckets) if length_ms > 0 => (buckets.into(), u64::from(buckets), length_ms),
            Cut::Buckets(_) => (0, 1, 1),
        };
        Self { length_ms, buckets: usize::try_from(buckets).unwrap_or_default(), numerator, denominator }
    }

    /// Whole seconds, or this many buckets where seconds would be more.
    pub fn at_most(length_ms: u64, buckets: u32) -> Self {
        let seconds = length_ms.div_ceil(1000) <= u64::from(buckets);
        Self::new(length_ms, if seconds { Cut::Seconds } else { Cut::Buckets(buckets) })
    }

    /// How many buckets there are.
    pub const fn len(&self) -> usize {
        self.buckets
    }

    /// Whether there is nothing to cut.
    pub const fn is_empty(&self) -> bool {
        self.buckets == 0
    }

    /// All of it.
    pub const fn length_ms(&self) -> u64 {
        self.length_ms
    }

    /// Length of a bucket; 0 if there is none.
    #[expect(clippy::cast_precision_loss, reason = "both are far below 2^53")]
    pub fn bucket_ms(&self) -> f64 {
        if self.is_empty() { 0.0 } else { self.denominator as f64 / self.numerator as f64 }
    }

    /// Where a bucket begins, rounded down; the end for the one after the last.
    pub fn place_ms(&self, bucket: usize) -> u64 {
        (bucket as u64 * self.denominator / self.numerator).min(self.length_ms)
    }

    /// The bucket a place lies in.
    pub(super) fn bucket_of(&self, ms: u64) -> usize {
        usize::try_from(ms * self.numerator / self.denominator).unwrap_or(self.buckets).min(self.buckets)
    }

    /// The bucket after the last one that a range up to `ms` touches.
    pub(super) fn bucket_after(&self, ms: u64) -> usize {
        let after = (ms * self.numerator).div_ceil(self.denominator);
        usize::try_from(after).unwrap_or(self.buckets).min(self.buckets)
    }
}
