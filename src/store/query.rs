//! What is read from ClickHouse: questions in, typed answers out.
//!
//! Every question gets its table from [`source_of`] or [`views_of`], which always put the environment first, so none can be
//! asked without one (what is shown to analysts is asked through the SQL port, whose wall does it); questions about many views have a [`Scope`]. Values are only ever bound, names only ever come from the
//! allow-lists ([`dimension`], [`crate::event::metric`]).

pub mod condition;
pub mod dimension;
pub mod engagement;
pub mod erase;
pub mod errors;
pub mod export;
pub mod filter;
pub mod ledger;
pub mod metric;
mod needed;
pub mod place;
pub mod playback;
pub mod statement;
pub mod timeframe;
pub mod usage;
pub mod view;
pub mod view_files;

use std::sync::Arc;

use clickhouse::{RowOwned, RowRead};

use crate::{
    event::{bot, metric::Bucket},
    store::Store,
};
use condition::Condition;
use filter::Filter;
use statement::Statement;
use timeframe::Timeframe;

/// A view is found by the end of it only if it lasted no longer than this: ClickHouse finds views by their start, and
/// must not search ninety days for those that ended in the last hour.
const LONGEST_VIEW_MS: i64 = 7 * 24 * 3600 * 1000;

/// A hundred metrics at once are a long text, and so are the ids of a crowd; what callers add is bounded where it is read.
pub(crate) const MAX_QUERY_BYTES: &str = "2000000";
/// ClickHouse stops a question after this many seconds: whoever asked has gone, and others wait.
const MAX_SECONDS: &str = "20";
/// Questions go behind inserts and merges (`nice`); it needs CAP_SYS_NICE, and means nothing without.
const BEHIND: &str = "10";
/// Larger groupings go to disk instead of taking the writer's memory.
const SPILL_BYTES: &str = "1000000000";
const MAX_MEMORY_BYTES: &str = "4000000000";
/// More rows than this are too many for one answer, where they are read one by one and counted here: at about 60 bytes each
/// these are 300 MB.
const MOST_ROWS: &str = "5000000";
/// Evaluated lazily, what the branches of an expression share is computed anew in each of them, as the parts of a score
/// are. Nothing in the views of the schema depends on a branch not being evaluated.
const EVALUATION: &str = "disable";

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum QueryError {
    /// ClickHouse cannot be reached; may pass.
    #[error("ClickHouse is unavailable: {0}")]
    Unavailable(String),
    /// The question takes more than any question may.
    #[error("the question is too heavy: {0}")]
    TooHeavy(String),
    /// Ours to mend.
    #[error("the query failed: {0}")]
    Failed(String),
}

impl From<clickhouse::error::Error> for QueryError {
    fn from(error: clickhouse::error::Error) -> Self {
        use clickhouse::error::Error;
        let text = error.to_string();
        // TIMEOUT_EXCEEDED, TOO_SLOW, MEMORY_LIMIT_EXCEEDED, and limits on rows or bytes.
        let heavy = ["Code: 159.", "Code: 160.", "Code: 241.", "Code: 158.", "Code: 307.", "Code: 396."];
        match error {
            Error::Network(_) | Error::TimedOut => Self::Unavailable(text),
            _ if heavy.iter().any(|code| text.contains(code)) => Self::TooHeavy(text),
            _ => Self::Failed(text),
        }
    }
}

/// Whose views, which, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Scope {
    pub environment: Arc<str>,
    pub timeframe: Timeframe,
    /// What puts a view into the timeframe.
    pub bucket: Bucket,
    /// What the question itself is about, such as one video.
    pub filters: Vec<Filter>,
    /// Which views its asker wants.
    pub condition: Condition,
    pub in_progress: InProgress,
    pub bots: Bots,
}

/// What to do with views that are not over: they have neither ended nor been silent for an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InProgress {
    Include,
    Exclude,
    Only,
}

impl InProgress {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Include, Self::Exclude, Self::Only];

    /// The word for it in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Include => "include",
            Self::Exclude => "exclude",
            Self::Only => "only",
        }
    }
}

/// Which robots are part of an answer. All are stored; a class is a filter and a dimension like any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bots {
    /// Those that call themselves robots are left out. Hints are not held against anybody: people use VPNs, and apps
    /// libraries.
    #[default]
    Exclude,
    /// Whoever there is a hint about is left out too.
    Strict,
    /// All are counted.
    Include,
}

impl Bots {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Exclude, Self::Strict, Self::Include];

    /// The word for it in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exclude => "exclude",
            Self::Strict => "strict",
            Self::Include => "include",
        }
    }

    /// Whether a view of this class, empty for none, is part of an answer.
    pub fn count(self, class: &str) -> bool {
        match self {
            Self::Exclude => class.is_empty() || bot::HINTS.contains(&class),
            Self::Strict => class.is_empty(),
            Self::Include => true,
        }
    }

    /// ` AND …`: the same in SQL.
    fn condition(self, to: &mut Statement) {
        match self {
            Self::Exclude => {
                to.sql(" AND bot_class IN (''");
                for hint in bot::HINTS {
                    to.sql(", ").text(hint);
                }
                to.sql(")");
            }
            Self::Strict => {
                to.sql(" AND bot_class = ''");
            }
            Self::Include => {}
        }
    }
}

impl Scope {
    /// All views of an environment in a timeframe.
    pub const fn new(environment: Arc<str>, timeframe: Timeframe, bucket: Bucket) -> Self {
        Self {
            environment,
            timeframe,
            bucket,
            filters: Vec::new(),
            condition: Condition::EVERY_VIEW,
            in_progress: InProgress::Include,
            bots: Bots::Exclude,
        }
    }

    /// ` FROM views WHERE …`, open for further conditions.
    fn source(&self, to: &mut Statement) {
        let Timeframe { from_ms, to_ms } = self.timeframe;
        match to.is_for_analysts() {
            true => _ = to.sql(" FROM views WHERE "),
            false => {
                views_of(&self.environment, to);
                to.sql(" AND ");
            }
        }
        let earliest = match self.bucket {
            Bucket::ViewStart => from_ms,
            Bucket::ViewEnd | Bucket::Presence => from_ms.saturating_sub(LONGEST_VIEW_MS),
        };
        to.sql("view_start >= ").time(earliest).sql(" AND view_start < ").time(to_ms);
        if self.bucket != Bucket::ViewStart {
            to.sql(" AND view_end >= ").time(from_ms);
            // Follows from the end, and has an index.
            to.sql(" AND last_received_at >= ").time(from_ms);
        }
        if self.bucket == Bucket::ViewEnd {
            to.sql(" AND view_end < ").time(to_ms);
        }
        self.bots.condition(to);
        for filter in &self.filters {
            filter.and(to);
        }
        self.condition.and(to);
        to.sql(match self.in_progress {
            InProgress::Include => "",
            InProgress::Exclude => " AND view_over",
            InProgress::Only => " AND NOT view_over",
        });
    }
}

/// The one place a question gets its table, and with it its tenant.
fn source_of(table: &'static str, environment: &str, to: &mut Statement) {
    to.sql(" FROM ").sql(table).sql(" WHERE environment = ").text(environment);
}

/// The same of the views, for questions that name the columns they are about.
fn views_of(environment: &str, to: &mut Statement) {
    to.sql(" FROM ").views().sql(" WHERE environment = ").text(environment);
}

impl Store {
    /// All rows of a statement.
    async fn rows<T: RowOwned + RowRead>(&self, statement: Statement) -> Result<Vec<T>, QueryError> {
        match self.prepared(statement.clone()).await?.fetch_all::<T>().await {
            // A kept connection may have been closed from the other side just then; reading again does no harm.
            Err(clickhouse::error::Error::Network(_)) => {
                Ok(self.prepared(statement).await?.fetch_all::<T>().await?)
            }
            rows => Ok(rows?),
        }
    }

    /// What all rows of a statement have made of `begun`, one after the other: only what is needed of each stays.
    async fn folded<T: RowOwned + RowRead, K: Clone>(
        &self,
        statement: Statement,
        begun: K,
        mut take: impl FnMut(&mut K, T) -> Result<(), QueryError>,
    ) -> Result<K, QueryError> {
        match self.fold(statement.clone(), begun.clone(), &mut take).await {
            // A kept connection may have been closed from the other side just then; reading again does no harm.
            Err(QueryError::Unavailable(_)) => self.fold(statement, begun, &mut take).await,
            folded => folded,
        }
    }

    async fn fold<T: RowOwned + RowRead, K>(
        &self,
        statement: Statement,
        mut kept: K,
        take: &mut impl FnMut(&mut K, T) -> Result<(), QueryError>,
    ) -> Result<K, QueryError> {
        let query = self.prepared(statement).await?.with_setting("max_result_rows", MOST_ROWS);
        let mut rows = query.fetch::<T>()?;
        while let Some(row) = rows.next().await? {
            take(&mut kept, row)?;
        }
        Ok(kept)
    }

    /// A statement with its values bound and the bounds every question has, once there is something to ask: the schema is
    /// brought while the first questions may come already.
    async fn prepared(&self, statement: Statement) -> Result<clickhouse::query::Query, QueryError> {
        if !self.has_schema().await? {
            return Err(QueryError::Unavailable(super::NO_TABLES.to_owned()));
        }
        let query = statement
            .bound(&self.client)?
            .with_setting("max_query_size", MAX_QUERY_BYTES)
            .with_setting("max_execution_time", MAX_SECONDS)
            .with_setting("os_thread_priority", BEHIND)
            .with_setting("short_circuit_function_evaluation", EVALUATION)
            .with_setting("max_memory_usage", MAX_MEMORY_BYTES)
            .with_setting("max_bytes_before_external_group_by", SPILL_BYTES)
            .with_setting("max_bytes_before_external_sort", SPILL_BYTES);
        Ok(query)
    }
}
