//! `playhead token`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::{Of, Said, note, or_dash, time};
use crate::control::{Control, ControlError, Deed, ListedToken, Scope, Scopes, TokenSettings};

/// What can be done with API tokens.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Shows the tokens of an environment
    List {
        #[command(flatten)]
        of: Of,
    },
    /// Makes a token and prints its secret, once
    Create {
        #[command(flatten)]
        of: Of,
        /// For people
        #[arg(long, default_value = "")]
        name: String,
        /// What it may do: read, sql, write, admin; may be repeated
        #[arg(long = "scope", value_name = "SCOPE", required = true)]
        scopes: Vec<Scope>,
        /// Days until it stops working; never if left out
        #[arg(long)]
        expires_days: Option<u32>,
    },
    /// Ends a token
    Revoke {
        id: String,
        #[command(flatten)]
        of: Of,
    },
}

pub(super) async fn run(command: Command, control: &Control) -> Result<Said, ControlError> {
    match command {
        Command::List { of } => {
            let tokens = control.list_tokens(&of.id(control).await?).await?;
            let rows: Vec<_> = tokens.iter().map(row).collect();
            let head = ["ID", "NAME", "SCOPES", "STATE", "EXPIRES", "LAST USED"];
            Ok(Said::table(head, &rows, json!(tokens)))
        }
        Command::Create { of, name, scopes, expires_days } => {
            let scopes: Scopes = scopes.into_iter().collect();
            let settings = TokenSettings { name, scopes, expires_ms: expires_days.map(in_days) };
            let environment = of.id(control).await?;
            let token = control.create_token(&environment, &settings).await?;
            let detail = json!({"name": settings.name, "scopes": scopes, "expires_ms": settings.expires_ms});
            note(control, Some(&environment), Deed::TokenCreated, &token.id, detail).await;
            let text = format!("API token   {}:{}\nscopes      {scopes}", token.id, token.secret);
            Ok(Said::new(text, token))
        }
        Command::Revoke { id, of } => {
            let environment = of.id(control).await?;
            if !control.revoke_token(&environment, &id).await? {
                return Err(ControlError::Missing("there is no such token that works".to_owned()));
            }
            note(control, Some(&environment), Deed::TokenRevoked, &id, json!({})).await;
            Ok(Said::new(format!("{id} is revoked"), json!({"revoked": id})))
        }
    }
}

/// Unix ms.
fn in_days(days: u32) -> i64 {
    let then = SystemTime::now() + Duration::from_secs(u64::from(days) * 24 * 3600);
    let since_epoch = then.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

fn state(token: &ListedToken) -> &'static str {
    match (token.revoked_ms, token.expires_ms) {
        (Some(_), _) => "revoked",
        (None, Some(expires_ms)) if expires_ms <= in_days(0) => "expired",
        (None, _) => "works",
    }
}

fn row(token: &ListedToken) -> [String; 6] {
    [
        token.id.clone(),
        or_dash(&token.name),
        token.scopes.to_string(),
        state(token).to_owned(),
        time(token.expires_ms),
        time(token.last_used_ms),
    ]
}
