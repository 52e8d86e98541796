//! The metrics, each defined once: what it means, which views it is about, and how it is computed.
//!
//! The API, its document and the SQL all come from [`METRICS`]. Expressions are over the columns of the ClickHouse view
//! `views` (one row per view). Definitions follow Mux Data's where those are public, so that figures can be
//! compared. Two rules hold for all: a metric without anything to measure is unknown (null), never zero; and
//! percentiles are exact, so that the same question always has the same answer.

/// Which time puts a view into a timeframe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    /// Engagement: a view counts when it began.
    ViewStart,
    /// Experience: a view counts when it ended, or as far as it has come.
    ViewEnd,
}

/// What is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    LowerIsBetter,
    HigherIsBetter,
    Neither,
}

/// What a value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Count,
    Milliseconds,
    /// 0 to 1.
    Ratio,
    PerMinute,
    BitsPerSecond,
    /// 0 to 100.
    Score,
}

/// How the values of many views become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub enum Measurement {
    #[serde(rename = "avg")]
    Average,
    #[serde(rename = "median")]
    Median,
    #[serde(rename = "95th")]
    Percentile95,
    #[serde(rename = "count")]
    Count,
    #[serde(rename = "sum")]
    Sum,
}

impl Measurement {
    /// The word for it in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Average => "avg",
            Self::Median => "median",
            Self::Percentile95 => "95th",
            Self::Count => "count",
            Self::Sum => "sum",
        }
    }
}

/// Where a metric's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Formula {
    /// How many views.
    Views,
    /// How many different values.
    Distinct(&'static str),
    /// A number of each view.
    Value(&'static str),
    /// The part of the views this is true of.
    Share(&'static str),
    /// A sum over a sum; long views weigh more.
    Ratio { of: &'static str, to: &'static str },
}

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    pub id: &'static str,
    pub name: &'static str,
    pub unit: Unit,
    pub definition: &'static str,
    pub formula: Formula,
    pub bucket: Bucket,
    /// Which views it is about.
    pub valid: &'static str,
    pub default: Measurement,
    pub direction: Direction,
}

const VIEW: &str = "view_attempted";

/// Every metric there is.
pub const METRICS: [Metric; 18] = [
    Metric {
        id: "views",
        name: "Views",
        unit: Unit::Count,
        definition: "Attempts to play a video that began in the timeframe, successful or not.",
        formula: Formula::Views,
        bucket: Bucket::ViewStart,
        valid: VIEW,
        default: Measurement::Count,
        direction: Direction::Neither,
    },
    Metric {
        id: "unique_viewers",
        name: "Unique viewers",
        unit: Unit::Count,
        definition: "Different viewer ids among the views that began in the timeframe and carry one.",
        formula: Formula::Distinct("viewer_id"),
        bucket: Bucket::ViewStart,
        valid: "view_attempted AND viewer_id != ''",
        default: Measurement::Count,
        direction: Direction::Neither,
    },
    Metric {
        id: "playing_time",
        name: "Playing time",
        unit: Unit::Milliseconds,
        definition: "Time content or ads were moving, without startup, rebuffering, seeking and pauses.",
        formula: Formula::Value("playing_ms"),
        bucket: Bucket::ViewStart,
        valid: VIEW,
        default: Measurement::Sum,
        direction: Direction::Neither,
    },
    Metric {
        id: "video_startup_time",
        name: "Video startup time",
        unit: Unit::Milliseconds,
        definition: "Time from the wish to play to the first frame that moved, of the views that got there.",
        formula: Formula::Value("video_startup_ms"),
        bucket: Bucket::ViewEnd,
        valid: "view_attempted AND video_startup_ms IS NOT NULL",
        default: Measurement::Median,
        direction: Direction::LowerIsBetter,
    },
    Metric {
        id: "player_startup_time",
        name: "Player startup time",
        unit: Unit::Milliseconds,
        definition: "Time from the player's set-up to its being ready, of the views whose player says so.",
        formula: Formula::Value("player_startup_ms"),
        bucket: Bucket::ViewEnd,
        valid: "view_attempted AND player_startup_ms IS NOT NULL",
        default: Measurement::Median,
        direction: Direction::LowerIsBetter,
    },
    Metric {
        id: "page_load_time",
        name: "Page load time",
        unit: Unit::Milliseconds,
        definition: "Time from navigation to the player's set-up, of the views whose player says so.",
        formula: Formula::Value("page_load_ms"),
        bucket: Bucket::ViewEnd,
        valid: "view_attempted AND page_load_ms IS NOT NULL",
        default: Measurement::Median,
        direction: Direction::LowerIsBetter,
    },
    Metric {
        id: "startup_time_score",
        name: "Startup time score",
        unit: Unit::Score,
        definition: "100 x 8 / (8 + startup seconds), of the views that started.",
        formula: Formula::Value("800 / (8 + video_startup_ms / 1000)"),
        bucket: Bucket::ViewEnd,
        valid: "view_attempted AND video_startup_ms IS NOT NULL",
        default: Measurement::Average,
        direction: Direction::HigherIsBetter,
    },
    Metric {
        id: "rebuffer_percentage",
        name: "Rebuffer percentage",
        unit: Unit::Ratio,
        definition: "Time spent rebuffering over time spent watching, both summed over the views.",
        formula: Formula::Ratio { of: "rebuffer_ms", to: "watch_ms" },
        bucket: Bucket::ViewEnd,
        valid: VIEW,
        default: Measurement::Average,
        direction: Direction::LowerIsBetter,
    },
    Metric {
        id: "rebuffer_frequency",
        name: "Rebuffer frequency",
        unit: Unit::PerMinute,
        definition: "Rebuffering events per minute of watching, both summed over the views.",
        formula: Formula::Ratio { of: "rebuffer_count * 60000", to: "watch_ms" },
        bucket: Bucket::ViewEnd,
        valid: VIEW,
        default: Measurement::Average,
        direction: Direction::LowerIsBetter,
    },
    Metric {
        id: "rebuffer_count",
        name: "Rebuffer count",
        unit: Unit::Count,
        definition: "Rebuffering events of a view, of the views that started.",
        formula: Formula::Value("rebuffer_count"),
        bucket: Bucket::ViewEnd,
        valid: "view_attempted AND view_started",
        default: Measurement::Median,
        direction: Direction::LowerIsBetter,
    },
    Metric {
        id: "rebuffer_duration",
        name: "Rebuffer duration",
        unit: Unit::Milliseconds,
        definition: "Time a view spent rebuffering, of the views that started.",
        formula: Formula::Value("rebuffer_ms"),
        bucket: Bucket::ViewEnd,
        valid: "view_attempted AND view_started",
        default: Measurement::Median,
        direction: Direction::LowerIsBetter,
    },
    Metric {
        id: "seek_latency",
        name: "Seek latency",
        unit: Unit::Milliseconds,
        definition: "Time waited per seek in a view, of the views with a seek.",
        formula: Formula::Value("seek_ms / seek_count"),
        bucket: Bucket::ViewEnd,
        valid: "view_attempted AND seek_count > 0",
        default: Measurement::Average,
        direction: Direction::LowerIsBetter,
    },
    Metric {
        id: "weighted_average_bitrate",
        name: "Weighted average bitrate",
        unit: Unit::BitsPerSecond,
        definition: "Bitrate of what was played, weighted by how long it played, of the views that report it.",
        formula: Formula::Value("bitrate_ms / playing_ms"),
        bucket: Bucket::ViewEnd,
        valid: "view_attempted AND bitrate_ms > 0 AND playing_ms > 0",
        default: Measurement::Median,
        direction: Direction::HigherIsBetter,
    },
    Metric {
        id: "playback_failure_percentage",
        name: "Playback failure percentage",
        unit: Unit::Ratio,
        definition: "Views ended by a fatal error that is no business rule, over all views.",
        formula: Formula::Share("playback_failure"),
        bucket: Bucket::ViewEnd,
        valid: VIEW,
        default: Measurement::Average,
        direction: Direction::LowerIsBetter,
    },
    Metric {
        id: "video_startup_failure_percentage",
        name: "Video startup failure percentage",
        unit: Unit::Ratio,
        definition: "Views ended by a fatal error before the first frame, over all views.",
        formula: Formula::Share("playback_failure AND NOT view_started"),
        bucket: Bucket::ViewEnd,
        valid: VIEW,
        default: Measurement::Average,
        direction: Direction::LowerIsBetter,
    },
    Metric {
        id: "playback_business_exception_percentage",
        name: "Playback business exception percentage",
        unit: Unit::Ratio,
        definition: "Views stopped by a business rule (no right, wrong country), over all views.",
        formula: Formula::Share("playback_business_exception"),
        bucket: Bucket::ViewEnd,
        valid: VIEW,
        default: Measurement::Average,
        direction: Direction::Neither,
    },
    Metric {
        id: "video_startup_business_exception_percentage",
        name: "Video startup business exception percentage",
        unit: Unit::Ratio,
        definition: "Views stopped by a business rule before the first frame, over all views.",
        formula: Formula::Share("playback_business_exception AND NOT view_started"),
        bucket: Bucket::ViewEnd,
        valid: VIEW,
        default: Measurement::Average,
        direction: Direction::Neither,
    },
    Metric {
        id: "exits_before_video_start",
        name: "Exits before video start",
        unit: Unit::Ratio,
        definition: "Views left before the first frame without an error, over all views. A view that is silent for a \
                     minute before its first frame counts as left.",
        formula: Formula::Share("exit_before_video_start"),
        bucket: Bucket::ViewEnd,
        valid: VIEW,
        default: Measurement::Average,
        direction: Direction::LowerIsBetter,
    },
];

/// The metric with this id.
pub fn by_id(id: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.id == id)
}

impl Metric {
    /// The measurements that make sense of it, its default first.
    pub fn offered(&self) -> Vec<Measurement> {
        use Measurement::{Average, Count, Median, Percentile95, Sum};
        let mut offered = vec![self.default];
        let others: &[Measurement] = match self.formula {
            Formula::Views | Formula::Distinct(_) => &[],
            Formula::Share(_) => &[Count],
            Formula::Value(_) if self.unit == Unit::Score => &[Median, Percentile95, Count],
            Formula::Value(_) => &[Average, Median, Percentile95, Sum, Count],
            Formula::Ratio { .. } => &[Median, Percentile95],
        };
        offered.extend(others.iter().filter(|other| **other != self.default));
        offered
    }

    /// The SQL that makes one `Nullable(Float64)` of valid views; `None` if the measurement makes no sense of it.
    pub fn aggregate(&self, measurement: Measurement) -> Option<String> {
        if !self.offered().contains(&measurement) {
            return None;
        }
        let quantile = |level| {
            let value = self.of_one_view()?;
            Some(format!("quantileExactWeightedInterpolatedOrNull({level})({value}, 1)"))
        };
        let expression = match (measurement, self.formula) {
            (Measurement::Median, _) => quantile("0.5")?,
            (Measurement::Percentile95, _) => quantile("0.95")?,
            (Measurement::Average, Formula::Ratio { of, to }) => {
                format!("if(sum({to}) = 0, NULL, sum({of}) / sum({to}))")
            }
            (Measurement::Average, _) => format!("avgOrNull({})", self.of_one_view()?),
            (Measurement::Sum, _) => format!("sum({})", self.of_one_view()?),
            (Measurement::Count, Formula::Distinct(value)) => format!("uniqExact({value})"),
            (Measurement::Count, Formula::Share(condition)) => format!("countIf({condition})"),
            (Measurement::Count, _) => "count()".to_owned(),
        };
        Some(format!("CAST({expression}, 'Nullable(Float64)')"))
    }

    /// The SQL of one valid view's value; `None` for what only many views have.
    pub fn of_one_view(&self) -> Option<String> {
        match self.formula {
            Formula::Views | Formula::Distinct(_) => None,
            Formula::Value(value) => Some(value.to_owned()),
            Formula::Share(condition) => Some(format!("toUInt8({condition})")),
            Formula::Ratio { of, to } => Some(format!("if({to} = 0, NULL, {of} / {to})")),
        }
    }

    /// What the value stays at where there are no views: a count is zero, a quality is unknown.
    pub fn of_no_views(measurement: Measurement) -> Option<f64> {
        matches!(measurement, Measurement::Count | Measurement::Sum).then_some(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_its_own_id_and_its_default() {
        let ids: std::collections::BTreeSet<_> = METRICS.iter().map(|metric| metric.id).collect();
        assert_eq!(ids.len(), METRICS.len());
        for metric in &METRICS {
            assert!(metric.aggregate(metric.default).is_some(), "{}", metric.id);
            for measurement in metric.offered() {
                assert!(metric.aggregate(measurement).is_some(), "{} {measurement:?}", metric.id);
            }
        }
    }
}
