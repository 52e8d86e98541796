//! The metrics of monitoring. They speak of intervals of seconds and of who is there, so they are close to the metrics
//! over views of the same name and not equal to them; `docs/monitoring.md` has the differences.

use super::ask::Tally;
use crate::event::metric::Direction;

/// One metric of monitoring.
#[derive(Debug)]
pub struct MonitoringMetric {
    /// As in the API.
    pub name: &'static str,
    /// For people.
    pub display_name: &'static str,
    pub direction: Direction,
    value: fn(&Tally) -> Option<f64>,
    /// Whether it is about time, which is known a heartbeat later than what happens.
    pub is_of_time: bool,
}

/// Every metric with a value; [`STARTUP_TIME`] has a histogram instead.
pub static METRICS: [MonitoringMetric; 6] = [
    MonitoringMetric {
        name: "current-concurrent-viewers",
        display_name: "Concurrent viewers",
        direction: Direction::Neither,
        value: |tally| Some(tally.concurrent_viewers()),
        is_of_time: false,
    },
    MonitoringMetric {
        name: "current-rebuffering-percentage",
        display_name: "Rebuffering percentage",
        direction: Direction::LowerIsBetter,
        value: |tally| ratio(tally.rebuffer_ms, tally.watch_ms),
        is_of_time: true,
    },
    MonitoringMetric {
        name: "exits-before-video-start",
        display_name: "Exits before video start",
        direction: Direction::LowerIsBetter,
        value: |tally| ratio(tally.exits, tally.attempts()),
        is_of_time: false,
    },
    MonitoringMetric {
        name: "playback-failure-percentage",
        display_name: "Playback failure percentage",
        direction: Direction::LowerIsBetter,
        value: |tally| ratio(tally.failures, tally.concurrent_viewers()),
        is_of_time: false,
    },
    MonitoringMetric {
        name: "video-startup-failure-percentage",
        display_name: "Video startup failure percentage",
        direction: Direction::LowerIsBetter,
        value: |tally| ratio(tally.startup_failures, tally.attempts()),
        is_of_time: false,
    },
    MonitoringMetric {
        name: "current-average-bitrate",
        display_name: "Average bitrate",
        direction: Direction::HigherIsBetter,
        value: |tally| ratio(tally.bitrate_ms, tally.playing_ms),
        is_of_time: true,
    },
];

/// Name and display name of the metric that has a histogram.
pub const STARTUP_TIME: (&str, &str) = ("video-startup-time", "Video startup time");

impl MonitoringMetric {
    /// The metric called `name`.
    pub fn parse(name: &str) -> Option<&'static Self> {
        METRICS.iter().find(|metric| metric.name == name)
    }

    /// Its value; `None` where there was nothing to measure.
    pub fn value(&self, tally: &Tally) -> Option<f64> {
        (self.value)(tally)
    }

    /// How far a part moves the whole for the worse: its distance from the whole, weighted by its part of the viewers.
    /// The same measure as over views ([`crate::store::query::metric`]).
    pub fn negative_impact(&self, part: &Tally, whole: &Tally) -> f64 {
        let (Some(here), Some(everywhere)) = (self.value(part), self.value(whole)) else { return 0.0 };
        let share = ratio(part.concurrent_viewers(), whole.concurrent_viewers()).unwrap_or(0.0);
        match self.direction {
            Direction::Neither => 0.0,
            Direction::LowerIsBetter => (here - everywhere) * share,
            Direction::HigherIsBetter => (everywhere - here) * share,
        }
    }
}

fn ratio(of: f64, to: f64) -> Option<f64> {
    (to > 0.0).then(|| of / to)
}
