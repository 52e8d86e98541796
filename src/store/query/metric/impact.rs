//! How far a group moves the whole for the worse.
//!
//! Averages, shares, ratios and percentiles: the group's distance from the whole, weighted by its part of the views.
//! Counts and sums: by how much the group's is above what its part of the views would have. For sums, counts and
//! averages of views these add up to nothing over all groups of a dimension, so they can be compared: a rare value that
//! is terrible and a common one that is slightly bad stand side by side by the harm they do. Negative is for the better.

use super::Measure;
use crate::event::metric::{Direction, Measurement};

/// A metric of some views, and how many views these stand for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// `None`: there was nothing to measure.
    pub value: Option<f64>,
    pub standing_for: f64,
}

/// The impact of a group; none where there is nothing to compare.
pub fn of(measure: &Measure, group: Figure, whole: Figure) -> f64 {
    let (Some(value), Some(of_whole)) = (group.value, whole.value) else { return 0.0 };
    let above = if grows_with_views(measure) {
        value - of_whole * group.standing_for / whole.standing_for
    } else {
        (value - of_whole) * group.standing_for / whole.standing_for
    };
    match measure.metric.direction {
        Direction::Neither => 0.0,
        Direction::LowerIsBetter => above,
        Direction::HigherIsBetter => 0.0 - above,
    }
}

/// The same in SQL, over `value` and `standing_for` of the group and `whole` and `whole_standing_for`.
pub fn in_sql(measure: &Measure, [value, standing_for, whole, whole_standing_for]: [&str; 4]) -> String {
    let part = format!("{standing_for} / {whole_standing_for}");
    let above = if grows_with_views(measure) {
        format!("{value} - {whole} * {part}")
    } else {
        format!("({value} - {whole}) * {part}")
    };
    match measure.metric.direction {
        Direction::Neither => "toFloat64(0)".to_owned(),
        Direction::LowerIsBetter => format!("ifNull({above}, 0)"),
        Direction::HigherIsBetter => format!("ifNull(0 - ({above}), 0)"),
    }
}

const fn grows_with_views(measure: &Measure) -> bool {
    matches!(measure.measurement, Measurement::Count | Measurement::Sum | Measurement::Maximum)
}
