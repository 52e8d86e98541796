//! How the last hour went: what came in and what became of it, every ten seconds.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;

use super::counters::{self, Series, sum};
use crate::{clock::Clock, telemetry::Metric};

/// Between two looks.
pub const STEP: Duration = Duration::from_secs(10);
/// An hour of them.
const MOST: usize = 360;

/// Ten seconds that are over. Events per second, but for the lag.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, utoipa::ToSchema)]
pub struct Point {
    /// Unix ms at which they ended.
    pub at_ms: i64,
    pub accepted_per_s: f64,
    pub rejected_per_s: f64,
    pub shed_per_s: f64,
    /// Read from the log and stored, by this node.
    pub stored_per_s: f64,
    /// Records in the log that are not in ClickHouse yet, as this node knows it.
    pub lag_records: f64,
}

/// The hour.
#[derive(Default)]
pub struct Course(Mutex<State>);

#[derive(Default)]
struct State {
    points: VecDeque<Point>,
    /// Totals at the last look.
    last: Option<(i64, [f64; 4])>,
}

impl Course {
    /// Looks at the counters for ever.
    pub async fn run(&self, metrics: PrometheusHandle, clock: Clock) {
        loop {
            self.look(&counters::read(&metrics.render()), clock.now_ms());
            tokio::time::sleep(STEP).await;
        }
    }

    fn look(&self, series: &[Series], now_ms: i64) {
        let intake = |fate| sum(series, Metric::EventsIntake.name(), &[("fate", fate)]);
        let stored = sum(series, Metric::EventsProcessed.name(), &[("fate", "stored")]);
        let totals = [intake("accepted"), intake("rejected"), intake("shed"), stored];
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((then_ms, before)) = state.last.replace((now_ms, totals))
            && now_ms > then_ms
        {
            #[expect(clippy::cast_precision_loss, reason = "some seconds")]
            let seconds = (now_ms - then_ms) as f64 / 1000.0;
            let rate = |at: usize| (totals[at] - before[at]).max(0.0) / seconds;
            state.points.push_back(Point {
                at_ms: now_ms,
                accepted_per_s: rate(0),
                rejected_per_s: rate(1),
                shed_per_s: rate(2),
                stored_per_s: rate(3),
                lag_records: sum(series, Metric::LagRecords.name(), &[]),
            });
            while state.points.len() > MOST {
                state.points.pop_front();
            }
        }
    }

    /// The points so far, oldest first.
    pub fn points(&self) -> Vec<Point> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).points.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(total: f64) -> Vec<Series> {
        let labels = [("fate".to_owned(), "accepted".to_owned())].into();
        vec![Series { name: Metric::EventsIntake.name().to_owned(), labels, value: total }]
    }

    #[test]
    fn rates_are_between_two_looks_and_an_hour_is_kept() {
        let course = Course::default();
        course.look(&accepted(100.0), 0);
        assert!(course.points().is_empty(), "one look is no rate");
        course.look(&accepted(150.0), 10_000);
        let [point] = course.points()[..] else { panic!("one point") };
        assert_eq!((point.at_ms, point.accepted_per_s), (10_000, 5.0));
        for step in 2..500 {
            course.look(&accepted(150.0), step * 10_000);
        }
        assert_eq!(course.points().len(), MOST);
    }
}
