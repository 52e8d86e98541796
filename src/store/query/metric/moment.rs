//! When a view counts: the step of time it falls into, or the steps it was there in, and which part of each.

use super::super::{Scope, statement::Statement, timeframe::Step};
use crate::event::metric::Bucket;

/// `step` for a time series, and what [`Formula::Concurrent`](crate::event::metric::Formula::Concurrent) is made of; after
/// `WITH …, `.
pub fn names(scope: &Scope, step: Option<Step>, to: &mut Statement) {
    to.sql("toUnixTimestamp64Milli(view_start) AS start_ms, toUnixTimestamp64Milli(view_end) AS end_ms");
    match (scope.bucket, step) {
        (Bucket::ViewStart | Bucket::ViewEnd, None) => {}
        (Bucket::ViewStart, Some(step)) => step_of("start_ms", step, to),
        (Bucket::ViewEnd, Some(step)) => step_of("end_ms", step, to),
        (Bucket::Presence, None) => {
            there(to);
            between("start_ms", "gone_ms", "present", scope, to);
            to.sql(", ").integer(scope.timeframe.length_ms()).sql(" AS present_of_ms");
        }
        (Bucket::Presence, Some(step)) => {
            there(to);
            between("start_ms", "gone_ms", "known", scope, to);
            to.sql(", toInt64(arrayJoin(range(intDiv(known_from_ms, ")
                .integer(step.ms())
                .sql("), intDiv(greatest(known_to_ms - 1, known_from_ms), ")
                .integer(step.ms())
                .sql(") + 1))) AS step");
            step_bounds(scope, step, to);
            to.sql(", greatest(known_from_ms, step_from_ms) AS present_from_ms")
                .sql(", least(known_to_ms, step_to_ms) AS present_to_ms, step_to_ms - step_from_ms AS present_of_ms");
        }
    }
    to.sql(" ");
}

/// `gone_ms`: when a view is there no longer. Who was there for an instant, as all of whom one beacon has told, was there in it:
/// no stay is shorter than the millisecond that times are told in.
fn there(to: &mut Statement) {
    to.sql(", greatest(end_ms, start_ms + 1) AS gone_ms");
}

fn step_of(time: &'static str, step: Step, to: &mut Statement) {
    to.sql(", toInt64(intDiv(").sql(time).sql(", ").integer(step.ms()).sql(")) AS step");
}

/// A step's own beginning and end, as far as the timeframe goes.
fn step_bounds(scope: &Scope, step: Step, to: &mut Statement) {
    to.sql(", step * ")
        .integer(step.ms())
        .sql(" AS begin_ms, begin_ms + ")
        .integer(step.ms())
        .sql(" AS over_ms");
    between("begin_ms", "over_ms", "step", scope, to);
}

/// `…_from_ms` and `…_to_ms`: both ends, as far as the timeframe goes. Signed: of mixed integers ClickHouse makes a
/// Variant, which no function takes.
fn between(from: &'static str, until: &'static str, name: &str, scope: &Scope, to: &mut Statement) {
    to.sql(", greatest(").sql(from).sql(", toInt64(").integer(scope.timeframe.from_ms);
    to.definition(&format!(")) AS {name}_from_ms"));
    to.sql(", least(").sql(until).sql(", toInt64(").integer(scope.timeframe.to_ms);
    to.definition(&format!(")) AS {name}_to_ms"));
}
