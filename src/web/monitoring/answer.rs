//! The answers of monitoring, in the shapes that Mux's clients read.

use std::{cmp::Ordering, collections::BTreeMap};

use chrono::SecondsFormat;
use serde::Serialize;

use crate::{
    event::AttributeKey,
    pipeline::live::monitor::{
        Dimension, Group, INTERVAL_MS, Slot,
        ask::{Selection, Tally},
        metric::MonitoringMetric,
    },
    store::query::metric::breakdown::Order,
    web::metrics::{known, time},
};

/// Where the buckets of startup times begin, ms; the last has no end.
const BUCKETS_MS: [u32; 7] = [0, 100, 500, 1_000, 2_000, 5_000, 10_000];

/// Metrics or dimensions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NamesAnswer {
    pub data: Vec<Named>,
    pub timeframe: [i64; 2],
    pub total_row_count: usize,
}

/// A name for programs and one for people.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Named {
    pub name: &'static str,
    pub display_name: &'static str,
}

/// A metric over time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MonitoringTimeseriesAnswer {
    /// One for each interval of five seconds; those nothing is known of are missing.
    pub data: Vec<MonitoringPoint>,
    pub timeframe: [i64; 2],
    pub total_row_count: usize,
}

/// A metric in one interval.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MonitoringPoint {
    /// Its beginning.
    pub date: String,
    /// Null: nothing to measure.
    pub value: Option<f64>,
    pub concurrent_viewers: u64,
}

/// A metric by dimension in the newest interval, or the one asked for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MonitoringBreakdownAnswer {
    pub data: Vec<MonitoringPart>,
    pub timeframe: [i64; 2],
    pub total_row_count: usize,
}

/// A metric of the viewers with one value.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct MonitoringPart {
    /// Null: not known.
    pub value: Option<String>,
    /// For people: the organisation of a network, else the value.
    pub display_value: String,
    /// Null: nothing to measure.
    pub metric_value: Option<f64>,
    pub concurrent_viewers: u64,
    /// Of these, waiting for the first frame.
    pub starting_up_viewers: u64,
    /// How far these viewers move the whole for the worse.
    pub negative_impact: f64,
}

/// A metric by dimension over time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BreakdownTimeseriesAnswer {
    pub data: Vec<BreakdownPoint>,
    pub timeframe: [i64; 2],
    pub total_row_count: usize,
}

/// A metric by dimension in one interval.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BreakdownPoint {
    pub date: String,
    pub values: Vec<MonitoringPart>,
}

/// Startup times over time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HistogramAnswer {
    pub data: Vec<HistogramPoint>,
    pub meta: HistogramMeta,
    pub timeframe: [i64; 2],
    pub total_row_count: usize,
}

/// What the buckets are.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HistogramMeta {
    pub bucket_unit: &'static str,
    pub buckets: Vec<HistogramBucket>,
}

/// From `start` to before `end`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HistogramBucket {
    pub start: u32,
    pub end: Option<u32>,
}

/// The views that started in one interval.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HistogramPoint {
    pub timestamp: String,
    /// How many there were.
    pub sum: u64,
    /// Milliseconds, as all that follows.
    pub average: Option<f64>,
    pub median: Option<f64>,
    pub p95: Option<f64>,
    /// The largest of the buckets' percentages.
    pub max_percentage: f64,
    pub bucket_values: Vec<BucketCount>,
}

/// A bucket's views.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BucketCount {
    pub count: u64,
    /// Part of the interval's, 0 to 1.
    pub percentage: f64,
}

/// How parts are ordered.
#[derive(Debug, Clone, Copy)]
pub struct Ordered {
    pub by: Order,
    pub descending: bool,
}

impl MonitoringPoint {
    /// The metric of a selection in an interval, if that can tell.
    pub fn of(
        (start_ms, slot): (i64, &Slot),
        metric: &MonitoringMetric,
        selection: &Selection,
    ) -> Option<Self> {
        let total = slot.total(selection)?;
        let value = metric.value(&total);
        Some(Self { date: date(start_ms), value, concurrent_viewers: whole(total.concurrent_viewers()) })
    }
}

/// The metric of a selection in an interval by dimension, if that can tell.
pub fn parts(
    slot: &Slot,
    metric: &MonitoringMetric,
    dimension: &'static Dimension,
    selection: &Selection,
    order: Ordered,
) -> Option<Vec<MonitoringPart>> {
    let whole_of_it = slot.total(selection)?;
    let names = names(slot, dimension);
    let part = |(value, tally): (&str, Tally)| MonitoringPart {
        value: known(value.to_owned()),
        display_value: names.get(value).map_or(value, |name| name).to_owned(),
        metric_value: metric.value(&tally),
        concurrent_viewers: whole(tally.concurrent_viewers()),
        starting_up_viewers: whole(tally.starting),
        negative_impact: metric.negative_impact(&tally, &whole_of_it),
    };
    let mut parts: Vec<_> =
        slot.by(selection, |group| group.value(dimension))?.into_iter().map(part).collect();
    parts.sort_by(|a, b| {
        let natural = match order.by {
            Order::NegativeImpact => a.negative_impact.total_cmp(&b.negative_impact),
            Order::Views => a.concurrent_viewers.cmp(&b.concurrent_viewers),
            Order::Field => a.value.cmp(&b.value),
            // Unknown comes last either way.
            Order::Value => match (a.metric_value, b.metric_value) {
                (Some(a), Some(b)) => a.total_cmp(&b),
                (a, b) if order.descending => a.is_some().cmp(&b.is_some()),
                (a, b) => b.is_some().cmp(&a.is_some()),
            },
        };
        let directed = if order.descending { natural.reverse() } else { natural };
        directed.then(b.concurrent_viewers.cmp(&a.concurrent_viewers)).then(a.value.cmp(&b.value))
    });
    Some(parts)
}

/// What people call the values of a dimension, where that is something else.
fn names<'a>(slot: &'a Slot, dimension: &'static Dimension) -> BTreeMap<&'a str, &'a str> {
    if dimension.name != "asn" {
        return BTreeMap::new();
    }
    let organisation = |group| Group::text(group, AttributeKey::AsnOrganization);
    let named = slot.cells.keys().map(|group| (group.value(dimension), organisation(group)));
    named.filter(|(_, name)| !name.is_empty()).collect()
}

impl HistogramPoint {
    /// The startup times of a selection in an interval, if that can tell.
    pub fn of((start_ms, slot): (i64, &Slot), selection: &Selection) -> Option<Self> {
        let weighed = slot.startups(selection)?.map(|(group, ms)| (ms, group.weight()));
        let mut startups: Vec<_> = weighed.collect();
        startups.sort_by_key(|(ms, _)| *ms);
        let sum: f64 = startups.iter().map(|(_, weight)| weight).sum();
        let within = |bucket: usize| {
            let next = BUCKETS_MS.get(bucket + 1).copied().unwrap_or(u32::MAX);
            let inside = startups.iter().filter(|(ms, _)| *ms >= BUCKETS_MS[bucket] && *ms < next);
            let count = inside.fold(0.0, |count, (_, weight)| count + weight);
            BucketCount { count: whole(count), percentage: if sum > 0.0 { count / sum } else { 0.0 } }
        };
        let bucket_values: Vec<_> = (0..BUCKETS_MS.len()).map(within).collect();
        let total: f64 = startups.iter().map(|(ms, weight)| f64::from(*ms) * weight).sum();
        Some(Self {
            timestamp: date(start_ms),
            sum: whole(sum),
            average: (sum > 0.0).then(|| total / sum),
            median: quantile(&startups, 0.5 * sum),
            p95: quantile(&startups, 0.95 * sum),
            max_percentage: bucket_values
                .iter()
                .map(|bucket| bucket.percentage)
                .max_by(f64::total_cmp)
                .unwrap_or(0.0),
            bucket_values,
        })
    }
}

impl HistogramMeta {
    /// The buckets there are.
    pub fn new() -> Self {
        let ends = BUCKETS_MS.iter().skip(1).copied().map(Some).chain([None]);
        let buckets = BUCKETS_MS.iter().zip(ends).map(|(start, end)| HistogramBucket { start: *start, end });
        Self { bucket_unit: "milliseconds", buckets: buckets.collect() }
    }
}

/// The time by which views of this weight had started: an observed one, not interpolated.
fn quantile(startups: &[(u32, f64)], rank: f64) -> Option<f64> {
    let mut seen = 0.0;
    let reached = |(_, weight): &&(u32, f64)| {
        seen += weight;
        // Sums of weights like 3.33 are not exact.
        (seen + 1e-9).partial_cmp(&rank) != Some(Ordering::Less)
    };
    startups.iter().find(reached).map(|(ms, _)| f64::from(*ms))
}

/// An interval as a timeframe, in seconds.
pub fn interval(start_ms: i64) -> [i64; 2] {
    [start_ms / 1000, (start_ms + INTERVAL_MS) / 1000]
}

/// A time as Mux writes it.
pub fn date(unix_ms: i64) -> String {
    time(unix_ms, SecondsFormat::Secs)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts of viewers")]
fn whole(viewers: f64) -> u64 {
    viewers.round() as u64
}
