//! Which parts of a video were watched, and what follows from it. Pure: views in, curves out; `docs/engagement.md` has
//! the definitions with a worked example.
//!
//! Everything here is computed from the played ranges of views, at the millisecond. A [`Grid`] cuts the video into
//! buckets, [`Curves`] counts views by bucket, and the rest is read off the curves: [`retention`], [`hotspots`], the
//! comparison with what is [`typical`]. [`passes`] colours the ranges of one viewer.

pub mod curves;
pub mod grid;
pub mod hotspots;
pub mod passes;
pub mod retention;
pub mod typical;
pub mod watched;

pub use curves::Curves;
pub use grid::{Cut, Grid};
pub use watched::{Watched, WatchedViews};

/// One view in the unit of all counts: a view of a sample stands for so many millionths of it, so that sums are exact.
pub const ONE_VIEW: i64 = 1_000_000;

/// A sum of views as a whole number, halves up.
pub fn whole(millionths: i64) -> u64 {
    u64::try_from((millionths + ONE_VIEW / 2).div_euclid(ONE_VIEW)).unwrap_or_default()
}

/// `part / of` to six decimal places; nothing of nothing is nothing.
#[expect(clippy::cast_precision_loss, reason = "a share needs no more than 53 bits")]
fn share(part: i64, of: i64) -> f64 {
    if of == 0 { 0.0 } else { six_places(part as f64 / of as f64) }
}

/// As shares are shown: the last bits of a division are noise.
fn six_places(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
