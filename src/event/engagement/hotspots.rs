//! Places that are played more, or less, than what is around them.
//!
//! The rule is Hampel's identifier: a bucket stands out if its plays are further than so many robust deviations from the
//! median of the buckets around it (Hampel, "The influence curve and its role in robust estimation", 1974; Davies and
//! Gather, "The identification of multiple outliers", 1993). The window is as wide on the left as on the right and shrinks
//! towards both ends, so that a curve which only falls, as retention does, has no spots at all. Two things are added: few
//! views scatter like counts do (Poisson), however even their median; and what is hardly visible is not reported.

use super::Curves;

/// Fewer views than this say nothing about a place.
pub const LEAST_VIEWS: u64 = 30;
/// The window reaches this part of the video to both sides.
pub const REACH: f64 = 0.05;
/// And at least so many buckets; nearer to an end than [`LEAST_WINDOW`] nothing is judged.
pub const LEAST_REACH: usize = 5;
/// The smallest window that is judged, buckets to each side.
pub const LEAST_WINDOW: usize = 2;
/// How many deviations from its surroundings a bucket stands out.
pub const DEVIATIONS: f64 = 3.0;
/// And by what part of its surroundings at least.
pub const LEAST_DIFFERENCE: f64 = 0.1;
/// The median absolute deviation of normal scatter, as a part of its standard deviation: 1 / Φ⁻¹(3/4).
pub const MAD_TO_DEVIATION: f64 = 1.4826;
/// More buckets than this are cut coarser where nothing else is asked for.
pub const MOST_BUCKETS: u32 = 1_000;

/// A place that stands out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot {
    /// From here to before `end_ms`.
    pub start_ms: u64,
    pub end_ms: u64,
    /// How many buckets it has, how often they were played, and what would be expected of them, summed.
    buckets: f64,
    plays: f64,
    expected: f64,
}

impl Spot {
    /// From 0 (never played) over 0.5 (as its surroundings) to 1 (nothing but this is played).
    pub fn score(&self) -> f64 {
        super::six_places(self.plays / (self.plays + self.expected))
    }

    /// How often its buckets were played, in the mean.
    pub fn plays(&self) -> f64 {
        super::six_places(self.plays / self.buckets)
    }

    /// The same, if they were played as their surroundings are.
    pub fn expected(&self) -> f64 {
        super::six_places(self.expected / self.buckets)
    }

    /// Played more than its surroundings.
    pub fn is_hot(&self) -> bool {
        self.plays > self.expected
    }
}

/// The places that stand out: the hot ones, hottest first, or the cold ones, coldest first.
pub fn spots(curves: &Curves, hot: bool) -> Vec<Spot> {
    if curves.measured < LEAST_VIEWS {
        return Vec::new();
    }
    let mut spots: Vec<Spot> = all(curves).into_iter().filter(|spot| spot.is_hot() == hot).collect();
    let order = |a: &Spot, b: &Spot| {
        if hot { b.score().total_cmp(&a.score()) } else { a.score().total_cmp(&b.score()) }
    };
    spots.sort_by(|a, b| order(a, b).then(a.start_ms.cmp(&b.start_ms)));
    spots
}

/// Every place that stands out, in order: neighbours that differ in the same direction are one.
#[expect(clippy::cast_precision_loss, reason = "counts of views")]
fn all(curves: &Curves) -> Vec<Spot> {
    let one = super::ONE_VIEW as f64;
    let plays: Vec<f64> = curves.plays.iter().map(|plays| *plays as f64 / one).collect();
    let weight = curves.mean_weight() as f64 / one;
    let mut spots: Vec<Spot> = Vec::new();
    for (bucket, here) in plays.iter().enumerate() {
        let Some(expected) = around(&plays, bucket).and_then(|window| stands_out(*here, window, weight))
        else {
            continue;
        };
        let [start_ms, end_ms] = [bucket, bucket + 1].map(|bucket| curves.grid.place_ms(bucket));
        let spot = Spot { start_ms, end_ms, buckets: 1.0, plays: *here, expected };
        match spots.last_mut() {
            Some(last) if last.end_ms == start_ms && last.is_hot() == spot.is_hot() => {
                last.end_ms = end_ms;
                last.buckets += 1.0;
                last.plays += spot.plays;
                last.expected += expected;
            }
            _ => spots.push(spot),
        }
    }
    spots
}

/// The buckets around one, as many before it as after.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "bucket numbers"
)]
fn around(plays: &[f64], bucket: usize) -> Option<&[f64]> {
    let reach = ((plays.len() as f64 * REACH) as usize).max(LEAST_REACH);
    let reach = reach.min(bucket).min(plays.len() - 1 - bucket);
    (reach >= LEAST_WINDOW).then(|| &plays[bucket - reach..=bucket + reach])
}

/// What is expected in the middle of a window, if what is there is too far from it. `weight` is what a measured view
/// stands for: the fewer were measured, the wider the scatter.
fn stands_out(here: f64, window: &[f64], weight: f64) -> Option<f64> {
    let expected = median(window.to_vec());
    let scatter = median(window.iter().map(|plays| (plays - expected).abs()).collect());
    let deviation = (MAD_TO_DEVIATION * scatter).max((expected.max(weight) * weight).sqrt());
    let difference = (here - expected).abs();
    (difference >= DEVIATIONS * deviation && difference >= LEAST_DIFFERENCE * expected).then_some(expected)
}

/// The middle one of an odd number of values.
fn median(mut values: Vec<f64>) -> f64 {
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}
