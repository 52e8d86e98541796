//! `playhead verify`: holds a ledger against what the server shows, over its public interface, with an API token.
//!
//! The server first waits until everything its log holds can be read; then every view of the ledger is compared
//! ([`compare`]): each acknowledged event is there, nothing is there that was never sent, nothing is there twice, and
//! the figures are those of the truth beside the ledger.

mod ask;
pub mod compare;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use tokio::time::Instant;

use self::{
    ask::{AskError, Server},
    compare::{Expected, Verdict},
};
use crate::simulate::{
    EXIT_USAGE,
    ledger::{self, Entry, Truth},
};

/// The server shows something else than was acknowledged.
const EXIT_UNEQUAL: u8 = 1;
/// The server has not caught up, or does not answer, within the wait.
const EXIT_UNSETTLED: u8 = 3;
/// Views asked about at once.
const VIEWS_AT_ONCE: usize = 500;
/// Differences that are printed one by one.
const SHOWN: usize = 20;

/// Holds a ledger against what the server shows
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// The file `playhead simulate` wrote
    #[arg(long)]
    ledger: PathBuf,
    /// The server, http://host:port
    #[arg(long)]
    target: String,
    /// An API token of the environment, id:secret
    #[arg(long)]
    token: String,
    /// How long the server may take to show everything: 500ms, 60s, 2m
    #[arg(long, default_value = "60s", value_parser = duration)]
    wait: Duration,
}

/// Compares and prints; the last line is the result.
pub async fn run(arguments: Arguments) -> ExitCode {
    let usage = |mistake: String| {
        eprintln!("playhead verify: {mistake}");
        ExitCode::from(EXIT_USAGE)
    };
    let expected = match read(&arguments.ledger) {
        Ok(expected) => expected,
        Err(error) => return usage(format!("--ledger {}: {error}", arguments.ledger.display())),
    };
    if expected.acknowledged() == 0 {
        return usage(format!(
            "--ledger {}: nothing was acknowledged, so there is nothing to verify",
            arguments.ledger.display()
        ));
    }
    let deadline = Instant::now() + arguments.wait;
    let verdict = match Server::new(&arguments.target, &arguments.token, deadline) {
        Ok(server) => check(&server, &expected).await,
        Err(mistake) => return usage(mistake),
    };
    match verdict {
        Ok(verdict) => report(&verdict),
        Err(AskError::Refused(reason)) => usage(reason),
        Err(AskError::Late(reason)) => {
            eprintln!("playhead verify: not settled within {:?}: {reason}", arguments.wait);
            ExitCode::from(EXIT_UNSETTLED)
        }
    }
}

fn read(path: &std::path::Path) -> std::io::Result<Expected> {
    let entries: Vec<Entry> = ledger::read(path)?;
    let truths = match ledger::read::<Truth>(&ledger::truth_path(path)) {
        Ok(truths) => truths,
        // Another program's ledger: then only what it has acknowledged counts as sent.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(Expected::new(&entries, truths))
}

async fn check(server: &Server, expected: &Expected) -> Result<Verdict, AskError> {
    server.settle().await?;
    let mut verdict = Verdict { acknowledged: expected.acknowledged(), ..Verdict::default() };
    let views: Vec<_> = expected.views.iter().collect();
    for some in views.chunks(VIEWS_AT_ONCE) {
        let ids: Vec<&str> = some.iter().map(|(id, _)| &***id).collect();
        let mut shown = server.views(&ids).await?;
        for (id, wanted) in some {
            verdict.judge(id, wanted, shown.remove(&***id).unwrap_or_default());
        }
    }
    Ok(verdict)
}

fn report(verdict: &Verdict) -> ExitCode {
    for difference in verdict.differences.iter().take(SHOWN) {
        println!("{difference}");
    }
    if verdict.differences.len() > SHOWN {
        println!("and {} more", verdict.differences.len() - SHOWN);
    }
    println!("{verdict}");
    if verdict.is_equal() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_UNEQUAL) }
}

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().map_err(|_| "a number and ms, s or m".to_owned())?;
    match &text[digits..] {
        "ms" => Ok(Duration::from_millis(number)),
        "" | "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number * 60)),
        unit => Err(format!("`{unit}` is no unit: ms, s or m")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert!(duration("5 hours").is_err() && duration("s").is_err());
    }
}
