//! The other videos of a tenant that are about as long as one: what is typical rests on them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{EngagementQuestion, FACTS, QueryError, Statement, Store, attempts, wide};
use crate::event::engagement::{
    WatchedViews,
    typical::{LEAST_VIEWS, LIKE_LENGTH, MOST_VIDEOS, MOST_VIEWS},
};

/// A video of like length.
#[derive(Debug, Clone)]
pub struct LikeVideo {
    pub length_ms: u64,
    /// So many of its views, chosen by their ids.
    pub views: WatchedViews,
}

#[derive(clickhouse::Row, Deserialize)]
struct Candidate {
    video_id: String,
    length_ms: u64,
}

#[derive(clickhouse::Row, Deserialize)]
struct ViewOfLike {
    video_id: String,
    stands_for: i64,
    is_over: bool,
    ranges: Vec<(u32, u32)>,
}

impl Store {
    /// Other videos about as long as `length_ms`, those first watched last in the timeframe, with what their views have
    /// watched.
    pub async fn like_videos(
        &self,
        question: &EngagementQuestion,
        length_ms: u64,
    ) -> Result<Vec<LikeVideo>, QueryError> {
        let candidates = self.candidates(question, length_ms).await?;
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        let mut statement = Statement::default();
        statement.sql("SELECT video_id, ").sql(FACTS).sql(", played_ranges AS ranges");
        attempts(&question.scope, &mut statement);
        statement.sql(" AND view_started AND video_id IN (");
        for (index, candidate) in candidates.iter().enumerate() {
            statement.sql(if index == 0 { "" } else { ", " }).text(&candidate.video_id);
        }
        // By checksum: the same views each time, and as good as drawn by lot.
        statement
            .sql(") ORDER BY CRC32(view_id), view_id LIMIT ")
            .integer(MOST_VIEWS.into())
            .sql(" BY video_id");
        let mut views: BTreeMap<String, WatchedViews> = BTreeMap::new();
        for row in self.rows::<ViewOfLike>(statement).await? {
            views.entry(row.video_id).or_default().push(row.stands_for, row.is_over, 0, wide(row.ranges));
        }
        let videos = candidates.into_iter().filter_map(|Candidate { video_id, length_ms }| {
            views.remove(&video_id).map(|views| LikeVideo { length_ms, views })
        });
        Ok(videos.collect())
    }

    async fn candidates(
        &self,
        question: &EngagementQuestion,
        length_ms: u64,
    ) -> Result<Vec<Candidate>, QueryError> {
        let mut statement = Statement::default();
        statement.sql(
            "WITH sumMapIf([video_duration_ms], [toUInt64(1)], video_duration_ms > 0) AS reported \
             SELECT video_id, toUInt64(arraySort((ms, views) -> (-toInt64(views), -toInt64(ms)), \
             reported.1, reported.2)[1]) AS length_ms",
        );
        attempts(&question.scope, &mut statement);
        statement
            .sql(" AND stream_type != 'live' AND video_id NOT IN ('', ")
            .text(&question.video_id)
            .sql(") GROUP BY video_id HAVING countIf(view_started) >= ")
            .integer(LEAST_VIEWS.into());
        let [shortest, longest] = like(length_ms);
        statement.sql(" AND length_ms >= ").number(shortest).sql(" AND length_ms <= ").number(longest);
        statement.sql(" ORDER BY min(view_start) DESC, video_id LIMIT ").integer(MOST_VIDEOS.into());
        self.rows(statement).await
    }
}

/// The shortest and the longest video that is like one of this length, ms.
#[expect(clippy::cast_precision_loss, reason = "a length of a day at most")]
fn like(length_ms: u64) -> [f64; 2] {
    let length_ms = length_ms as f64;
    [length_ms / LIKE_LENGTH, length_ms * LIKE_LENGTH]
}
