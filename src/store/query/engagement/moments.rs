//! What viewers did of the customer's own (`custom` events), by place.

use serde::Deserialize;

use super::{super::source_of, EngagementQuestion, QueryError, Statement, Store};

/// More than this nobody can look at.
const MOST_MOMENTS: i64 = 1_000;

/// How often viewers did something of the customer's own at a place of the video.
#[derive(Debug, Clone, PartialEq, Eq, clickhouse::Row, Deserialize, serde::Serialize, utoipa::ToSchema)]
pub struct Moment {
    /// The event's own name.
    pub name: String,
    /// Where, in whole seconds of the video.
    pub playhead_ms: u64,
    pub count: u64,
}

impl Store {
    /// What viewers did of the customer's own, by second; the most frequent first.
    pub async fn moments(&self, question: &EngagementQuestion) -> Result<Vec<Moment>, QueryError> {
        let timeframe = question.scope.timeframe;
        let mut statement = Statement::default();
        // Counted by identity: a repeat may still stand beside its original.
        statement.sql(
            "SELECT attributes['name'] AS name, assumeNotNull(intDiv(event_rows.playhead_ms, 1000) * 1000) AS playhead_ms, \
             uniqExact(view_id, sequence) AS count",
        );
        source_of("event_rows", &question.scope.environment, &mut statement);
        statement
            .sql(" AND event = 'custom' AND event_rows.playhead_ms IS NOT NULL AND view_start >= ")
            .time(timeframe.from_ms)
            .sql(" AND view_start < ")
            .time(timeframe.to_ms)
            .sql(" AND view_id IN (SELECT view_id");
        question.source(&mut statement);
        statement
            .sql(") GROUP BY name, playhead_ms ORDER BY count DESC, playhead_ms, name LIMIT ")
            .integer(MOST_MOMENTS);
        self.rows(statement).await
    }
}
