//! The share of the views that go on watching, by place.

use super::{Curves, share, six_places};

/// For each bucket, the part of the views that played something which got as far as it: 1 at the beginning, and never
/// rising.
///
/// A view that is over has left at the furthest place it reached. One that is still running has not left; it speaks for
/// the places it has passed and says nothing about those ahead of it (Kaplan and Meier, "Nonparametric Estimation from
/// Incomplete Observations", 1958, with the place in the video as the time): each bucket keeps the part of those that
/// reached it which did not leave there. Without running views this is simply those that reached it over all.
#[expect(clippy::cast_precision_loss, reason = "shares need no more than 53 bits")]
pub fn retention(curves: &Curves) -> Vec<f64> {
    let mut staying = 1.0;
    let buckets = curves.reached.iter().zip(&curves.left);
    let kept = buckets.map(|(reached, left)| {
        let here = staying;
        if *reached > 0 {
            staying *= (reached - left) as f64 / *reached as f64;
        }
        if curves.played > 0 { six_places(here) } else { 0.0 }
    });
    kept.collect()
}

/// For each bucket, the part of the views that played something which played this. It rises where viewers jump to.
pub fn watching(curves: &Curves) -> Vec<f64> {
    curves.viewers.iter().map(|viewers| share(*viewers, curves.played)).collect()
}
