//! Who watched which parts of a video: viewer by viewer, or view by view.

use serde::Deserialize;

use super::{
    super::{dimension::Page, views_of},
    EngagementQuestion, QueryError, Statement, Store,
};

/// What makes a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOf {
    /// All views of one viewer; a view whose viewer is not known is a row of its own.
    Viewer,
    /// One view.
    View,
}

impl RowOf {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Viewer, Self::View];

    /// The word for it in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer_id",
            Self::View => "view_id",
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Viewer => "if(viewer_id = '', view_id, '')",
            Self::View => "view_id",
        }
    }
}

/// What rows are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOrder {
    /// When it was last watched.
    ViewEnd,
    /// How much of it was seen.
    PercentViewed,
    /// How many views there were.
    Views,
}

impl RowOrder {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::ViewEnd, Self::PercentViewed, Self::Views];

    /// The word for it in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ViewEnd => "view_end",
            Self::PercentViewed => "percent_viewed",
            Self::Views => "views",
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::ViewEnd => "last_end_ms",
            Self::PercentViewed => "if(duration_ms = 0, 0, seen_ms / duration_ms)",
            Self::Views => "views",
        }
    }
}

/// What one viewer, or one view, has watched. Times are Unix ms.
#[derive(Debug, Clone, PartialEq, Eq, clickhouse::Row, Deserialize)]
pub struct ViewerLine {
    pub video_id: String,
    /// Empty: not known.
    pub viewer_id: String,
    pub views: u64,
    /// The newest first, at most 20.
    pub view_ids: Vec<String>,
    pub first_start_ms: i64,
    pub last_end_ms: i64,
    pub is_running: bool,
    /// As the newest view that says so says; 0 if none does.
    pub duration_ms: u64,
    /// Media time that was played at least once, up to the end.
    pub seen_ms: u64,
    /// `[from_ms, to_ms)` in the order of watching.
    pub ranges: Vec<(u32, u32)>,
    /// How many rows there are in all.
    pub rows: u64,
}

impl EngagementQuestion {
    /// A page of rows for the SQL port.
    pub fn viewers_in_sql(
        &self,
        row_of: RowOf,
        order: RowOrder,
        descending: bool,
        page: Page,
    ) -> Option<String> {
        self.written(row_of, order, descending, page, Statement::for_analysts()).written()
    }

    fn written(
        &self,
        row_of: RowOf,
        order: RowOrder,
        descending: bool,
        page: Page,
        mut to: Statement,
    ) -> Statement {
        to.sql("SELECT *, count() OVER () AS rows FROM (SELECT ").sql(LINE);
        self.source(&mut to);
        to.sql(" GROUP BY video_id, viewer_id, ").sql(row_of.key()).sql(") ORDER BY ").sql(order.key());
        to.sql(if descending { " DESC, view_ids" } else { " ASC, view_ids" });
        page.limit(&mut to);
        to
    }
}

impl Store {
    /// A page of rows.
    pub async fn viewers(
        &self,
        question: &EngagementQuestion,
        row_of: RowOf,
        order: RowOrder,
        descending: bool,
        page: Page,
    ) -> Result<Vec<ViewerLine>, QueryError> {
        let statement = question.written(row_of, order, descending, page, Statement::default());
        self.rows(statement).await
    }

    /// What one view has watched.
    pub async fn watched_by_view(
        &self,
        environment: &str,
        view_id: &str,
    ) -> Result<Option<ViewerLine>, QueryError> {
        let mut statement = Statement::default();
        statement.sql("SELECT ").sql(LINE).sql(", toUInt64(1) AS rows");
        views_of(environment, &mut statement);
        statement
            .sql(" AND view_id = ")
            .text(view_id)
            .sql(" GROUP BY video_id, viewer_id, view_start ORDER BY view_start DESC LIMIT 1");
        Ok(self.rows(statement).await?.into_iter().next())
    }
}

/// The columns of a [`ViewerLine`] but the last, of grouped views.
const LINE: &str = "video_id, viewer_id, count() AS views, \
     arrayMap(view -> view.2, arraySlice(arrayReverseSort(groupArray((view_start, view_id))), 1, 20)) AS view_ids, \
     toUnixTimestamp64Milli(min(view_start)) AS first_start_ms, \
     toUnixTimestamp64Milli(max(view_end)) AS last_end_ms, \
     CAST(countIf(NOT view_over) > 0, 'Bool') AS is_running, \
     argMaxIf(video_duration_ms, view_start, video_duration_ms > 0 AND stream_type != 'live') AS duration_ms, \
     toUInt64(arrayReduce('intervalLengthSum', \
         arrayMap(range -> if(duration_ms = 0, range.1, least(range.1, duration_ms)), ranges), \
         arrayMap(range -> if(duration_ms = 0, range.2, least(range.2, duration_ms)), ranges))) AS seen_ms, \
     arrayFlatten(arrayMap(view -> view.3, arraySort(groupArray((view_start, view_id, played_ranges))))) AS ranges";
