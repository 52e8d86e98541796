//! Views one by one: a list of them, and everything known of one with its events.

use serde::Deserialize;

use super::{QueryError, Scope, dimension::Page, source_of, statement::Statement};
use crate::{
    event::{
        attribute::{ATTRIBUTES, Type},
        metric::{self, Metric},
    },
    store::Store,
};

/// A number for an error code, because the API asks for errors by number: 32 bits of the code's checksum.
const ERROR_ID: &str = "if(error_code = '', 0, CRC32(error_code))";
/// No player sends as many in earnest.
const MOST_EVENTS: i64 = 20_000;

/// Metrics that one view has too.
const SCORES: [&str; 5] = [
    "viewer_experience_score",
    "playback_success_score",
    "startup_time_score",
    "rebuffer_score",
    "video_quality_score",
];

/// Which views to list besides their scope.
#[derive(Debug, Clone)]
pub struct ViewQuestion {
    pub scope: Scope,
    pub error_id: Option<u32>,
    pub newest_first: bool,
    pub page: Page,
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
    pub browser: String,
    pub operating_system: String,
    pub error_id: u32,
    pub error_code: String,
    pub error_message: String,
    pub playback_failure: bool,
    pub exit_before_video_start: bool,
    pub view_ended: bool,
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
}

impl Store {
    /// A page of views and how many there are in all, those under way included.
    pub async fn views(&self, question: &ViewQuestion) -> Result<(Vec<ViewLine>, u64), QueryError> {
        let mut count = Statement::default();
        count.sql("SELECT count()");
        question.source(&mut count);

        let mut page = Statement::default();
        page.sql(
            "SELECT view_id, toUnixTimestamp64Milli(view_start) AS started_ms, \
             toUnixTimestamp64Milli(view_end) AS ended_ms, video_id, video_title, viewer_id, country, browser, \
             operating_system, toUInt32(",
        )
        .sql(ERROR_ID)
        .sql(
            ") AS error_id, error_code, error_message, CAST(playback_failure, 'Bool') AS playback_failure, \
             CAST(exit_before_video_start, 'Bool') AS exit_before_video_start, \
             CAST(view_ended, 'Bool') AS view_ended, watch_ms, playing_ms, rebuffer_ms, rebuffer_count, \
             video_startup_ms",
        );
        score("viewer_experience_score", &mut page);
        question.source(&mut page);
        page.sql(" ORDER BY view_end")
            .sql(if question.newest_first { " DESC" } else { " ASC" })
            .sql(", view_id");
        question.page.limit(&mut page);

        // The page reads wide columns of few rows, the count one column of all: two queries are less than one.
        let (count, page) = tokio::try_join!(self.rows::<u64>(count), self.rows::<ViewLine>(page))?;
        Ok((page, count.first().copied().unwrap_or_default()))
    }

    /// Everything known of one view, by column name. Times are Unix ms.
    pub async fn view(
        &self,
        environment: &str,
        view_id: &str,
    ) -> Result<Option<serde_json::Map<String, serde_json::Value>>, QueryError> {
        let mut statement = Statement::default();
        statement.sql("SELECT view_id");
        for (alias, time) in [
            (" AS view_start_ms", "view_start"),
            (" AS view_end_ms", "view_end"),
            (" AS updated_ms", "last_received_at"),
        ] {
            statement.sql(", toUnixTimestamp64Milli(").sql(time).sql(")").sql(alias);
        }
        for spec in ATTRIBUTES {
            // Unknown is null here: a reader of one view wants to tell it from an empty title.
            let nothing = match spec.kind {
                Type::Text => ", '') AS ",
                Type::Number | Type::Share => ", 0) AS ",
            };
            statement.sql(", nullIf(").sql(spec.name).sql(nothing).sql(spec.name);
        }
        statement.sql(
            ", custom, video_startup_ms, player_startup_ms, page_load_ms, playing_ms, watch_ms, rebuffer_ms, \
             rebuffer_count, seek_ms, seek_count, dropped_frames, upscale_ms, downscale_ms, bitrate_ms, \
             max_playhead_ms, playhead_ms, arrayMap(range -> [range.1, range.2], played_ranges) AS ranges, ",
        );
        statement.sql("toUInt32(").sql(ERROR_ID).sql(") AS error_id, ");
        statement.sql(
            "nullIf(error_code, '') AS error_code, nullIf(error_message, '') AS error_message, error_count, \
             CAST(view_started, 'Bool') AS view_started, CAST(playback_failure, 'Bool') AS playback_failure, \
             CAST(playback_business_exception, 'Bool') AS playback_business_exception, \
             CAST(played_to_end, 'Bool') AS played_to_end, CAST(view_ended, 'Bool') AS view_ended, \
             CAST(exit_before_video_start, 'Bool') AS exit_before_video_start, \
             CAST(view_dropped, 'Bool') AS view_dropped, weight, last_sequence",
        );
        SCORES.into_iter().for_each(|id| score(id, &mut statement));
        source_of("views", environment, &mut statement);
        statement.sql(" AND view_id = ").text(view_id).sql(" ORDER BY view_start DESC LIMIT 1");
        let line = self
            .prepared(statement)
            .with_setting("output_format_json_quote_64bit_integers", "0")
            .fetch_bytes("JSONEachRow")?
            .collect()
            .await?;
        if line.is_empty() {
            return Ok(None);
        }
        serde_json::from_slice(&line).map(Some).map_err(|error| QueryError::Failed(error.to_string()))
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
            .integer(MOST_EVENTS);
        self.rows(statement).await
    }
}
