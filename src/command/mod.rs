//! The command line's side of control data: `playhead environment`, `key`, `token`, `user`, `viewer` and `audit`.
//!
//! Straight on the control database of the settings, whether or not a service is running on it: one that runs sees a
//! change within seconds. Each command prints what it did for people, or with `--json` one JSON value.

mod audit;
mod environment;
mod key;
mod token;
mod user;
mod viewer;

use std::process::ExitCode;

use serde::Serialize;
use serde_json::Value;

use crate::{
    config::Config,
    control::{AuditEntry, Control, ControlError, Deed},
};

/// What there is to administer.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Environments, the tenants
    #[command(subcommand)]
    Environment(environment::Command),
    /// Ingest keys, which say where beacons go
    #[command(subcommand)]
    Key(key::Command),
    /// API tokens, which read and more
    #[command(subcommand)]
    Token(token::Command),
    /// People who may sign in, and invitations
    #[command(subcommand)]
    User(user::Command),
    /// Viewers to be erased, and the receipts of it
    #[command(subcommand)]
    Viewer(viewer::Command),
    /// Who did what, newest first
    Audit(audit::Command),
}

/// Which environment a command is about.
#[derive(Debug, clap::Args)]
pub struct Of {
    /// Id of the environment; may be left out where there is only one
    #[arg(long, value_name = "ID")]
    environment: Option<String>,
}

/// What a command says, for people and for programs.
struct Said {
    text: String,
    json: Value,
}

/// Runs a command on the database of `config`.
pub async fn run(command: Command, config: Config, json: bool) -> ExitCode {
    match done(command, &config).await {
        Ok(Said { json: value, .. }) if json => {
            println!("{value}");
            ExitCode::SUCCESS
        }
        Ok(Said { text, .. }) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("playhead: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn done(command: Command, config: &Config) -> Result<Said, ControlError> {
    std::fs::create_dir_all(&config.data_dir)
        .map_err(|error| ControlError::Unavailable(format!("{}: {error}", config.data_dir.display())))?;
    let control = Control::open(&config.database_url).await?;
    let said = match command {
        Command::Environment(command) => environment::run(command, &control).await,
        Command::Key(command) => key::run(command, &control).await,
        Command::Token(command) => token::run(command, &control).await,
        Command::User(command) => user::run(command, &control).await,
        Command::Viewer(command) => viewer::run(command, &control).await,
        Command::Audit(command) => audit::run(command, &control).await,
    };
    control.close().await;
    said
}

/// Writes a line of the audit log; without an environment it is about the installation.
async fn note(control: &Control, environment: Option<&str>, deed: Deed, subject: &str, detail: Value) {
    let entry = AuditEntry {
        environment: environment.map(str::to_owned),
        actor: "the command line".to_owned(),
        address: None,
        deed,
        subject: subject.to_owned(),
        detail,
    };
    control.audit(entry).await;
}

impl Of {
    /// The environment that is meant.
    async fn id(self, control: &Control) -> Result<String, ControlError> {
        let mut ids: Vec<String> = control.environments().await?.into_iter().map(|known| known.id).collect();
        let choices = ids.join(", ");
        match self.environment {
            Some(id) if ids.contains(&id) => Ok(id),
            Some(id) => {
                Err(ControlError::Missing(format!("there is no environment `{id}`; choices: {choices}")))
            }
            None if ids.is_empty() => Err(ControlError::Missing(
                "this control database has no environment; is it the one that is meant (--data-dir, --database-url)? \
                 `playhead environment create NAME` makes one"
                    .to_owned(),
            )),
            None if ids.len() == 1 => Ok(ids.remove(0)),
            None => Err(ControlError::Invalid(format!("--environment is needed; choices: {choices}"))),
        }
    }
}

impl Said {
    fn new(text: impl Into<String>, json: impl Serialize) -> Self {
        Self { text: text.into(), json: serde_json::to_value(json).unwrap_or_default() }
    }

    /// Rows under a head, in columns.
    fn table<const N: usize>(head: [&str; N], rows: &[[String; N]], json: impl Serialize) -> Self {
        let head = head.map(str::to_owned);
        let lines: Vec<&[String; N]> = std::iter::once(&head).chain(rows).collect();
        let width = |column: usize| {
            lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<usize> = (0..N).map(|column| width(column).unwrap_or_default()).collect();
        let text = lines.iter().map(|line| {
            let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        });
        Self::new(text.collect::<Vec<_>>().join("\n"), json)
    }
}

/// A time for people, UTC; `-` if there is none.
fn time(ms: Option<i64>) -> String {
    let time = ms.and_then(chrono::DateTime::from_timestamp_millis);
    time.map_or_else(|| "-".to_owned(), |time| time.format("%Y-%m-%d %H:%M").to_string())
}

/// Text for people, `-` if there is none.
fn or_dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}
