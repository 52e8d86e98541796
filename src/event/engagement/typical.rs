//! What is typical for videos of like length, and how one video compares.

use super::six_places;

/// Lengths are alike if the longer is at most this many times the shorter.
pub const LIKE_LENGTH: f64 = 4.0 / 3.0;
/// A video is counted if so many of its views have played something.
pub const LEAST_VIEWS: u32 = 30;
/// So many of the videos watched last are looked at.
pub const MOST_VIDEOS: u32 = 20;
/// So many views of each, chosen by their ids: more would not move a share by a percent.
pub const MOST_VIEWS: u32 = 1_000;
/// Fewer videos are no standard.
pub const LEAST_VIDEOS: usize = 5;
/// Points from beginning to end: one per percent of the length.
pub const POINTS: u32 = 100;

/// The curves of like videos, point by point.
#[derive(Debug, Clone, PartialEq)]
pub struct Typical {
    /// The middle one of the videos at each point.
    pub median: Vec<f64>,
    /// A quarter of the videos is below, a quarter above.
    pub lower_quartile: Vec<f64>,
    pub upper_quartile: Vec<f64>,
    /// Where the video stands among them: the part of them that is lower, those equal by half. 0.5 is the middle.
    pub rank: Vec<f64>,
}

/// Compares `own` with the curves of other videos, each of which counts once; `None` if they are too few.
pub fn typical(own: &[f64], others: &[Vec<f64>]) -> Option<Typical> {
    if others.len() < LEAST_VIDEOS {
        return None;
    }
    let points: Vec<Vec<f64>> = (0..own.len())
        .map(|point| {
            let mut values: Vec<f64> = others.iter().filter_map(|curve| curve.get(point)).copied().collect();
            values.sort_by(f64::total_cmp);
            values
        })
        .collect();
    let level = |level: f64| points.iter().map(|values| six_places(quantile(values, level))).collect();
    Some(Typical {
        median: level(0.5),
        lower_quartile: level(0.25),
        upper_quartile: level(0.75),
        rank: own.iter().zip(&points).map(|(own, values)| six_places(rank(*own, values))).collect(),
    })
}

/// Between the two nearest values, in proportion.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "places in a short list"
)]
fn quantile(sorted: &[f64], level: f64) -> f64 {
    let place = level * sorted.len().saturating_sub(1) as f64;
    let at = |place: f64| sorted.get(place as usize).copied().unwrap_or(0.0);
    let low = at(place.floor());
    (at(place.ceil()) - low).mul_add(place.fract(), low)
}

#[expect(clippy::cast_precision_loss, reason = "places in a short list")]
fn rank(own: f64, sorted: &[f64]) -> f64 {
    let lower = sorted.partition_point(|value| *value < own);
    let not_higher = sorted.partition_point(|value| *value <= own);
    (lower + not_higher) as f64 / 2.0 / sorted.len().max(1) as f64
}
