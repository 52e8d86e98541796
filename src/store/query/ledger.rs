//! What is stored of views, counted: for those who wrote down what was acknowledged and want to compare.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{QueryError, source_of, statement::Statement};
use crate::store::Store;

/// What `events` and `views` show of one view.
#[derive(Debug, Clone, PartialEq, Default, Serialize, utoipa::ToSchema)]
pub struct Stored {
    pub view_id: String,
    /// Sequences in `events`, in order, as runs from the first to the last of each.
    #[schema(value_type = Vec<[u64; 2]>)]
    pub sequences: Vec<(u64, u64)>,
    /// Rows in `events`; more than there are sequences would be a fault of ours.
    pub event_rows: u64,
    /// Rows in the table, repeats included that reading hides until they are merged away.
    pub raw_event_rows: u64,
    /// Rows in `views`: one if all is well, none if nothing is known of the view.
    pub view_rows: u64,
    pub figures: Option<Figures>,
}

/// A view's numbers, as in `views`.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Figures {
    pub playing_ms: u32,
    pub watch_ms: u32,
    pub rebuffer_ms: u32,
    pub rebuffer_count: u32,
    pub seek_ms: u32,
    pub seek_count: u32,
    pub startup_ms: Option<u32>,
    /// In the order of watching.
    #[schema(value_type = Vec<[u32; 2]>)]
    pub played_ranges: Vec<(u32, u32)>,
}

#[derive(clickhouse::Row, Deserialize)]
struct EventCount {
    view_id: String,
    sequences: Vec<u64>,
}

#[derive(clickhouse::Row, Deserialize)]
struct RawCount {
    view_id: String,
    rows: u64,
}

#[derive(clickhouse::Row, Deserialize)]
struct ViewFigures {
    view_id: String,
    playing_ms: u32,
    watch_ms: u32,
    rebuffer_ms: u32,
    rebuffer_count: u32,
    seek_ms: u32,
    seek_count: u32,
    video_startup_ms: Option<u32>,
    played_ranges: Vec<(u32, u32)>,
}

impl Store {
    /// What is stored of these views, in their order.
    pub async fn stored(&self, environment: &str, view_ids: &[String]) -> Result<Vec<Stored>, QueryError> {
        if view_ids.is_empty() {
            return Ok(Vec::new());
        }
        let of_views = |columns: &'static str, table: &'static str, grouped: bool| {
            let mut statement = Statement::default();
            statement.sql("SELECT view_id, ").sql(columns);
            source_of(table, environment, &mut statement);
            statement.sql(" AND view_id IN (");
            for (index, view_id) in view_ids.iter().enumerate() {
                statement.sql(if index == 0 { "" } else { ", " }).text(view_id);
            }
            statement.sql(if grouped { ") GROUP BY view_id" } else { ")" });
            statement
        };
        let (events, raw, views) = tokio::try_join!(
            self.rows::<EventCount>(of_views("groupArray(sequence) AS sequences", "events", true)),
            self.rows::<RawCount>(of_views("count() AS rows", "event_rows", true)),
            self.rows::<ViewFigures>(of_views(
                "playing_ms, watch_ms, rebuffer_ms, rebuffer_count, seek_ms, seek_count, video_startup_ms, played_ranges",
                "views",
                false
            )),
        )?;
        let mut found: BTreeMap<String, Stored> = BTreeMap::new();
        for EventCount { view_id, mut sequences } in events {
            let stored = found.entry(view_id).or_default();
            stored.event_rows = sequences.len() as u64;
            sequences.sort_unstable();
            stored.sequences = runs(&sequences);
        }
        for RawCount { view_id, rows } in raw {
            found.entry(view_id).or_default().raw_event_rows = rows;
        }
        for view in views {
            let stored = found.entry(view.view_id).or_default();
            stored.view_rows += 1;
            stored.figures = Some(Figures {
                playing_ms: view.playing_ms,
                watch_ms: view.watch_ms,
                rebuffer_ms: view.rebuffer_ms,
                rebuffer_count: view.rebuffer_count,
                seek_ms: view.seek_ms,
                seek_count: view.seek_count,
                startup_ms: view.video_startup_ms,
                played_ranges: view.played_ranges,
            });
        }
        let in_order = view_ids.iter().map(|view_id| {
            let stored = found.get(view_id).cloned().unwrap_or_default();
            Stored { view_id: view_id.clone(), ..stored }
        });
        Ok(in_order.collect())
    }
}

/// Sorted numbers as runs without gaps; repeats disappear.
fn runs(sorted: &[u64]) -> Vec<(u64, u64)> {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for number in sorted {
        match runs.last_mut() {
            Some((_, last)) if *number <= *last + 1 => *last = *number,
            _ => runs.push((*number, *number)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::runs;

    #[test]
    fn runs_end_at_gaps_and_ignore_repeats() {
        assert_eq!(runs(&[1, 2, 2, 3, 7, 9, 10]), [(1, 3), (7, 7), (9, 10)]);
        assert_eq!(runs(&[]), []);
    }
}
