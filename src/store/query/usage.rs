//! What an environment has used: views, minutes watched, and what was taken in, step by step.

use std::collections::BTreeMap;

use super::{
    LONGEST_VIEW_MS, QueryError, source_of,
    statement::Statement,
    timeframe::{Step, Timeframe},
    views_of,
};
use crate::store::Store;

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Unix ms.
    pub start_ms: i64,
    /// As many as were measured, robots and samples one by one.
    pub views: u64,
    pub watch_ms: u64,
    pub events: u64,
    /// One for each request and view in it.
    pub beacons: u64,
}

impl Store {
    /// What was used in each step of a timeframe, oldest first, the steps without anything included.
    pub async fn usage(
        &self,
        environment: &str,
        timeframe: Timeframe,
        step: Step,
    ) -> Result<Vec<Usage>, QueryError> {
        let mut views = Statement::default();
        views.sql("SELECT ").step("view_start", step).sql(", count(), sum(toUInt64(watch_ms))");
        views_of(environment, &mut views);
        views.sql(" AND view_attempted AND view_start >= ").time(timeframe.from_ms);
        views.sql(" AND view_start < ").time(timeframe.to_ms).sql(" GROUP BY step");

        let mut events = Statement::default();
        events.sql("SELECT ").step("received_at", step);
        events.sql(", count(), uniqExact(log_partition, log_offset, received_at)");
        source_of("event_rows FINAL", environment, &mut events);
        events
            .sql(" AND view_start >= ")
            .time(timeframe.from_ms.saturating_sub(LONGEST_VIEW_MS))
            .sql(" AND received_at >= ")
            .time(timeframe.from_ms)
            .sql(" AND received_at < ")
            .time(timeframe.to_ms)
            .sql(" GROUP BY step");

        let (views, events) =
            tokio::try_join!(self.rows::<(i64, u64, u64)>(views), self.rows::<(i64, u64, u64)>(events))?;
        let mut steps: BTreeMap<i64, Usage> = step
            .numbers(timeframe)
            .map(|number| (number, Usage { start_ms: number * step.ms(), ..Usage::default() }))
            .collect();
        for (number, count, watch_ms) in views {
            if let Some(usage) = steps.get_mut(&number) {
                (usage.views, usage.watch_ms) = (count, watch_ms);
            }
        }
        for (number, count, beacons) in events {
            if let Some(usage) = steps.get_mut(&number) {
                (usage.events, usage.beacons) = (count, beacons);
            }
        }
        Ok(steps.into_values().collect())
    }
}

/// The same for the SQL port: `time`, `views`, `minutes_watched`, `events` of the steps with anything in them. Beacons are in
/// no table of analysts.
pub fn in_sql(timeframe: Timeframe, step: Step) -> Option<String> {
    let Timeframe { from_ms, to_ms } = timeframe;
    let mut to = Statement::for_analysts();
    to.sql("SELECT fromUnixTimestamp64Milli(step * ").integer(step.ms()).sql(
        ", 'UTC') AS time, sum(viewed) AS views, sum(watched_ms) / 60000 AS minutes_watched, \
         sum(told) AS events FROM (SELECT ",
    );
    to.step("view_start", step)
        .sql(", count() AS viewed, sum(toUInt64(watch_ms)) AS watched_ms, toUInt64(0) AS told FROM views")
        .sql(" WHERE view_attempted AND view_start >= ")
        .time(from_ms)
        .sql(" AND view_start < ")
        .time(to_ms)
        .sql(" GROUP BY step UNION ALL SELECT ");
    to.step("received_at", step)
        .sql(", toUInt64(0), toUInt64(0), count() FROM events WHERE view_start >= ")
        .time(from_ms.saturating_sub(LONGEST_VIEW_MS))
        .sql(" AND received_at >= ")
        .time(from_ms)
        .sql(" AND received_at < ")
        .time(to_ms)
        .sql(" GROUP BY step) GROUP BY step ORDER BY step");
    to.written()
}

impl Statement {
    /// The number of the step a time is in, as `step`.
    fn step(&mut self, column: &'static str, step: Step) -> &mut Self {
        self.sql("toInt64(intDiv(toUnixTimestamp64Milli(")
            .sql(column)
            .sql("), ")
            .integer(step.ms())
            .sql(")) AS step")
    }
}
