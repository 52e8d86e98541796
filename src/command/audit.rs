//! `playhead audit`.

use serde_json::json;

use super::{Of, Said, or_dash, time};
use crate::control::{AuditLine, AuditQuestion, Control, ControlError, Deed};

/// Which lines of the audit log to show.
#[derive(Debug, clap::Args)]
pub struct Command {
    #[command(flatten)]
    of: Of,
    /// Lines about the installation alone: people, invitations, sign-ins
    #[arg(long, conflicts_with = "environment")]
    installation: bool,
    /// What was done, such as key.create, or what several begin with, such as key
    #[arg(long, default_value = "")]
    deed: String,
    /// Older than the line with this id
    #[arg(long, value_name = "ID")]
    before: Option<String>,
    /// How many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..))]
    limit: u16,
}

pub(super) async fn run(command: Command, control: &Control) -> Result<Said, ControlError> {
    let Command { of, installation, deed, before, limit } = command;
    if !deed.is_empty() && !Deed::knows(&deed) {
        let choices: Vec<&str> = Deed::ALL.iter().map(|deed| deed.word()).collect();
        let text = format!("`{deed}` is nothing that is noted; choices: {}", choices.join(", "));
        return Err(ControlError::Invalid(text));
    }
    let environment = if installation { None } else { Some(of.id(control).await?) };
    let question = AuditQuestion {
        environment: environment.as_deref(),
        installation,
        deed: &deed,
        before: before.as_deref(),
        limit: limit.into(),
    };
    let lines = control.audit_lines(question).await?;
    let rows: Vec<_> = lines.iter().map(row).collect();
    let head = ["TIME", "WHO", "FROM", "DID", "WHAT", "MORE"];
    Ok(Said::table(head, &rows, json!(lines)))
}

fn row(line: &AuditLine) -> [String; 6] {
    [
        time(Some(line.at_ms)),
        line.actor.clone(),
        or_dash(line.address.as_deref().unwrap_or_default()),
        line.deed.clone(),
        or_dash(&line.subject),
        line.detail.to_string(),
    ]
}
