//! Values in filters: quoted texts, numbers and times.

use chrono::{DateTime, NaiveDate, NaiveTime};

/// The range of times that mean something, Unix ms: to the year 2200, as far as ClickHouse goes too.
const TIMES_MS: std::ops::Range<i64> = 0..7_258_118_400_000;

/// What a range is made of.
pub trait Bound: Copy {
    /// What it is called, and what it looks like.
    const WHAT: &str;
    const FORMS: &[&str];

    /// Reads one.
    fn read(text: &str) -> Option<Self>;
}

impl Bound for f64 {
    const WHAT: &str = "number";
    const FORMS: &[&str] = &["a number"];

    fn read(text: &str) -> Option<Self> {
        text.parse::<Self>().ok().filter(|number| number.is_finite())
    }
}

/// A time in Unix ms.
impl Bound for i64 {
    const WHAT: &str = "time";
    const FORMS: &[&str] = &["2026-11-01", "2026-11-01T12:00:00Z", "Unix seconds"];

    fn read(text: &str) -> Option<Self> {
        let date = || text.parse::<NaiveDate>().ok().map(|date| date.and_time(NaiveTime::MIN).and_utc());
        let time = || DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_millis());
        let seconds = || text.parse::<u32>().ok().map(|seconds| Self::from(seconds) * 1000);
        let unix_ms = seconds().or_else(|| date().map(|date| date.timestamp_millis())).or_else(time)?;
        TIMES_MS.contains(&unix_ms).then_some(unix_ms)
    }
}

/// A text in quotes at the beginning, with `\"` and `\\` in it, and how many bytes it takes there.
pub fn quoted(text: &str) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, at + 1)),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}
