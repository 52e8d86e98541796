//! Live streams, where the playhead slides: when viewers watched, and what of the programme they saw.
//!
//! A player's playhead in a live stream begins anywhere, so places of two viewers cannot be compared. Two clocks can:
//! - **UTC**: when it was watched. The events of a view say where the playhead stood when; between two events it was
//!   playing as far as the playhead moved.
//! - **Programme**: when what was watched had been at the live edge. An event that knows how far behind the live edge it
//!   is (`live_latency_ms`) ties the playhead to that time: programme = time − latency at that playhead. The middle one of
//!   what a view's events say moves its played ranges there, exact as they are, pauses and rewinding included. A view
//!   that never says its latency is placed as though it had been at the edge when it was nearest to it.

use serde::Deserialize;

use super::{super::source_of, EngagementQuestion, FACTS, QueryError, Scope, Statement, Store, aside, wide};
use crate::event::engagement::{Curves, Grid, WatchedViews};

/// A view may have begun so long before the timeframe.
const BEGUN_BEFORE_MS: i64 = 24 * 3600 * 1000;
/// Longest time between two events of which the playhead's way is believed, ms; as for timelines.
const MOST_MS: i64 = 300_000;
/// Pieces this close together, ms, are one, as in timelines: events do not report to the frame.
const SEAM_MS: i64 = 250;
/// Latencies beyond a day are no latencies, ms.
const LONGEST_LATENCY_MS: i64 = 24 * 3600 * 1000;

/// What a place on a live curve means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveClock {
    /// When it was watched.
    Utc,
    /// When what was watched was at the live edge.
    Programme,
}

impl LiveClock {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Utc, Self::Programme];

    /// The word for it in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utc => "utc",
            Self::Programme => "programme",
        }
    }
}

/// What the views under way in a timeframe have watched, on a clock that begins with it.
#[derive(Debug, Clone)]
pub struct LiveCurves {
    pub curves: Curves,
    /// How many measured views never said how far behind the live edge they are.
    pub without_latency: u64,
}

#[derive(clickhouse::Row, Deserialize)]
struct LiveRow {
    stands_for: i64,
    is_over: bool,
    ranges: Vec<(u32, u32)>,
    /// Unix ms.
    watched: Vec<(i64, i64)>,
    /// Programme time (Unix ms) minus playhead.
    programme_ms: i64,
    /// Never says how far behind the live edge it is, and is placed all the same.
    lacks_latency: bool,
}

impl Store {
    /// The views under way in the timeframe counted by bucket of it.
    pub async fn live_curves(
        &self,
        question: &EngagementQuestion,
        clock: LiveClock,
        grid: Grid,
    ) -> Result<LiveCurves, QueryError> {
        let from_ms = question.scope.timeframe.from_ms;
        let question = under_way(question);
        let mut statement = Statement::default();
        statement
            .sql("SELECT stands_for, is_over, ranges, watched, programme_ms, lacks_latency FROM (SELECT view_id, ")
            .sql(FACTS)
            .sql(", played_ranges AS ranges");
        source(&question, from_ms, &mut statement);
        statement.sql(") AS seen LEFT JOIN (");
        told(&question, from_ms, &mut statement);
        statement.sql(") AS told USING view_id");
        let mut views = WatchedViews::default();
        let mut without_latency = 0;
        for row in self.rows::<LiveRow>(statement).await? {
            let (ranges, offset_ms) = match clock {
                LiveClock::Utc => (row.watched, 0),
                LiveClock::Programme => (wide(row.ranges).collect(), row.programme_ms),
            };
            let placed = ranges
                .into_iter()
                .map(|(from, to)| [from, to].map(|ms| ms.saturating_add(offset_ms).saturating_sub(from_ms)));
            views.push(row.stands_for, row.is_over, 0, placed.map(|[from, to]| (from, to)));
            without_latency += u64::from(row.lacks_latency);
        }
        let curves = aside(move || Curves::of(grid, views.iter())).await?;
        Ok(LiveCurves { curves, without_latency })
    }
}

/// The same question about those who had begun before.
fn under_way(question: &EngagementQuestion) -> EngagementQuestion {
    let mut question = question.clone();
    question.scope.timeframe.from_ms -= BEGUN_BEFORE_MS;
    question
}

fn source(question: &EngagementQuestion, from_ms: i64, to: &mut Statement) {
    question.source(to);
    to.sql(" AND view_end >= ").time(from_ms);
}

/// What the events of each view say of its playhead and of its distance from the live edge. `reports` are time, sequence,
/// playhead and whether it is about to jump, in order; `pieces` are the times between two of them in which the playhead
/// went forward no faster than players do. Less than a seam in a longer time is the edge of a pause, told a frame late.
fn told(question: &EngagementQuestion, from_ms: i64, to: &mut Statement) {
    let Scope { environment, timeframe, .. } = &question.scope;
    to.sql("WITH min(anchor_ms) AS anchor, toInt64OrZero(attributes['live_latency_ms']) AS latency_ms, ")
        .sql("toInt64(assumeNotNull(event_rows.playhead_ms)) AS place_ms, latency_ms > 0 AND latency_ms < ")
        .integer(LONGEST_LATENCY_MS)
        .sql(" AS is_behind, arraySort(groupArray((t_ms, sequence, place_ms, event = 'seeking'))) AS reports, ")
        .sql("arrayFilter(piece -> piece.2 > piece.1, arrayMap((a, b) -> if(NOT a.4 AND b.1 - a.1 BETWEEN 1 AND ")
        .integer(MOST_MS)
        .sql(" AND b.3 - a.3 BETWEEN 1 AND 4 * (b.1 - a.1) + 1000 AND (b.3 - a.3 >= ")
        .integer(SEAM_MS)
        .sql(" OR 2 * (b.3 - a.3) >= b.1 - a.1), (a.1, a.1 + least(b.1 - a.1, b.3 - a.3)), ")
        .sql("(toInt64(0), toInt64(0))), arrayPopBack(reports), arrayPopFront(reports))) AS pieces, ")
        .sql("arraySplit((piece, before) -> piece.1 > before.2 + ")
        .integer(SEAM_MS)
        .sql(", pieces, arrayShiftRight(pieces, 1)) AS joined ")
        .sql("SELECT view_id, arrayMap(one -> (one[1].1 + anchor, one[-1].2 + anchor), ")
        .sql("arrayFilter(one -> notEmpty(one), joined)) AS watched, ")
        .sql("CAST(countIf(is_behind) = 0, 'Bool') AS lacks_latency, anchor + if(lacks_latency, ")
        .sql("min(t_ms - place_ms), quantileExactIf(0.5)(t_ms - latency_ms - place_ms, is_behind)) AS programme_ms");
    source_of("event_rows", environment, to);
    to.sql(" AND view_start >= ")
        .time(timeframe.from_ms)
        .sql(" AND view_start < ")
        .time(timeframe.to_ms)
        .sql(" AND event_rows.playhead_ms IS NOT NULL AND view_id IN (SELECT view_id");
    source(question, from_ms, to);
    to.sql(") GROUP BY view_id");
}
