//! A metric over all views of a scope, over time, and by dimension.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    QueryError, Scope,
    dimension::{Dimension, Page},
    statement::Statement,
    time_column,
    timeframe::Step,
};
use crate::{
    event::metric::{Direction, Measurement, Metric},
    store::Store,
};

/// What is asked: a metric, measured somehow, of a scope.
#[derive(Debug, Clone)]
pub struct MetricQuestion {
    pub metric: &'static Metric,
    pub measurement: Measurement,
    pub scope: Scope,
}

/// A metric over one set of views.
#[derive(Debug, Clone, PartialEq, clickhouse::Row, Deserialize)]
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

/// A metric of the views with one value of a dimension.
#[derive(Debug, Clone, PartialEq, clickhouse::Row, Deserialize)]
pub struct Group {
    /// Empty: not known.
    pub field: String,
    pub value: Option<f64>,
    pub views: u64,
    pub watch_time: u64,
    pub playing_time: u64,
    /// How far this group moves the whole for the worse; see [`impact`].
    pub negative_impact: f64,
    /// How many groups there are in all.
    pub groups: u64,
}

/// What groups are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    NegativeImpact,
    Value,
    Views,
    Field,
}

impl Order {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::NegativeImpact, Self::Value, Self::Views, Self::Field];

    /// The word for it in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NegativeImpact => "negative_impact",
            Self::Value => "value",
            Self::Views => "views",
            Self::Field => "field",
        }
    }
}

/// Whole numbers even where a view of a sample stands for 3.3.
const TOTALS: &str = " AS value, toUInt64(round(sum(weight))) AS views, \
     toUInt64(round(sum(watch_ms * weight))) AS watch_time, toUInt64(round(sum(playing_ms * weight))) AS playing_time";

impl MetricQuestion {
    fn aggregate(&self, to: &mut Statement) -> Result<(), QueryError> {
        let aggregate = self.metric.aggregate(self.measurement).ok_or_else(|| {
            QueryError::Failed(format!("{} has no {}", self.metric.id, self.measurement.name()))
        })?;
        to.definition(&aggregate);
        Ok(())
    }

    fn source(&self, to: &mut Statement) {
        self.scope.source(to);
        to.sql(" AND (").sql(self.metric.valid).sql(")");
    }
}

impl Store {
    /// The metric over the whole scope.
    pub async fn overall(&self, question: &MetricQuestion) -> Result<Totals, QueryError> {
        let mut statement = Statement::default();
        statement.sql("SELECT ");
        question.aggregate(&mut statement)?;
        statement.sql(TOTALS);
        question.source(&mut statement);
        let rows = self.rows::<Totals>(statement).await?;
        rows.into_iter().next().ok_or_else(|| QueryError::Failed("a total without a row".to_owned()))
    }

    /// The metric step by step, oldest first, the steps without views included.
    pub async fn timeseries(&self, question: &MetricQuestion, step: Step) -> Result<Vec<Point>, QueryError> {
        let mut statement = Statement::default();
        statement
            .sql("SELECT toInt64(intDiv(toUnixTimestamp64Milli(")
            .sql(time_column(question.scope.bucket))
            .sql("), ")
            .integer(step.ms())
            .sql(")) AS step, ");
        question.aggregate(&mut statement)?;
        statement.sql(" AS value, toUInt64(round(sum(weight))) AS views");
        question.source(&mut statement);
        statement.sql(" GROUP BY step");
        let rows = self.rows::<(i64, Option<f64>, u64)>(statement).await?;
        let known: BTreeMap<_, _> =
            rows.into_iter().map(|(step, value, views)| (step, (value, views))).collect();
        let nothing = (Metric::of_no_views(question.measurement), 0);
        let points = step.numbers(question.scope.timeframe).map(|number| {
            let (value, views) = known.get(&number).copied().unwrap_or(nothing);
            Point { start_ms: number * step.ms(), value, views }
        });
        Ok(points.collect())
    }

    /// The metric for each value of a dimension.
    pub async fn breakdown(
        &self,
        question: &MetricQuestion,
        dimension: &Dimension,
        order: Order,
        descending: bool,
        page: Page,
    ) -> Result<Vec<Group>, QueryError> {
        let mut statement = Statement::default();
        statement
            .sql("SELECT field, value, views, watch_time, playing_time, ")
            .sql(impact(question.metric.direction))
            .sql(" AS negative_impact, groups FROM (SELECT *, ")
            .sql("anyIf(value, total) OVER () AS whole, anyIf(standing_for, total) OVER () AS whole_standing_for, ")
            .sql("countIf(NOT total) OVER () AS groups FROM (SELECT ");
        dimension.expression(&mut statement);
        // One reading of the views gives the groups and the whole they are part of.
        statement.sql(" AS field, grouping(field) = 1 AS total, ");
        question.aggregate(&mut statement)?;
        statement.sql(TOTALS).sql(", sum(weight) AS standing_for");
        question.source(&mut statement);
        statement.sql(" GROUP BY GROUPING SETS ((field), ()))) WHERE NOT total ORDER BY ").sql(order.name());
        statement.sql(if descending { " DESC NULLS LAST, field" } else { " ASC NULLS LAST, field" });
        page.limit(&mut statement);
        self.rows(statement).await
    }
}

/// How far a group moves the whole for the worse: its distance from the whole, weighted by its part of the views.
/// For averages and shares these add up to nothing over all groups, so they can be compared: a rare value that is
/// terrible and a common one that is slightly bad stand side by side by the harm they do. Negative is for the better.
const fn impact(direction: Direction) -> &'static str {
    match direction {
        Direction::Neither => "toFloat64(0)",
        Direction::LowerIsBetter => "ifNull((value - whole) * standing_for / whole_standing_for, 0)",
        Direction::HigherIsBetter => "ifNull((whole - value) * standing_for / whole_standing_for, 0)",
    }
}
