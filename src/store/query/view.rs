//! Views one by one: a list of them, and everything known of one with its events.

mod one;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    QueryError, Scope,
    place::{Part, Place},
    source_of,
    statement::Statement,
};
use crate::{
    event::{
        attribute::ATTRIBUTES,
        metric::{self, Metric},
    },
    store::Store,
};
use one::States;

/// A number for an error code, because the API asks for errors by number: 32 bits of the code's checksum.
pub(super) const ERROR_ID: &str = "if(error_code = '', 0, CRC32(error_code))";
/// For statements about one view, of which planning is a large part: the engine's former planner takes two thirds of the time
/// for a hundred columns. They read a granule or two of each part, which a second thread makes no cheaper; and where a day is
/// in many parts, only the rows of the view are joined, not all that stand beside them.
const OF_ONE_VIEW: &str =
    " SETTINGS enable_analyzer = 0, max_threads = 1, optimize_move_to_prewhere_if_final = 1";
/// No player sends as many in earnest.
const MOST_EVENTS: i64 = 20_000;

/// Which views to list besides their scope.
#[derive(Debug, Clone)]
pub struct ViewQuestion {
    pub scope: Scope,
    pub error_id: Option<u32>,
    pub order: ViewOrder,
    pub descending: bool,
    pub part: Part,
}

/// What views are ordered by; the id is the second key of all orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ViewOrder {
    End,
    Start,
    WatchTime,
    PlayingTime,
    RebufferDuration,
    StartupTime,
    Experience,
}

impl ViewOrder {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::End,
        Self::Start,
        Self::WatchTime,
        Self::PlayingTime,
        Self::RebufferDuration,
        Self::StartupTime,
        Self::Experience,
    ];

    /// The word for it in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::End => "view_end",
            Self::Start => "view_start",
            Self::WatchTime => "watch_time",
            Self::PlayingTime => "playing_time",
            Self::RebufferDuration => "rebuffer_duration",
            Self::StartupTime => "video_startup_time",
            Self::Experience => "viewer_experience_score",
        }
    }

    /// As SQL.
    const fn key(self) -> &'static str {
        match self {
            Self::End => "toFloat64(toUnixTimestamp64Milli(view_end))",
            Self::Start => "toFloat64(toUnixTimestamp64Milli(view_start))",
            Self::WatchTime => "toFloat64(watch_ms)",
            Self::PlayingTime => "toFloat64(playing_ms)",
            Self::RebufferDuration => "toFloat64(rebuffer_ms)",
            Self::StartupTime => "toFloat64(video_startup_ms)",
            Self::Experience => "viewer_experience_score",
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "as ClickHouse does it; a time in ms is far below 2^53")]
    fn key_of(self, line: &ViewLine) -> Option<f64> {
        match self {
            Self::End => Some(line.ended_ms as f64),
            Self::Start => Some(line.started_ms as f64),
            Self::WatchTime => Some(line.watch_ms.into()),
            Self::PlayingTime => Some(line.playing_ms.into()),
            Self::RebufferDuration => Some(line.rebuffer_ms.into()),
            Self::StartupTime => line.video_startup_ms.map(f64::from),
            Self::Experience => line.viewer_experience_score,
        }
    }
}

/// A part of the views of a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Views {
    pub lines: Vec<ViewLine>,
    /// How many there are in all.
    pub total: u64,
    /// Where the rest begins, if there is more.
    pub next: Option<Place>,
}

/// A view in a list. Times are Unix ms.
#[derive(Debug, Clone, PartialEq, clickhouse::Row, Deserialize)]
pub struct ViewLine {
    pub view_id: String,
    pub started_ms: i64,
    pub ended_ms: i64,
    pub video_id: String,
    pub video_title: String,
    pub viewer_id: String,
    pub country: String,
    pub cdn: String,
    pub player_name: String,
    pub player_software: String,
    pub player_software_version: String,
    pub browser: String,
    pub operating_system: String,
    pub error_id: u32,
    pub error_code: String,
    pub error_message: String,
    pub playback_failure: bool,
    pub playback_business_exception: bool,
    pub exit_before_video_start: bool,
    pub view_ended: bool,
    pub view_over: bool,
    pub watch_ms: u32,
    pub playing_ms: u32,
    pub rebuffer_ms: u32,
    pub rebuffer_count: u32,
    pub video_startup_ms: Option<u32>,
    pub viewer_experience_score: Option<f64>,
}

/// One event of a view.
#[derive(Debug, Clone, PartialEq, clickhouse::Row, Deserialize)]
pub struct EventLine {
    pub sequence: u64,
    pub event: String,
    /// On the server's clock, Unix ms: where the view's one anchor puts the player's own time.
    pub occurred_ms: i64,
    pub received_ms: i64,
    pub playhead_ms: Option<u64>,
    pub error_code: String,
    pub error_message: String,
    pub error_severity: String,
    pub attributes: Vec<(String, String)>,
}

/// `, … AS id`: what a metric says of each view by itself.
fn score(id: &'static str, to: &mut Statement) {
    if let Some(value) = metric::by_id(id).and_then(Metric::of_any_view) {
        to.sql(", ").definition(&value).sql(" AS ").sql(id);
    }
}

impl ViewQuestion {
    fn source(&self, to: &mut Statement) {
        self.scope.source(to);
        to.sql(" AND (view_attempted OR playback_failure)");
        if let Some(id) = self.error_id {
            to.sql(" AND ").sql(ERROR_ID).sql(" = ").integer(id.into());
        }
    }

    /// The page for the SQL port, with the names that the columns have there.
    pub fn in_sql(&self) -> Option<String> {
        self.page(Statement::for_analysts()).written()
    }

    fn page(&self, mut page: Statement) -> Statement {
        let (key, (first, last)) = (self.order.key(), self.part.rows());
        page.sql(
            "SELECT view_id, toUnixTimestamp64Milli(view_start) AS started_ms, \
             toUnixTimestamp64Milli(view_end) AS ended_ms, video_id, video_title, viewer_id, country, cdn, \
             player_name, player_software, player_software_version, browser, operating_system, toUInt32(",
        )
        .sql(ERROR_ID)
        .sql(
            ") AS error_id, error_code, error_message, CAST(playback_failure, 'Bool') AS playback_failure, \
             CAST(playback_business_exception, 'Bool') AS playback_business_exception, \
             CAST(exit_before_video_start, 'Bool') AS exit_before_video_start, \
             CAST(view_ended, 'Bool') AS view_ended, CAST(view_over, 'Bool') AS view_over, watch_ms, playing_ms, \
             rebuffer_ms, rebuffer_count, video_startup_ms",
        );
        score("viewer_experience_score", &mut page);
        self.source(&mut page);
        if let Some(place) = &self.part.after {
            page.sql(" AND ");
            place.precedes(key, "view_id", self.descending, &mut page);
        }
        page.sql(" ORDER BY ").sql(key).sql(if self.descending { " DESC" } else { " ASC" });
        // One more than asked for tells whether there is more.
        let rows = last - first + if page.is_for_analysts() { 1 } else { 2 };
        page.sql(" NULLS LAST, view_id LIMIT ").integer(rows).sql(" OFFSET ").integer(first - 1);
        page
    }
}

impl Store {
    /// A part of the views and how many there are in all, those under way included.
    pub async fn views(&self, question: &ViewQuestion) -> Result<Views, QueryError> {
        let mut count = Statement::default();
        count.sql("SELECT count()");
        question.source(&mut count);
        let page = question.page(Statement::default());
        // The page reads wide columns of few rows, the count one column of all: two queries are less than one.
        let (count, mut lines) = tokio::try_join!(self.rows::<u64>(count), self.rows::<ViewLine>(page))?;
        let limit = usize::try_from(question.part.limit).unwrap_or(usize::MAX);
        let has_more = lines.len() > limit;
        lines.truncate(limit);
        let next = lines.last().filter(|_| has_more);
        Ok(Views {
            next: next.map(|line| Place::new(question.order.key_of(line), &line.view_id)),
            lines,
            total: count.first().copied().unwrap_or_default(),
        })
    }

    /// Everything known of one view, by column name. Times are Unix ms.
    pub async fn view(
        &self,
        environment: &str,
        view_id: &str,
    ) -> Result<Option<Map<String, Value>>, QueryError> {
        let mut statement = Statement::default();
        statement.sql("SELECT ").sql(one::STATES);
        for spec in ATTRIBUTES {
            statement.sql(", ").sql(spec.name);
        }
        source_of("view_states FINAL", environment, &mut statement);
        statement.sql(" AND view_id = ").text(view_id).sql(OF_ONE_VIEW);
        let lines = self
            .prepared(statement)
            .await?
            .with_setting("do_not_merge_across_partitions_select_final", "1")
            .with_setting("output_format_json_quote_64bit_integers", "0")
            .fetch_bytes("JSONEachRow")?
            .collect()
            .await?;
        let states: Result<Vec<States>, _> =
            serde_json::Deserializer::from_slice(&lines).into_iter().collect();
        let states = states.map_err(|error| QueryError::Failed(error.to_string()))?;
        let latest = states.into_iter().max_by_key(States::start_ms);
        Ok(latest.map(|states| states.known(chrono::Utc::now().timestamp_millis())))
    }

    /// The events of one view in order.
    pub async fn events(
        &self,
        environment: &str,
        view_id: &str,
        view_start_ms: i64,
    ) -> Result<Vec<EventLine>, QueryError> {
        let mut statement = Statement::default();
        statement.sql(
            "SELECT sequence, event, toUnixTimestamp64Milli(occurred_at) AS occurred_ms, \
                 toUnixTimestamp64Milli(received_at) AS received_ms, playhead_ms, error_code, error_message, \
                 error_severity, attributes",
        );
        source_of("events", environment, &mut statement);
        statement
            .sql(" AND view_start = ")
            .time(view_start_ms)
            .sql(" AND view_id = ")
            .text(view_id)
            // CMCD's own count tells events of one millisecond apart; others have none.
            .sql(" ORDER BY t_ms, toUInt64OrZero(attributes['sn']), sequence LIMIT ")
            .integer(MOST_EVENTS)
            .sql(OF_ONE_VIEW);
        self.rows(statement).await
    }
}
