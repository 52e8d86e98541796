//! The metrics, each defined once: what it means, which views it is about, and how it is computed.
//!
//! The API, its document and the SQL all come from [`METRICS`] ([`registry`]). Expressions are over the columns of the
//! ClickHouse view `views` (one row per view). Definitions follow Mux Data's where those are public, so that figures can
//! be compared. Three rules hold for all: a metric without anything to measure is unknown (null), never zero;
//! percentiles are exact, so that the same question always has the same answer; and a view of a sample counts for as
//! many views as it stands for (`weight`).

mod registry;
pub mod score;

pub use registry::METRICS;

/// Which time puts a view into a timeframe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    /// Engagement: a view counts when it began.
    ViewStart,
    /// Experience: a view counts when it ended, or as far as it has come.
    ViewEnd,
    /// Presence: a view counts as long as it is there, from its start to its end, or as far as it has come.
    Presence,
}

impl Bucket {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::ViewStart, Self::ViewEnd, Self::Presence];
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
    /// A part of a whole: 0 to 1. Scaling may be more.
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
    #[serde(rename = "25th")]
    Percentile25,
    #[serde(rename = "median")]
    Median,
    #[serde(rename = "75th")]
    Percentile75,
    #[serde(rename = "90th")]
    Percentile90,
    #[serde(rename = "95th")]
    Percentile95,
    #[serde(rename = "99th")]
    Percentile99,
    #[serde(rename = "count")]
    Count,
    #[serde(rename = "sum")]
    Sum,
    /// The most at any one time.
    #[serde(rename = "max")]
    Maximum,
}

impl Measurement {
    /// The word for it in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Average => "avg",
            Self::Percentile25 => "25th",
            Self::Median => "median",
            Self::Percentile75 => "75th",
            Self::Percentile90 => "90th",
            Self::Percentile95 => "95th",
            Self::Percentile99 => "99th",
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Maximum => "max",
        }
    }

    /// The part of the views a percentile is not exceeded by; `None` for what is none.
    const fn level(self) -> Option<f64> {
        match self {
            Self::Percentile25 => Some(0.25),
            Self::Median => Some(0.5),
            Self::Percentile75 => Some(0.75),
            Self::Percentile90 => Some(0.9),
            Self::Percentile95 => Some(0.95),
            Self::Percentile99 => Some(0.99),
            Self::Average | Self::Count | Self::Sum | Self::Maximum => None,
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
    /// How long something took that some did not wait for: those who left count as having waited at least `ms`.
    Wait { ms: &'static str, left: &'static str },
    /// How many views are there at the same time. Its [`Bucket`] is [`Bucket::Presence`], and who asks names
    /// `present_from_ms` and `present_to_ms`, the part of the view within the time asked about, and `present_of_ms`, the
    /// length of that time.
    Concurrent,
}

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq)]
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

/// The metric with this id.
pub fn by_id(id: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.id == id)
}

/// Ids of Mux Data that are no metrics here, and why.
pub const ABSENT: [(&str, &str); 2] = [
    (
        "live_stream_latency",
        "it leaves out viewers who are far behind, by a rule that is not public; `live_latency` is of all who say it",
    ),
    (
        "view_content_startup_time",
        "no beacon says when the video began behind an ad; `video_startup_time` with the filter `preroll_played:false` is \
         the same of views without one",
    ),
];

/// Why there is no metric `id`, if it is one of Mux Data's.
pub fn absent(id: &str) -> Option<String> {
    let (_, why) = ABSENT.iter().find(|(absent, _)| *absent == id)?;
    Some(format!("Mux Data's `{id}` is not there: {why}"))
}

impl Metric {
    /// The measurements that make sense of it, its default first.
    pub fn offered(&self) -> Vec<Measurement> {
        use Measurement::{
            Average, Count, Maximum, Median, Percentile25, Percentile75, Percentile90, Percentile95,
            Percentile99, Sum,
        };
        const PERCENTILES: [Measurement; 6] =
            [Percentile25, Median, Percentile75, Percentile90, Percentile95, Percentile99];
        let (percentiles, others): (&[Measurement], &[Measurement]) = match self.formula {
            Formula::Views | Formula::Distinct(_) => (&[], &[]),
            Formula::Share(_) => (&[], &[Count]),
            Formula::Value(_) if self.unit == Unit::Score => (&PERCENTILES, &[Count]),
            Formula::Value(_) => (&PERCENTILES, &[Average, Sum, Count]),
            Formula::Ratio { .. } | Formula::Wait { .. } => (&PERCENTILES, &[]),
            Formula::Concurrent => (&[], &[Maximum, Average]),
        };
        let mut offered = vec![self.default];
        offered.extend(percentiles.iter().chain(others).filter(|other| **other != self.default));
        offered
    }

    /// The SQL that makes one `Nullable(Float64)` of the valid views that the column `of` is true of, each as often as its
    /// weight says; `None` if the measurement makes no sense of it.
    pub fn aggregate(&self, measurement: Measurement, of: &str) -> Option<String> {
        if !self.offered().contains(&measurement) {
            return None;
        }
        let quantile = |level| match self.formula {
            Formula::Wait { ms, left } => Some(waited_by(level, ms, left, of)),
            _ => {
                let value = self.of_one_view()?;
                Some(format!(
                    "quantileExactWeightedInterpolatedOrNullIf({level})({value}, whole_weight, {of})"
                ))
            }
        };
        let expression = match (measurement, self.formula) {
            (
                Measurement::Percentile25
                | Measurement::Median
                | Measurement::Percentile75
                | Measurement::Percentile90
                | Measurement::Percentile95
                | Measurement::Percentile99,
                _,
            ) => quantile(measurement.level()?)?,
            (Measurement::Average, Formula::Ratio { of: above, to: below }) => {
                format!("sumIf({above} * weight, {of}) / nullIf(sumIf({below} * weight, {of}), 0)")
            }
            (Measurement::Average, Formula::Concurrent) => {
                format!("sumIf((present_to_ms - present_from_ms) * weight, {of}) / present_of_ms")
            }
            (Measurement::Maximum, _) => most_at_once(of),
            (Measurement::Average, _) => {
                format!("avgWeightedOrNullIf({}, weight, {of})", self.of_one_view()?)
            }
            (Measurement::Sum, _) => format!("sumIf(({}) * weight, {of})", self.of_one_view()?),
            // Not scaled: a viewer of whom ten views were measured is one, however many more there were.
            (Measurement::Count, Formula::Distinct(value)) => format!("uniqExactIf({value}, {of})"),
            (Measurement::Count, Formula::Share(condition)) => {
                format!("sumIf(weight, {of} AND ({condition}))")
            }
            (Measurement::Count, _) => format!("sumIf(weight, {of})"),
        };
        Some(format!("CAST({expression}, 'Nullable(Float64)')"))
    }

    /// The SQL of one valid view's value; `None` for what only many views have.
    pub fn of_one_view(&self) -> Option<String> {
        match self.formula {
            Formula::Views | Formula::Distinct(_) | Formula::Wait { .. } | Formula::Concurrent => None,
            Formula::Value(value) => Some(value.to_owned()),
            Formula::Share(condition) => Some(format!("toUInt8({condition})")),
            Formula::Ratio { of, to } => Some(format!("{of} / nullIf({to}, 0)")),
        }
    }

    /// The same of any view, as `Nullable(Float64)`: null where the metric is not about the view.
    pub fn of_any_view(&self) -> Option<String> {
        let value = self.of_one_view()?;
        Some(format!("CAST(if({}, {value}, NULL), 'Nullable(Float64)')", self.valid))
    }

    /// What the value stays at where there are no views: a count is zero, a quality is unknown.
    pub fn of_no_views(&self, measurement: Measurement) -> Option<f64> {
        let counts = matches!(measurement, Measurement::Count | Measurement::Sum);
        (counts || self.formula == Formula::Concurrent).then_some(0.0)
    }
}

/// The SQL of the largest number of views there at one time: everyone comes and goes, and who goes goes first.
fn most_at_once(of: &str) -> String {
    let turns = "[(present_from_ms, weight), (present_to_ms, 0 - weight)]";
    format!("greatest(arrayMax(arrayCumSum(turn -> turn.2, arraySort(groupArrayArrayIf({turns}, {of})))), 0)")
}

/// The SQL of the time by which `level` of those who wait would be done if nobody left: the Kaplan-Meier estimate.
///
/// From the shortest wait to the longest: who is done takes their part from those still waiting, who left only makes
/// these fewer. Null if too many left to say. A sum of logarithms stands for the product, hence the small allowance.
fn waited_by(level: f64, ms: &str, left: &str, of: &str) -> String {
    let waits =
        format!("arraySort(groupArrayIf((toFloat64({ms}), toUInt8({left}), weight), {of})) AS waits_{of}");
    let through = format!("arrayCumSum(wait -> wait.3, waits_{of}) AS through_{of}");
    let remaining = format!("through_{of}[-1] - until");
    format!(
        "arrayFirstOrNull((wait_ms, waiting) -> exp(waiting) <= {left_over}, arrayMap(wait -> wait.1, ({waits})), \
         arrayCumSum((wait, until) -> if(wait.2 = 1, 0, \
         log(greatest({remaining}, 0) / (greatest({remaining}, 0) + wait.3))), waits_{of}, ({through})))",
        left_over = 1.0 - level + 1e-9,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_its_own_id_and_its_default() {
        let ids: std::collections::BTreeSet<_> = METRICS.iter().map(|metric| metric.id).collect();
        assert_eq!(ids.len(), METRICS.len());
        for metric in &METRICS {
            assert!(metric.aggregate(metric.default, "1").is_some(), "{}", metric.id);
            for measurement in metric.offered() {
                assert!(metric.aggregate(measurement, "1").is_some(), "{} {measurement:?}", metric.id);
            }
        }
    }
}
