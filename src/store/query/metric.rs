//! Metrics over all views of a scope and over time: any number of them in one reading of the views.

pub mod analyst;
pub mod breakdown;
mod impact;
pub mod insight;
mod moment;

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{QueryError, Scope, statement::Statement, timeframe::Step};
use crate::{
    event::metric::{Measurement, Metric},
    store::Store,
};

/// A metric, measured somehow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    pub metric: &'static Metric,
    pub measurement: Measurement,
}

impl Measure {
    /// By its default measurement.
    pub const fn default_of(metric: &'static Metric) -> Self {
        Self { metric, measurement: metric.default }
    }
}

/// A metric over one set of views.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Totals {
    /// `None`: there was nothing to measure.
    pub value: Option<f64>,
    /// As many as the measured ones stand for, as in all that follows.
    pub views: u64,
    pub watch_time: u64,
    pub playing_time: u64,
}

/// A metric in one step of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Unix ms.
    pub start_ms: i64,
    pub value: Option<f64>,
    pub views: u64,
}

#[derive(clickhouse::Row, Deserialize)]
struct TotalsRow {
    values: Vec<Option<f64>>,
    views: Vec<u64>,
    watch_time: Vec<u64>,
    playing_time: Vec<u64>,
}

#[derive(clickhouse::Row, Deserialize)]
struct StepRow {
    step: i64,
    values: Vec<Option<f64>>,
    views: Vec<u64>,
}

/// The measures of one statement, each told by its number.
struct Measures<'a>(&'a [Measure]);

impl Measures<'_> {
    /// `WITH …`: which views each is about, and when a view was there, under a name.
    fn names(&self, scope: &Scope, step: Option<Step>, to: &mut Statement) {
        to.sql("WITH ");
        if to.is_for_analysts() {
            self.0.iter().for_each(|measure| measure.name_for_analysts(to));
        }
        for (number, measure) in self.0.iter().enumerate() {
            to.sql("(").sql(measure.metric.valid).definition(&format!(") AS of_{number}, "));
        }
        moment::names(scope, step, to);
    }

    /// `[…, …]`: the same of each.
    fn each(&self, to: &mut Statement, mut one: impl FnMut(usize, &Measure, &mut Statement)) {
        to.sql("[");
        for (number, measure) in self.0.iter().enumerate() {
            to.sql(if number == 0 { "" } else { ", " });
            one(number, measure, to);
        }
        to.sql("]");
    }

    /// The same of each, as figures that are the same whenever they are asked for. A sum of floats depends in its last
    /// digits on the order of its parts, and the engine reads in any order: without this, two pages of one list differ in
    /// what they are ordered by, groups of the same views change places between them, and no answer has an entity tag
    /// that lasts. 12 decimals of what is below 1, 13 digits of what is above, and whole numbers whole.
    fn each_figure(&self, to: &mut Statement, one: impl FnMut(usize, &Measure, &mut Statement)) {
        to.sql("arrayMap(figure -> round(figure, toInt16(greatest(")
            .sql("12 - ifNotFinite(floor(log10(greatest(abs(figure), 1))), 12), 0))), ");
        self.each(to, one);
        to.sql(")");
    }

    /// Their values.
    fn values(&self, to: &mut Statement) -> Result<(), QueryError> {
        let mut unknown = None;
        self.each_figure(to, |number, Measure { metric, measurement }, to| {
            match metric.aggregate(*measurement, &format!("of_{number}")) {
                Some(aggregate) => drop(to.definition(&aggregate)),
                None => unknown = Some(format!("{} has no {}", metric.id, measurement.name())),
            }
        });
        to.sql(" AS values");
        unknown.map_or(Ok(()), |unknown| Err(QueryError::Failed(unknown)))
    }

    /// Sums over the views each is about. Whole numbers even where a view of a sample stands for 3.3.
    fn totals(&self, columns: &[&'static str], to: &mut Statement) {
        for (name, of_one) in [
            ("views", "weight"),
            ("watch_time", "watch_ms * weight"),
            ("playing_time", "playing_ms * weight"),
        ] {
            if columns.contains(&name) {
                to.sql(", ");
                self.each(to, |number, _, to| {
                    to.definition(&format!("toUInt64(round(sumIf({of_one}, of_{number})))"));
                });
                to.sql(" AS ").sql(name);
            }
        }
    }

    /// ` FROM … WHERE …`: the views of the scope that any of them is about.
    fn source(&self, scope: &Scope, to: &mut Statement) {
        scope.source(to);
        to.sql(" AND (");
        for number in 0..self.0.len() {
            to.sql(if number == 0 { "" } else { " OR " }).definition(&format!("of_{number}"));
        }
        to.sql(")");
    }
}

const ALL_TOTALS: [&str; 3] = ["views", "watch_time", "playing_time"];

impl Store {
    /// Metrics over the whole scope, in the order of the measures.
    pub async fn overall(&self, scope: &Scope, measures: &[Measure]) -> Result<Vec<Totals>, QueryError> {
        let columns = Measures(measures);
        let mut statement = Statement::default();
        columns.names(scope, None, &mut statement);
        statement.sql("SELECT ");
        columns.values(&mut statement)?;
        columns.totals(&ALL_TOTALS, &mut statement);
        columns.source(scope, &mut statement);
        let rows = self.rows::<TotalsRow>(statement).await?;
        let row = rows.first().ok_or_else(|| QueryError::Failed("a total without a row".to_owned()))?;
        (0..measures.len()).map(|number| totals_of(row, number)).collect()
    }

    /// Metrics step by step, oldest first, the steps without views included.
    pub async fn timeseries(
        &self,
        scope: &Scope,
        measures: &[Measure],
        step: Step,
    ) -> Result<Vec<Vec<Point>>, QueryError> {
        let columns = Measures(measures);
        let mut statement = Statement::default();
        columns.names(scope, Some(step), &mut statement);
        statement.sql("SELECT step, ");
        columns.values(&mut statement)?;
        columns.totals(&["views"], &mut statement);
        columns.source(scope, &mut statement);
        statement.sql(" GROUP BY step");
        let rows = self.rows::<StepRow>(statement).await?;
        let known: BTreeMap<i64, StepRow> = rows.into_iter().map(|row| (row.step, row)).collect();
        let series = |(number, measure): (usize, &Measure)| {
            let points = step.numbers(scope.timeframe).map(|step_number| {
                let (value, views) = match known.get(&step_number) {
                    Some(row) => (*nth(&row.values, number)?, *nth(&row.views, number)?),
                    None => (measure.metric.of_no_views(measure.measurement), 0),
                };
                Ok(Point { start_ms: step_number * step.ms(), value, views })
            });
            points.collect()
        };
        measures.iter().enumerate().map(series).collect()
    }
}

fn totals_of(row: &TotalsRow, number: usize) -> Result<Totals, QueryError> {
    Ok(Totals {
        value: *nth(&row.values, number)?,
        views: *nth(&row.views, number)?,
        watch_time: *nth(&row.watch_time, number)?,
        playing_time: *nth(&row.playing_time, number)?,
    })
}

/// The part of an array column that belongs to a measure.
fn nth<T>(column: &[T], number: usize) -> Result<&T, QueryError> {
    column.get(number).ok_or_else(|| QueryError::Failed(format!("a row without measure {number}")))
}
