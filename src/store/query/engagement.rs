//! What the views of one video have watched, read in one pass; the counting is done by [`crate::event::engagement`].
//!
//! ClickHouse is asked for the played ranges and not for counts: planning a question about `views` costs more than
//! handing over forty thousand of them, and what is counted depends on how long the video is, which only all of them tell.

pub mod alike;
pub mod live;
pub mod moments;
pub mod viewers;

use serde::Deserialize;

use super::{QueryError, Scope, statement::Statement};
use crate::{
    event::engagement::{Curves, Grid, WatchedViews},
    store::Store,
};
use moments::Places;

/// What a view stands for, in millionths, and whether it is over: the beginning of a [`WatchedRow`].
const FACTS: &str = "toInt64(round(weight * 1000000)) AS stands_for, CAST(view_over, 'Bool') AS is_over";

/// The length a view tells of its video, 0 for none. What a player calls the length of a live stream is that of its window.
const LENGTH: &str = "if(stream_type = 'live', 0, video_duration_ms) AS duration_ms";

/// For those who do not ask for moments.
const NO_MOMENTS: &str = "CAST([], 'Array(Tuple(UInt32, String))') AS moments";

/// Which views of which video.
#[derive(Debug, Clone)]
pub struct EngagementQuestion {
    pub scope: Scope,
    pub video_id: String,
    /// One viewer's views only.
    pub viewer_id: Option<String>,
}

impl EngagementQuestion {
    /// The heatmap by the second for the SQL port: `second`, `plays`, `viewers` of those that somebody has played. Seconds
    /// beyond the video's end, which the heatmap leaves out, are rows here.
    pub fn seconds_in_sql(&self) -> Option<String> {
        let mut to = Statement::for_analysts();
        to.sql("SELECT second, toUInt64(round(sum(weight * times))) AS plays, toUInt64(round(sum(weight))) AS viewers FROM (")
            .sql("SELECT weight, arrayJoin(arrayFlatten(arrayMap(played -> range(intDiv(played.1, 1000), ")
            .sql("intDiv(played.2 + 999, 1000)), played_ranges))) AS second, count() AS times");
        self.source(&mut to);
        to.sql(" GROUP BY view_id, weight, second) GROUP BY second ORDER BY second");
        to.written()
    }

    /// ` FROM views WHERE …`, open for further conditions.
    fn source(&self, to: &mut Statement) {
        attempts(&self.scope, to);
        to.sql(" AND video_id = ").text(&self.video_id);
        if let Some(viewer_id) = &self.viewer_id {
            to.sql(" AND viewer_id = ").text(viewer_id);
        }
    }
}

/// ` FROM views WHERE …`: the views of a scope in which somebody tried to watch.
fn attempts(scope: &Scope, to: &mut Statement) {
    scope.source(to);
    to.sql(" AND view_attempted");
}

#[derive(clickhouse::Row, Deserialize)]
struct WatchedRow {
    stands_for: i64,
    is_over: bool,
    duration_ms: u64,
    ranges: Vec<(u32, u32)>,
    moments: Vec<(u32, String)>,
}

impl Store {
    /// The views counted by bucket, on the grid that `cut` makes of the video's length in ms.
    pub async fn curves(
        &self,
        question: &EngagementQuestion,
        cut: impl FnOnce(u64) -> Grid + Send + 'static,
    ) -> Result<Curves, QueryError> {
        let (watched, _) = self.watched(question, NO_MOMENTS).await?;
        aside(move || watched.curves(cut)).await
    }

    /// The views, and the `moments` of all of them, counted.
    async fn watched(
        &self,
        question: &EngagementQuestion,
        moments: &'static str,
    ) -> Result<(WatchedViews, Places), QueryError> {
        let mut statement = Statement::default();
        statement
            .sql("SELECT ")
            .sql(FACTS)
            .sql(", ")
            .sql(LENGTH)
            .sql(", played_ranges AS ranges, ")
            .sql(moments);
        question.source(&mut statement);
        let take = |(watched, places): &mut (WatchedViews, Places), row: WatchedRow| {
            watched.push(row.stands_for, row.is_over, row.duration_ms, wide(row.ranges));
            places.add(row.stands_for, row.moments);
            Ok(())
        };
        self.folded(statement, (WatchedViews::default(), Places::default()), take).await
    }
}

/// Counts where nobody waits for it: millions of views take a second or two.
async fn aside<T: Send + 'static>(count: impl FnOnce() -> T + Send + 'static) -> Result<T, QueryError> {
    tokio::task::spawn_blocking(count).await.map_err(|error| QueryError::Failed(error.to_string()))
}

/// Places of media as the counting takes them.
fn wide(ranges: Vec<(u32, u32)>) -> impl Iterator<Item = (i64, i64)> {
    ranges.into_iter().map(|(from_ms, to_ms)| (from_ms.into(), to_ms.into()))
}
