//! What is known of the timelines of views that the processor does not remember, asked of ClickHouse: after a restart, and
//! for views that go on after a long pause. And the courses that a processor of an earlier version has left behind.

use std::{collections::BTreeMap, sync::Arc};

use clickhouse::{Row, error::Error};
use serde::Deserialize;

use super::{memory::ViewKey, starts::RECENT_MS};
use crate::{
    event::{
        course::Known,
        timeline::{Moment, Timeline},
    },
    store::{Store, query::MAX_QUERY_BYTES},
};

/// Views asked for at once.
const CHUNK: usize = 1_000;

#[derive(Row, Deserialize)]
struct Line {
    environment: String,
    view_id: String,
    start_ms: i64,
    last_t_ms: Option<i64>,
    moments: Vec<(u64, (u8, i64, u64))>,
}

/// Reckons the courses of views that were written without one: by processors of an earlier version, which may run on after
/// the schema has changed. ClickHouse does it, of the days in which a view can go on.
///
/// # Errors
/// When ClickHouse cannot be asked; the same call does it later.
pub async fn catch_up(store: &Store) -> Result<(), Error> {
    let insert = "INSERT INTO view_states (environment, view_start, view_id, course, course_ranges) \
        SELECT environment, view_start, view_id, reckoned, reckoned_ranges FROM reckoned_courses \
        WHERE is_lagging AND view_start >= now64(3, 'UTC') - toIntervalMillisecond(?)";
    // The derivation is long, and evaluated lazily it is done anew for each total.
    let insert = store.client.query(insert).bind(RECENT_MS);
    insert.with_setting("short_circuit_function_evaluation", "disable").execute().await
}

/// What ClickHouse knows of the timelines of `views`, which are given with their start in Unix ms; nothing is known of those
/// that are not in the answer, which makes them known too.
///
/// # Errors
/// When ClickHouse cannot be asked: the batch has to wait.
pub async fn look_up(
    store: &Store,
    views: &BTreeMap<ViewKey, i64>,
) -> Result<BTreeMap<ViewKey, Known>, Error> {
    let mut known: BTreeMap<ViewKey, Known> =
        views.keys().map(|key| (key.clone(), Known::default())).collect();
    let keys: Vec<(&ViewKey, i64)> = views.iter().map(|(key, start_ms)| (key, *start_ms)).collect();
    for chunk in keys.chunks(CHUNK) {
        for line in lines(store, chunk).await? {
            let key = (Arc::from(line.environment.as_str()), Arc::from(line.view_id.as_str()));
            // An id may have been used before: that view is another one.
            if views.get(&key) == Some(&line.start_ms) {
                known.insert(key, line.known());
            }
        }
    }
    Ok(known)
}

async fn lines(store: &Store, views: &[(&ViewKey, i64)]) -> Result<Vec<Line>, Error> {
    let environments: Vec<&str> = views.iter().map(|((environment, _), _)| environment.as_ref()).collect();
    let ids: Vec<&str> = views.iter().map(|((_, id), _)| id.as_ref()).collect();
    let starts = || views.iter().map(|(_, start_ms)| *start_ms);
    let select = "SELECT environment, view_id, toUnixTimestamp64Milli(view_start) AS start_ms, \
        max(view_states.last_t_ms) AS last_t_ms, maxMap(timeline) AS moments FROM view_states \
        WHERE environment IN ? AND view_id IN ? AND view_start >= fromUnixTimestamp64Milli(?, 'UTC') \
        AND view_start <= fromUnixTimestamp64Milli(?, 'UTC') GROUP BY environment, view_start, view_id";
    let lines = store.client.query(select).with_setting("max_query_size", MAX_QUERY_BYTES);
    let lines = lines.bind(environments).bind(ids);
    lines.bind(starts().min().unwrap_or(0)).bind(starts().max().unwrap_or(0)).fetch_all().await
}

impl Line {
    fn known(self) -> Known {
        let moments = self
            .moments
            .into_iter()
            .map(|(order, (state, playhead_ms, bitrate))| (order, Moment { state, playhead_ms, bitrate }));
        Known { timeline: Timeline(moments.collect()), last_t_ms: self.last_t_ms }
    }
}
