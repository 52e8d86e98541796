//! Taking rows out for good: those of one viewer, and those an environment no longer keeps.
//!
//! By mutations, which rewrite the parts concerned and wait until that is done: a lightweight delete would only hide the
//! rows until some merge. A mutation leaves parts without such rows alone, and can be given again after a crash.

use clickhouse::Row;
use serde::Deserialize;

use super::{QueryError, source_of, statement::Statement};
use crate::{control::Erased, store::Store};

/// Most views in one statement.
const CHUNK: usize = 1000;
/// A mutation of a large table takes its time.
const MUTATION_MAX_SECONDS: &str = "3600";

/// The tables that know of views, with the name analysts have for them.
const TABLES: [&str; 2] = ["event_rows", "view_states"];

#[derive(Row, Deserialize)]
struct Id {
    view_id: String,
}

#[derive(Row, Deserialize)]
struct Count {
    rows: u64,
}

impl Store {
    /// The views that were ever said to be of this viewer, from now on known as erased: processors leave out what they read of
    /// them in the log.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn shun_views_of(&self, environment: &str, viewer_id: &str) -> Result<Vec<String>, QueryError> {
        let views = self.views_of_viewer(environment, viewer_id).await?;
        for views in views.chunks(CHUNK) {
            let mut insert = Statement::default();
            insert.sql("INSERT INTO erased_views (environment, view_id) VALUES");
            for view_id in views {
                insert.sql(" (").text(environment).sql(", ").text(view_id).sql(")");
            }
            self.prepared(insert).await?.with_setting("async_insert", "0").execute().await?;
        }
        Ok(views)
    }

    /// Deletes these views with their events, and counts what went.
    ///
    /// # Errors
    /// See [`QueryError`]; what had been deleted before stays so, and the same call goes on.
    pub async fn erase_views(&self, environment: &str, views: &[String]) -> Result<Erased, QueryError> {
        let mut erased = Erased { views: views.len() as u64, ..Erased::default() };
        // Events first: whose views they are is found by either table as long as one has rows.
        for views in views.chunks(CHUNK) {
            let which = |statement: &mut Statement| {
                statement.sql(" AND view_id IN (");
                for (index, view_id) in views.iter().enumerate() {
                    statement.sql(if index == 0 { "" } else { ", " }).text(view_id);
                }
                statement.sql(")");
            };
            erased.event_rows += self.delete("event_rows", environment, which).await?;
            erased.view_rows += self.delete("view_states", environment, which).await?;
        }
        Ok(erased)
    }

    /// Deletes what began before `before_ms`; the number of rows that went.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn drop_before(&self, environment: &str, before_ms: i64) -> Result<u64, QueryError> {
        let mut rows = 0;
        for table in TABLES {
            let which = |statement: &mut Statement| {
                statement.sql(" AND view_start < ").time(before_ms);
            };
            rows += self.delete(table, environment, which).await?;
        }
        Ok(rows)
    }

    /// A view's viewer may have changed while it lasted, so every piece of it counts, merged or not.
    async fn views_of_viewer(&self, environment: &str, viewer_id: &str) -> Result<Vec<String>, QueryError> {
        let mut statement = Statement::default();
        statement.sql("SELECT DISTINCT view_id FROM (SELECT view_id");
        source_of("view_states", environment, &mut statement);
        statement.sql(" AND viewer_id.2 = ").text(viewer_id).sql(" UNION ALL SELECT view_id");
        source_of("event_rows", environment, &mut statement);
        statement.sql(" AND attributes['viewer_id'] = ").text(viewer_id).sql(")");
        Ok(self.rows::<Id>(statement).await?.into_iter().map(|id| id.view_id).collect())
    }

    async fn delete(
        &self,
        table: &'static str,
        environment: &str,
        which: impl Fn(&mut Statement),
    ) -> Result<u64, QueryError> {
        let mut count = Statement::default();
        count.sql("SELECT count() AS rows");
        source_of(table, environment, &mut count);
        which(&mut count);
        let rows = self.rows::<Count>(count).await?.first().map_or(0, |count| count.rows);
        if rows > 0 {
            let mut delete = Statement::default();
            delete.sql("ALTER TABLE ").sql(table).sql(" DELETE WHERE environment = ").text(environment);
            which(&mut delete);
            self.prepared(delete)
                .await?
                .with_setting("mutations_sync", "2")
                .with_setting("max_execution_time", MUTATION_MAX_SECONDS)
                .execute()
                .await?;
        }
        Ok(rows)
    }
}
