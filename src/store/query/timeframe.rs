//! The stretch of time a question is about, and the steps it is cut into.

use std::ops::Range;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Longer spans cannot hold anything: views are kept for ninety days.
const LONGEST_MS: i64 = 400 * DAY_MS;

/// From the first to before the last millisecond, Unix ms, both on whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeframe {
    pub from_ms: i64,
    pub to_ms: i64,
}

impl Timeframe {
    /// What `timeframe[]` may look like, for those who wrote something else.
    pub const FORMS: [&'static str; 4] =
        ["60:minutes", "24:hours", "7:days", "two Unix times in seconds, the earlier first"];

    /// The last `length_ms` up to and with the second of `now_ms`: what has just happened counts.
    pub fn last(length_ms: i64, now_ms: i64) -> Self {
        let to_ms = (now_ms.div_euclid(1000) + 1) * 1000;
        Self { from_ms: to_ms - length_ms, to_ms }
    }

    /// The last day.
    pub fn day(now_ms: i64) -> Self {
        Self::last(DAY_MS, now_ms)
    }

    /// Reads the values of `timeframe[]`.
    pub fn parse(values: &[&str], now_ms: i64) -> Option<Self> {
        match values {
            [] => Some(Self::day(now_ms)),
            [duration] => {
                let (count, unit) = duration.split_once(':')?;
                let unit_ms = match unit {
                    "minute" | "minutes" => MINUTE_MS,
                    "hour" | "hours" => HOUR_MS,
                    "day" | "days" => DAY_MS,
                    "week" | "weeks" => 7 * DAY_MS,
                    _ => return None,
                };
                let length_ms = count.parse::<u32>().ok().map(i64::from)?.checked_mul(unit_ms)?;
                (1..=LONGEST_MS).contains(&length_ms).then(|| Self::last(length_ms, now_ms))
            }
            [from, to] => {
                let [from_s, to_s] = [from, to].map(|text| text.parse::<u32>().ok().map(i64::from));
                let (from_ms, to_ms) = (from_s? * 1000, to_s? * 1000);
                (1..=LONGEST_MS).contains(&(to_ms - from_ms)).then_some(Self { from_ms, to_ms })
            }
            _ => None,
        }
    }

    /// As the API says it back.
    pub fn seconds(self) -> [i64; 2] {
        [self.from_ms / 1000, self.to_ms / 1000]
    }

    /// How long it is.
    pub const fn length_ms(self) -> i64 {
        self.to_ms - self.from_ms
    }
}

/// The steps of a time series, aligned to UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Minute,
    TenMinutes,
    Hour,
    Day,
}

impl Step {
    /// From fine to coarse.
    pub const ALL: [Self; 4] = [Self::Minute, Self::TenMinutes, Self::Hour, Self::Day];
    /// More points than this are no picture any more, and a burden for both sides.
    const MOST: i64 = 12_000;

    /// The word for it in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::TenMinutes => "ten_minutes",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// Its length.
    pub const fn ms(self) -> i64 {
        match self {
            Self::Minute => MINUTE_MS,
            Self::TenMinutes => 10 * MINUTE_MS,
            Self::Hour => HOUR_MS,
            Self::Day => DAY_MS,
        }
    }

    /// The step for a timeframe when none is asked for.
    pub fn fitting(timeframe: Timeframe) -> Self {
        match timeframe.length_ms() {
            length if length < 90 * MINUTE_MS => Self::Minute,
            length if length <= 6 * HOUR_MS => Self::TenMinutes,
            length if length <= 15 * DAY_MS => Self::Hour,
            _ => Self::Day,
        }
    }

    /// Whether a timeframe has a bearable number of these steps.
    pub fn fits(self, timeframe: Timeframe) -> bool {
        timeframe.length_ms() / self.ms() <= Self::MOST
    }

    /// The numbers of the steps a timeframe touches, counted from 1970.
    pub fn numbers(self, timeframe: Timeframe) -> Range<i64> {
        let first = timeframe.from_ms.div_euclid(self.ms());
        first..(timeframe.to_ms - 1).div_euclid(self.ms()) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_end_with_the_present_second() {
        let frame = Timeframe::parse(&["60:minutes"], 1_000_000_500).unwrap();
        assert_eq!(frame, Timeframe { from_ms: 1_000_001_000 - HOUR_MS, to_ms: 1_000_001_000 });
        assert_eq!(Timeframe::parse(&[], 500), Timeframe::parse(&["24:hours"], 500));
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in [
            &["x"][..],
            &["0:hours"],
            &["-1:hours"],
            &["1:parsec"],
            &["500:days"],
            &["20", "10"],
            &["10", "10"],
            &["1700000000000", "1700000001000"],
            &["1", "2", "3"],
        ] {
            assert_eq!(Timeframe::parse(bad, 0), None, "{bad:?}");
        }
    }

    #[test]
    fn default_steps_follow_the_length() {
        let fitting = |length| Step::fitting(Timeframe { from_ms: 0, to_ms: length });
        assert_eq!(fitting(90 * MINUTE_MS - 1), Step::Minute);
        assert_eq!(fitting(90 * MINUTE_MS), Step::TenMinutes);
        assert_eq!(fitting(6 * HOUR_MS + 1), Step::Hour);
        assert_eq!(fitting(15 * DAY_MS + 1), Step::Day);
        assert_eq!(Step::Hour.numbers(Timeframe { from_ms: 1, to_ms: HOUR_MS }), 0..1);
        assert_eq!(Step::Hour.numbers(Timeframe { from_ms: 1, to_ms: HOUR_MS + 1 }), 0..2);
    }
}
