//! Asking a server what it has, with patience: it may be restarting or catching up.

use std::{collections::BTreeMap, time::Duration};

use reqwest::{RequestBuilder, StatusCode};
use tokio::time::{Instant, sleep, timeout_at};

use super::compare::Shown;
use crate::config::is_http;

/// Longest that the server is asked to wait in one request.
const WAIT_AT_ONCE: Duration = Duration::from_secs(10);
/// Between tries.
const RETRY: Duration = Duration::from_millis(500);

/// Why there is no verdict.
#[derive(Debug)]
pub enum AskError {
    /// Asking again changes nothing: wrong token, wrong server.
    Refused(String),
    /// The time is over.
    Late(String),
}

/// A server, asked with a token.
pub struct Server {
    http: reqwest::Client,
    url: String,
    id: String,
    secret: String,
    deadline: Instant,
}

impl Server {
    /// A server at `target`, asked until `deadline`.
    ///
    /// # Errors
    /// What is wrong with target or token.
    pub fn new(target: &str, token: &str, deadline: Instant) -> Result<Self, String> {
        let (id, secret) = token.split_once(':').ok_or("--token: it has the form id:secret")?;
        if !is_http(target) {
            return Err(format!("--target {target}: it has the form http://host:port or https://host:port"));
        }
        let http = reqwest::Client::builder().no_proxy().build().map_err(|error| error.to_string())?;
        let url = format!("{}/data/v1/ledger", target.trim_end_matches('/'));
        Ok(Self { http, url, id: id.to_owned(), secret: secret.to_owned(), deadline })
    }

    /// Waits until everything that is in the server's log now can be read.
    pub async fn settle(&self) -> Result<(), AskError> {
        self.until_answered(|left| {
            let wait_ms = left.min(WAIT_AT_ONCE).as_millis();
            self.request(&format!("?wait_ms={wait_ms}"), &[])
        })
        .await
        .map(drop)
    }

    /// What the server shows of these views, by id.
    pub async fn views(&self, ids: &[&str]) -> Result<BTreeMap<String, Shown>, AskError> {
        let text = self.until_answered(|_| self.request("", ids)).await?;
        let line = |line: &str| {
            let shown: Shown = serde_json::from_str(line)
                .map_err(|error| AskError::Refused(format!("an answer cannot be read: {error}: {line}")))?;
            Ok((shown.view_id.clone(), shown))
        };
        text.lines().map(line).collect()
    }

    fn request(&self, query: &str, ids: &[&str]) -> RequestBuilder {
        let url = format!("{}{query}", self.url);
        self.http.post(url).basic_auth(&self.id, Some(&self.secret)).json(ids)
    }

    async fn until_answered(&self, request: impl Fn(Duration) -> RequestBuilder) -> Result<String, AskError> {
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            let answer = async {
                let answer = request(left).send().await?;
                reqwest::Result::Ok((answer.status(), answer.text().await?))
            };
            let reason = match timeout_at(self.deadline, answer).await {
                Ok(Ok((status, text))) if status.is_success() => return Ok(text),
                Ok(Ok((status, text))) if is_for_good(status) => {
                    return Err(AskError::Refused(format!("{} answered {status}: {text}", self.url)));
                }
                Ok(Ok((status, text))) => format!("{status}: {text}"),
                Ok(Err(error)) => error.to_string(),
                Err(_) => "no answer".to_owned(),
            };
            if Instant::now() + RETRY >= self.deadline {
                return Err(AskError::Late(reason));
            }
            sleep(RETRY).await;
        }
    }
}

fn is_for_good(status: StatusCode) -> bool {
    status.is_client_error()
        && ![StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS].contains(&status)
}
