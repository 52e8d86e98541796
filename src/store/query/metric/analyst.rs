//! The same questions as statements for the SQL port: what a person asks there to get the number that the API tells.
//!
//! Values, conditions and dimensions are written by what writes them for the API, so a formula stands in one place; the
//! layout is a person's: a metric at a time, named columns, no rows of steps that had no views. There is no statement (`None`)
//! for what the tables of analysts do not have.

use super::{
    super::{
        QueryError, Scope, dimension::Dimension, dimension::Page, statement::Statement, timeframe::Step,
    },
    Measure,
    breakdown::{Order, Ranking},
    impact, insight, moment,
};
use crate::event::metric::Bucket;

/// What the API's views have and those of analysts have not; see the migrations.
const WHOLE_WEIGHT: &str = "toUInt64(floor(weight + CRC32(view_id) / 4294967296)) AS whole_weight, ";

impl Measure {
    /// `WITH …`: what its SQL calls by names, ending in a comma.
    pub(super) fn name_for_analysts(&self, to: &mut Statement) {
        let aggregate = self.metric.aggregate(self.measurement, "valid").unwrap_or_default();
        if aggregate.contains("whole_weight") {
            to.sql(WHOLE_WEIGHT);
        }
    }

    /// The metric over all views of a scope: `value`, `views`.
    pub fn overall_in_sql(&self, scope: &Scope) -> Result<Option<String>, QueryError> {
        let mut to = Statement::for_analysts();
        self.names(scope, None, &mut to);
        to.sql("SELECT ")
            .definition(&self.value()?)
            .sql(" AS value, toUInt64(round(sumIf(weight, valid))) AS views");
        scope.source(&mut to);
        to.sql(" AND valid");
        Ok(to.written())
    }

    /// Step by step: `time`, `value`, `views`. Steps without views have no row.
    pub fn timeseries_in_sql(
        &self,
        scope: &Scope,
        step: Step,
        descending: bool,
    ) -> Result<Option<String>, QueryError> {
        let mut to = Statement::for_analysts();
        self.names(scope, Some(step), &mut to);
        to.sql("SELECT fromUnixTimestamp64Milli(step * ").integer(step.ms()).sql(", 'UTC') AS time, ");
        to.definition(&self.value()?).sql(" AS value, toUInt64(round(sumIf(weight, valid))) AS views");
        scope.source(&mut to);
        to.sql(" AND valid GROUP BY step ORDER BY step").sql(if descending { " DESC" } else { "" });
        Ok(to.written())
    }

    /// What drags it down: the API's own statement.
    pub fn insights_in_sql(
        &self,
        scope: &Scope,
        descending: bool,
        page: Page,
    ) -> Result<Option<String>, QueryError> {
        Ok(insight::written(scope, *self, descending, page, Statement::for_analysts())?.written())
    }

    fn names(&self, scope: &Scope, step: Option<Step>, to: &mut Statement) {
        to.sql("WITH ");
        self.name_for_analysts(to);
        to.sql("(").sql(self.metric.valid).sql(") AS valid");
        if step.is_some() || scope.bucket == Bucket::Presence {
            to.sql(", ");
            moment::names(scope, step, to);
        } else {
            to.sql(" ");
        }
    }

    fn value(&self) -> Result<String, QueryError> {
        let unknown = || QueryError::Failed(format!("{} has no {}", self.metric.id, self.measurement.name()));
        self.metric.aggregate(self.measurement, "valid").ok_or_else(unknown)
    }
}

impl Ranking {
    /// By the values of a dimension: `field`, `value`, `views`, `negative_impact`.
    pub fn in_sql(&self, scope: &Scope, dimension: &Dimension) -> Result<Option<String>, QueryError> {
        let mut to = Statement::for_analysts();
        let whole = ["value", "standing_for", "whole", "whole_standing_for"];
        to.sql("SELECT field, value, toUInt64(round(standing_for)) AS views, ")
            .definition(&impact::in_sql(&self.measure, whole));
        to.sql(" AS negative_impact FROM (SELECT *, anyIf(value, NOT is_group) OVER () AS whole, ")
            .sql("anyIf(standing_for, NOT is_group) OVER () AS whole_standing_for FROM (");
        self.measure.names(scope, None, &mut to);
        to.sql("SELECT ");
        dimension.expression(&mut to);
        // True of every view, and so of every group; in the row of the whole it is zero. The port has no grouping().
        to.sql(" AS field, weight > 0 AS is_group, ").definition(&self.measure.value()?);
        to.sql(" AS value, sumIf(weight, valid) AS standing_for");
        scope.source(&mut to);
        to.sql(" AND valid GROUP BY GROUPING SETS ((field, is_group), ()))) WHERE is_group AND standing_for > 0 ORDER BY ");
        let direction = if self.descending { "DESC" } else { "ASC" };
        match self.order {
            Order::Field => to.sql("field ").sql(direction),
            other => to.sql(other.name()).sql(" ").sql(direction).sql(" NULLS LAST, field"),
        };
        let (first, last) = self.part.rows();
        to.sql(" LIMIT ").integer(last - first + 1).sql(" OFFSET ").integer(first - 1);
        Ok(to.written())
    }
}
