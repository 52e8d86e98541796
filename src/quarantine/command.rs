//! `playhead quarantine list | show | replay`: the operator's side of [`super::routes`].

use std::process::ExitCode;

use reqwest::Method;
use serde::de::DeserializeOwned;

use super::{
    Pass,
    routes::{Listed, Replayed},
};
use crate::config::Config;

/// What is to be done.
#[derive(Debug, Clone)]
pub enum Task {
    /// The newest entries.
    List { newest: usize },
    /// One entry with everything, as JSON.
    Show { at: String },
    /// Puts entries back into the log; all of them if none is named.
    Replay { at: Vec<String> },
}

/// Runs it against the service that uses the same settings.
pub async fn run(config: Config, task: Task) -> ExitCode {
    match perform(&config, task).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("playhead quarantine: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn perform(config: &Config, task: Task) -> Result<bool, String> {
    let service = Service::new(config)?;
    match task {
        Task::List { newest } => {
            let entries = service.list(newest).await?;
            if entries.is_empty() {
                println!("the quarantine is empty");
            }
            for Listed { at, position, quarantined_ms, reason, content } in entries {
                let time = chrono::DateTime::from_timestamp_millis(quarantined_ms).unwrap_or_default();
                println!("{at}  {}  log {position}\n    {content}\n    {reason}", time.format("%F %TZ"));
            }
            Ok(true)
        }
        Task::Show { at } => {
            let entry: serde_json::Value = service.ask(Method::GET, &format!("/{at}")).await?;
            println!("{}", serde_json::to_string_pretty(&entry).map_err(|error| error.to_string())?);
            Ok(true)
        }
        Task::Replay { at } => {
            let all = || async {
                let entries = service.list(usize::MAX).await?;
                Ok::<_, String>(entries.into_iter().rev().map(|entry| entry.at).collect())
            };
            let at = if at.is_empty() { all().await? } else { at };
            Ok(service.replay(&at).await)
        }
    }
}

/// The service's admin address.
struct Service {
    http: reqwest::Client,
    url: String,
    pass: Pass,
}

impl Service {
    fn new(config: &Config) -> Result<Self, String> {
        let pass = Pass::found(&config.data_dir).map_err(|error| {
            let dir = config.data_dir.display();
            format!("{dir}/operator.pass: {error}; is this the data directory of a running service?")
        })?;
        let http = reqwest::Client::builder().no_proxy().build().map_err(|error| error.to_string())?;
        Ok(Self { http, url: format!("http://{}/quarantine", config.admin_addr), pass })
    }

    async fn list(&self, newest: usize) -> Result<Vec<Listed>, String> {
        self.ask(Method::GET, &format!("?newest={newest}")).await
    }

    /// Whether each of them is back in the log; says where.
    async fn replay(&self, at: &[String]) -> bool {
        let mut all = true;
        for at in at {
            match self.ask(Method::POST, &format!("/{at}/replay")).await {
                Ok(Replayed { position }) => println!("{at} is in the log again, at {position}"),
                Err(error) => {
                    all = false;
                    eprintln!("{at} stays in quarantine: {error}");
                }
            }
        }
        all
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str) -> Result<T, String> {
        let url = format!("{}{path}", self.url);
        let answer = self.http.request(method, &url).bearer_auth(self.pass.secret()).send().await;
        let answer = answer.map_err(|_| format!("nothing answers at {url}; is the service running?"))?;
        if answer.status().is_success() {
            return answer.json().await.map_err(|error| error.to_string());
        }
        let status = answer.status();
        let problem: serde_json::Value = answer.json().await.unwrap_or_default();
        Err(problem["detail"].as_str().map_or_else(|| status.to_string(), str::to_owned))
    }
}
