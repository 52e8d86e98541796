//! The ClickHouse behind the port: what each statement is sent with, whatever it says.

use std::{collections::BTreeMap, time::Duration};

use super::wall::literal;
use crate::store::{
    Store,
    embedded::error::{EngineError, code},
};

/// The tables that hold everybody's rows. Any other way to them leads through these.
const SHARED_TABLES: [&str; 3] = ["view_states", "event_rows", "erased_views"];
/// A database with nothing in it, where names belong that no one put a database before.
const NOWHERE: &str = "playhead_sql";
/// Settings no client can change, because the wall refuses to pass them on and `readonly` to change them later.
const FIXED: [(&str, &str); 9] = [
    ("readonly", "1"),
    ("allow_introspection_functions", "0"),
    ("cancel_http_readonly_queries_on_client_close", "1"),
    // The tenant's filter is applied while rows are read, before any expression of the statement sees one: an error or
    // a delay that depends on a row would tell about it otherwise.
    ("optimize_move_to_prewhere", "1"),
    ("optimize_move_to_prewhere_if_final", "1"),
    ("timeout_overflow_mode", "throw"),
    // Behind what takes beacons in and shows dashboards; it needs CAP_SYS_NICE, and means nothing without.
    ("os_thread_priority", "15"),
    // Caches are shared by tenants.
    ("use_query_cache", "0"),
    ("use_query_condition_cache", "0"),
];
/// Between two looks whether a statement that nobody waits for is still there.
const FIRST_LOOK: Duration = Duration::from_millis(5);
const LAST_LOOK: Duration = Duration::from_secs(2);
/// As long as a place is kept for it at most.
const LONGEST_LEFT: Duration = Duration::from_hours(1);
/// How long an answer may take to begin: longer than any statement may run.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where statements are sent.
#[derive(Clone)]
pub struct Upstream {
    url: reqwest::Url,
    user: String,
    password: String,
    http: reqwest::Client,
}

/// One statement, ready to be sent.
pub struct Question<'q> {
    pub environment: &'q str,
    /// What it is called in the engine.
    pub engine_id: &'q str,
    /// Who asks, for the server's own log.
    pub user: &'q str,
    /// Written by the wall.
    pub sql: String,
    pub format: &'q str,
    /// Checked by the wall.
    pub settings: BTreeMap<String, String>,
    pub parameters: &'q [(String, String)],
    /// The answer in ClickHouse's native frames.
    pub compress: bool,
    /// The answer only once it is known whole.
    pub wait_end: bool,
    /// The revision in which the client reads Native.
    pub client_protocol_version: u64,
}

impl Upstream {
    /// A ClickHouse at `url`.
    ///
    /// # Errors
    /// When that is no address.
    pub fn new(url: &str, user: &str, password: &str) -> Result<Self, String> {
        let http = reqwest::Client::builder().no_proxy().build().map_err(|error| error.to_string())?;
        let url = reqwest::Url::parse(url).map_err(|error| format!("{url}: {error}"))?;
        Ok(Self { url, user: user.to_owned(), password: password.to_owned(), http })
    }

    /// Sends a statement and waits until its answer begins. Dropping what is returned stops the statement.
    ///
    /// # Errors
    /// That ClickHouse cannot be reached. What it says itself is in the answer.
    pub async fn ask(&self, question: &Question<'_>) -> Result<reqwest::Response, EngineError> {
        let flag = |on: bool| if on { "1" } else { "0" }.to_owned();
        let mut fields: Vec<(String, String)> = vec![
            ("database".to_owned(), NOWHERE.to_owned()),
            ("default_format".to_owned(), question.format.to_owned()),
            ("query_id".to_owned(), question.engine_id.to_owned()),
            ("compress".to_owned(), flag(question.compress)),
            ("wait_end_of_query".to_owned(), flag(question.wait_end)),
            ("client_protocol_version".to_owned(), question.client_protocol_version.to_string()),
        ];
        let parameters = question.parameters.iter();
        fields.extend(parameters.map(|(name, value)| (format!("param_{name}"), value.clone())));
        fields.extend(settings(question));
        let mut url = self.url.clone();
        url.query_pairs_mut().extend_pairs(&fields);
        let send = self
            .http
            .post(url)
            .header("X-ClickHouse-User", &self.user)
            .header("X-ClickHouse-Key", &self.password)
            .body(question.sql.clone())
            .send();
        let seconds = question.settings.get("max_execution_time").and_then(|text| text.parse().ok());
        let patience = Duration::from_secs(seconds.unwrap_or_default()) + PATIENCE;
        match tokio::time::timeout(patience, send).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                tracing::warn!(error = %error.without_url(), "ClickHouse cannot be reached for the SQL port");
                Err(EngineError::raised(
                    code::NETWORK_ERROR,
                    "NETWORK_ERROR",
                    "ClickHouse cannot be reached now; try again",
                ))
            }
            Err(_) => Err(EngineError::raised(159, "TIMEOUT_EXCEEDED", "ClickHouse did not answer in time")),
        }
    }
}

impl Upstream {
    /// Waits until the engine is not at a statement any more: looks soon, then ever more seldom, and gives up when no
    /// statement can be left.
    pub async fn until_gone(&self, engine_id: &str) {
        let look = format!(
            "SELECT count() FROM system.processes WHERE query_id = {} FORMAT TSV",
            literal(engine_id.as_bytes())
        );
        let mut pause = FIRST_LOOK;
        let begun = tokio::time::Instant::now();
        while begun.elapsed() < LONGEST_LEFT {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_LOOK);
            let asked = self
                .http
                .post(self.url.clone())
                .header("X-ClickHouse-User", &self.user)
                .header("X-ClickHouse-Key", &self.password)
                .timeout(PATIENCE)
                .body(look.clone())
                .send();
            if let Ok(answer) = asked.await
                && answer.text().await.is_ok_and(|count| count.trim() == "0")
            {
                return;
            }
        }
    }
}

/// The client's settings within their bounds, and then those that are nobody's choice.
fn settings(question: &Question<'_>) -> BTreeMap<String, String> {
    let mut settings = question.settings.clone();
    let memory: u64 = settings.get("max_memory_usage").and_then(|text| text.parse().ok()).unwrap_or_default();
    for spill in ["max_bytes_before_external_group_by", "max_bytes_before_external_sort"] {
        settings.insert(spill.to_owned(), (memory / 3).to_string());
    }
    settings.extend(FIXED.map(|(name, value)| (name.to_owned(), value.to_owned())));
    settings.insert("additional_table_filters".to_owned(), row_filters(question.environment));
    settings.insert("log_comment".to_owned(), format!("playhead sql {}", question.user));
    settings
}

/// The second wall: the engine's own filter on every table with rows of more than one tenant.
fn row_filters(environment: &str) -> String {
    let condition = format!("environment = {}", literal(environment.as_bytes()));
    let filters = SHARED_TABLES.map(|table| {
        let table = format!("{}.{table}", Store::DATABASE);
        format!("{}:{}", literal(table.as_bytes()), literal(condition.as_bytes()))
    });
    format!("{{{}}}", filters.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenants_name_stays_inside_its_quotes() {
        let filters = row_filters("it's");
        assert!(filters.contains(r"'playhead.view_states':'environment = \'it\\\'s\''"), "{filters}");
    }
}
