//! Which parts of a video were watched, exactly, for any selection of its views.
//!
//! A played range plays every bucket it overlaps. Ranges are never cut into seconds: each adds one where it begins and
//! takes one away where it ends, and a running sum over those few places gives the plays of every bucket. The
//! same is done inside each view first, so that a view which saw a bucket twice is two plays and one viewer.

use serde::Deserialize;

use super::{QueryError, Scope, filter::Filter, source_of, statement::Statement};
use crate::store::Store;

/// Longer than a day is a channel, not a video.
const LONGEST_MS: u64 = 24 * 3600 * 1000;

/// Further than this many times where half of the views have got to, nobody has played.
const FAR_BEYOND: i64 = 10;

/// How the length of a video is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Into this many equal buckets.
    Buckets(u32),
    /// Into seconds; the last may be short.
    Seconds,
}

/// Plays and viewers of each bucket.
#[derive(Debug, Clone, PartialEq)]
pub struct Heatmap {
    pub total_views: u64,
    pub plays: Vec<u64>,
    pub viewers: Vec<u64>,
    pub bucket_ms: f64,
    pub moments: Vec<Moment>,
}

/// How often viewers did something of the customer's own (a `custom` event) at a place of the video.
#[derive(Debug, Clone, PartialEq, Eq, clickhouse::Row, Deserialize, serde::Serialize, utoipa::ToSchema)]
pub struct Moment {
    /// The event's own name.
    pub name: String,
    /// Where, in whole seconds of the video.
    pub playhead_ms: u64,
    pub count: u64,
}

/// More than this nobody can look at.
const MOST_MOMENTS: i64 = 1_000;

#[derive(clickhouse::Row, Deserialize)]
struct Extent {
    views: u64,
    duration_ms: u64,
}

/// The plays and viewers from `bucket` on, up to the next such row.
#[derive(clickhouse::Row, Deserialize)]
struct Level {
    bucket: u64,
    plays: i64,
    viewers: i64,
}

impl Store {
    /// The heatmap of one video over the views of a scope.
    pub async fn heatmap(&self, scope: &Scope, video_id: &Filter, cut: Cut) -> Result<Heatmap, QueryError> {
        let mut scope = scope.clone();
        scope.filters.push(video_id.clone());
        let extent = self.extent(&scope).await?;
        let duration_ms = extent.duration_ms.min(LONGEST_MS);
        // A bucket is `duration / buckets` long, as a fraction so that every bucket is equally long.
        let (buckets, numerator, denominator) = match cut {
            Cut::Seconds => (duration_ms.div_ceil(1000), 1, 1000),
            Cut::Buckets(buckets) if duration_ms > 0 => (buckets.into(), u64::from(buckets), duration_ms),
            Cut::Buckets(_) => (0, 1, 1),
        };
        let levels = if buckets == 0 {
            Vec::new()
        } else {
            self.levels(&scope, duration_ms, numerator, denominator).await?
        };
        let moments = self.moments(&scope).await?;
        let length = usize::try_from(buckets).unwrap_or_default();
        Ok(Heatmap {
            moments,
            total_views: extent.views,
            plays: dense(&levels, length, |level| level.plays),
            viewers: dense(&levels, length, |level| level.viewers),
            #[expect(clippy::cast_precision_loss, reason = "both are far below 2^53")]
            bucket_ms: if buckets == 0 { 0.0 } else { denominator as f64 / numerator as f64 },
        })
    }

    /// How many views there are and how long the video is: as most of its views report, else as far as they have played.
    /// One view that reports nonsense must not stretch everybody's heatmap, so what is far beyond the half of all does not
    /// count.
    async fn extent(&self, scope: &Scope) -> Result<Extent, QueryError> {
        let mut statement = Statement::default();
        statement
            .sql(
                "WITH sumMapIf([video_duration_ms], [toUInt64(1)], video_duration_ms > 0) AS reported, \
                 groupArrayIf(end_ms, end_ms > 0) AS ends, \
                 if(empty(ends), 0, arrayReduce('quantileExactHigh(0.5)', ends)) AS middle, \
                 arrayMax(arrayConcat([0], arrayFilter(end -> end <= ",
            )
            .integer(FAR_BEYOND)
            .sql(
                " * middle, ends))) AS furthest \
                 SELECT count() AS views, toUInt64(if(empty(reported.1), furthest, \
                 arraySort((ms, views) -> (-toInt64(views), -toInt64(ms)), reported.1, reported.2)[1])) AS duration_ms \
                 FROM (SELECT video_duration_ms, \
                 toUInt64(arrayMax(arrayConcat([0], arrayMap(range -> range.2, played_ranges)))) AS end_ms",
            );
        scope.source(&mut statement);
        statement.sql(" AND view_attempted)");
        let rows = self.rows::<Extent>(statement).await?;
        rows.into_iter().next().ok_or_else(|| QueryError::Failed("a count without a row".to_owned()))
    }

    /// What viewers did of the customer's own, by second.
    async fn moments(&self, scope: &Scope) -> Result<Vec<Moment>, QueryError> {
        let mut statement = Statement::default();
        // Counted by identity: a repeat may still stand beside its original.
        statement.sql(
            "SELECT attributes['name'] AS name, assumeNotNull(intDiv(event_rows.playhead_ms, 1000) * 1000) AS playhead_ms, \
             uniqExact(view_id, sequence) AS count",
        );
        source_of("event_rows", &scope.environment, &mut statement);
        statement
            .sql(" AND event = 'custom' AND event_rows.playhead_ms IS NOT NULL AND view_start >= ")
            .time(scope.timeframe.from_ms)
            .sql(" AND view_start < ")
            .time(scope.timeframe.to_ms)
            .sql(" AND view_id IN (SELECT view_id");
        scope.source(&mut statement);
        statement
            .sql(") GROUP BY name, playhead_ms ORDER BY count DESC, playhead_ms, name LIMIT ")
            .integer(MOST_MOMENTS);
        self.rows(statement).await
    }

    async fn levels(
        &self,
        scope: &Scope,
        duration_ms: u64,
        numerator: u64,
        denominator: u64,
    ) -> Result<Vec<Level>, QueryError> {
        let [duration, numerator, denominator] =
            [duration_ms, numerator, denominator].map(|value| i64::try_from(value).unwrap_or(i64::MAX));
        let mut statement = Statement::default();
        // `spans`: first bucket and the one after the last of each range. `steps`: up at the first, down after the last,
        // in order, ups before downs so that ranges which touch do not part. `depth`: how many ranges cover a place.
        // `edge`: where the view as a whole begins and ends to cover.
        statement
            .sql("WITH arrayMap(range -> (intDiv(toUInt64(range.1) * ")
            .integer(numerator)
            .sql(", ")
            .integer(denominator)
            .sql("), intDiv(toUInt64(least(range.2, ")
            .integer(duration)
            .sql(")) * ")
            .integer(numerator)
            .sql(" + ")
            .integer(denominator - 1)
            .sql(", ")
            .integer(denominator)
            .sql(")), arrayFilter(range -> range.1 < ")
            .integer(duration)
            .sql(", played_ranges)) AS spans, ")
            .sql("arraySort(step -> (step.1, -step.2), arrayConcat(")
            .sql("arrayMap(span -> (toUInt64(span.1), toInt8(1)), spans), ")
            .sql("arrayMap(span -> (toUInt64(span.2), toInt8(-1)), spans))) AS steps, ")
            .sql("arrayCumSum(arrayMap(step -> toInt64(step.2), steps)) AS depth, ")
            .sql("arrayMap((step, at) -> (step.1, step.2, toInt8(multiIf(step.2 = 1 AND at = 1, 1, ")
            .sql("step.2 = -1 AND at = 0, -1, 0))), steps, depth) AS edges ")
            .sql("SELECT bucket, sum(up) OVER (ORDER BY bucket) AS plays, ")
            .sql("sum(edge) OVER (ORDER BY bucket) AS viewers FROM (")
            .sql("SELECT row.1 AS bucket, sum(toInt64(row.2)) AS up, sum(toInt64(row.3)) AS edge FROM (")
            .sql("SELECT arrayJoin(edges) AS row");
        scope.source(&mut statement);
        statement.sql(" AND view_attempted) GROUP BY bucket) ORDER BY bucket");
        self.rows(statement).await
    }
}

/// One number per bucket from the places where it changes.
fn dense(levels: &[Level], length: usize, of: impl Fn(&Level) -> i64) -> Vec<u64> {
    let mut filled = vec![0; length];
    for (index, level) in levels.iter().enumerate() {
        let from = usize::try_from(level.bucket).unwrap_or(length).min(length);
        let to = levels.get(index + 1).and_then(|next| usize::try_from(next.bucket).ok()).unwrap_or(length);
        filled[from..to.min(length).max(from)].fill(u64::try_from(of(level)).unwrap_or_default());
    }
    filled
}
