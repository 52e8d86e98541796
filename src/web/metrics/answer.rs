//! The answers about metrics, in the shapes of Mux Data.

use chrono::SecondsFormat;
use serde::Serialize;

use super::{aggregation, known, time};
use crate::{
    event::metric::Measurement,
    store::query::metric::{
        Measure, Point, Totals,
        breakdown::{Group, Groups},
    },
};

/// A metric over a timeframe.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OverallAnswer {
    pub data: Overall,
    pub timeframe: [i64; 2],
    pub total_row_count: Option<u64>,
    pub meta: Meta,
}

/// A metric and the views it is about.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Overall {
    /// Null: there was nothing to measure.
    pub value: Option<f64>,
    /// As many views as the measured ones stand for, as in all totals.
    pub total_views: u64,
    /// Milliseconds.
    pub total_watch_time: u64,
    /// Milliseconds.
    pub total_playing_time: u64,
    /// No longer in use; always null.
    pub global_value: Option<f64>,
}

/// How it was measured.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Meta {
    /// `view_start` or `view_end`.
    pub aggregation: &'static str,
    pub measurement: Measurement,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub granularity: Option<&'static str>,
}

/// A metric over time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TimeseriesAnswer {
    /// Triples: beginning of the step, value (null: nothing to measure), views with a value.
    pub data: Vec<(String, Option<f64>, u64)>,
    pub timeframe: [i64; 2],
    pub total_row_count: usize,
    pub meta: Meta,
}

/// A metric by dimension.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BreakdownAnswer {
    pub data: Vec<BreakdownRow>,
    pub timeframe: [i64; 2],
    pub total_row_count: u64,
    /// What `cursor` takes to go on after the last row; null: there is no more.
    pub next_cursor: Option<String>,
    pub meta: Meta,
}

/// A metric of the views with one value.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BreakdownRow {
    /// Null: not known.
    pub field: Option<String>,
    pub value: Option<f64>,
    pub views: u64,
    /// How far these views move the whole for the worse; docs/metrics.md has the formula.
    pub negative_impact: f64,
    pub total_watch_time: u64,
    pub total_playing_time: u64,
}

impl Meta {
    /// How `measure` was measured.
    pub fn of(measure: Measure, granularity: Option<&'static str>) -> Self {
        let aggregation = aggregation(measure.metric.bucket);
        Self { aggregation, measurement: measure.measurement, granularity }
    }
}

impl OverallAnswer {
    /// The answer; `timeframe` in Unix seconds, as in the others.
    pub fn new(timeframe: [i64; 2], measure: Measure, totals: Totals) -> Self {
        let data = Overall {
            value: totals.value,
            total_views: totals.views,
            total_watch_time: totals.watch_time,
            total_playing_time: totals.playing_time,
            global_value: None,
        };
        Self { data, timeframe, total_row_count: None, meta: Meta::of(measure, None) }
    }
}

impl TimeseriesAnswer {
    /// The answer to steps of the length `granularity` names.
    pub fn new(
        timeframe: [i64; 2],
        measure: Measure,
        granularity: &'static str,
        points: impl Iterator<Item = Point>,
    ) -> Self {
        let data: Vec<_> = points
            .map(|point| (time(point.start_ms, SecondsFormat::Secs), point.value, point.views))
            .collect();
        Self { timeframe, total_row_count: data.len(), meta: Meta::of(measure, Some(granularity)), data }
    }
}

impl BreakdownAnswer {
    /// The answer.
    pub fn new(timeframe: [i64; 2], measure: Measure, groups: Groups, next_cursor: Option<String>) -> Self {
        let row = |group: Group| BreakdownRow {
            field: known(group.field),
            value: group.totals.value,
            views: group.totals.views,
            negative_impact: group.negative_impact,
            total_watch_time: group.totals.watch_time,
            total_playing_time: group.totals.playing_time,
        };
        Self {
            data: groups.groups.into_iter().map(row).collect(),
            timeframe,
            total_row_count: groups.total,
            next_cursor,
            meta: Meta::of(measure, None),
        }
    }
}
