//! `make faults`: the matrix of `matrix.tsv`, as far as a machine can run it, against the real program, a real Kafka and the
//! real engine. One line for each row with what the ledger says, totals at the end, exit code 1 if anything is red.
//!
//! A row that the machine was too busy for is neither: it says so, and the exit code is 2 if nothing is red.
//!
//! Every row has a time it may take, so the run has an end.
//!
//! `KILLS=1000` kills each part so often instead of 25 times; `SEED=n` repeats a run, and what was finished with that seed is
//! not done again; `ROWS=T093,T094` runs these rows alone; `SOAK=4320` makes T180 last so many minutes.

#![allow(unsafe_code, reason = "signals")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a proof that cannot go on fails")]

mod campaign;
mod crowd;
mod flood;
#[allow(dead_code, reason = "the other test binary uses the rest")]
#[path = "../it/support/kafka.rs"]
mod kafka;
mod ledger;
mod matrix;
mod poison;
mod preload;
mod proxy;
mod rig;
mod rows;
#[allow(dead_code, reason = "the other test binary uses the rest")]
#[path = "../it/support/server.rs"]
mod server;
#[path = "../it/support/store.rs"]
mod store;
mod viewer;

use std::{
    collections::BTreeMap,
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use campaign::Campaign;
use ledger::Tally;
use matrix::{How, Row};
use rows::Shown;
use tokio::time::timeout;

/// A row that takes longer than this is red; T180 takes as much more as it was asked to.
const LONGEST: Duration = Duration::from_secs(1200);
/// What a whole run has to have had acknowledged for its result to mean something.
const ENOUGH: u64 = 100_000;

#[tokio::main]
async fn main() -> ExitCode {
    let seed = number("SEED").unwrap_or_else(|| rand::random_range(1..1_000_000));
    let kills = number("KILLS").unwrap_or(25) as u32;
    let only = std::env::var("ROWS").unwrap_or_default();
    let is_wanted = |id: &str| only.is_empty() || only.split(',').any(|wanted| wanted.trim() == id);
    println!("seed {seed}, {kills} kills of each part; again with: make faults SEED={seed} KILLS={kills}");
    let begun = Instant::now();
    let rows: Vec<Row> = matrix::rows().into_iter().filter(|row| is_wanted(&row.id)).collect();
    let failures = run_tests(&rows);
    let (mut total, mut counts) = (Tally::default(), [0, 0, 0]);
    let (mut red, mut open) = (Vec::new(), Vec::new());
    for row in &rows {
        let verdict = match &row.how {
            How::Kills => Verdict::of(Campaign { kills, seed }.run(&mut total).await),
            How::Run => run_row(row, seed, &mut total).await,
            How::Test(names) => report_tests(row, names, &failures),
            How::NotHere(reason) => {
                println!("{}  --    {}: {reason}", row.id, row.fault);
                counts[2] += 1;
                continue;
            }
        };
        counts[usize::from(matches!(row.how, How::Test(_)))] += 1;
        match verdict {
            Verdict::Good => {}
            Verdict::Red => red.push(row.id.as_str()),
            Verdict::Open => open.push(row.id.as_str()),
        }
    }
    if only.is_empty() && total.acknowledged < ENOUGH {
        red.push("too few events");
    }
    let [run, tested, absent] = counts;
    println!(
        "\n{run} rows run here, {tested} by tests, {absent} not automated here; {total}; {:.0?}",
        begun.elapsed()
    );
    if !open.is_empty() {
        println!("NOT JUDGED, the machine was too busy: {}", open.join(", "));
    }
    if !red.is_empty() {
        println!("RED: {}", red.join(", "));
        return ExitCode::FAILURE;
    }
    match open.is_empty() {
        true => {
            println!("all green");
            ExitCode::SUCCESS
        }
        false => ExitCode::from(2),
    }
}

/// What is said of a row.
#[derive(Clone, Copy)]
enum Verdict {
    Good,
    Red,
    /// What it is about could not be brought about here and now.
    Open,
}

impl Verdict {
    fn of(is_good: bool) -> Self {
        if is_good { Self::Good } else { Self::Red }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Good => "ok  ",
            Self::Red => "FAIL",
            Self::Open => "open",
        }
    }
}

/// A setting of the run.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

async fn run_row(row: &Row, seed: u64, total: &mut Tally) -> Verdict {
    let begun = Instant::now();
    let id = row.id.clone();
    // A panic of the rig is a red row and not the end of the run.
    let longest = LONGEST + Duration::from_secs(60 * number("SOAK").unwrap_or(0));
    let shown = tokio::spawn(timeout(longest, async move { rows::run(&id, seed).await })).await;
    let nothing = |trouble| Shown { trouble: Some(trouble), ..Shown::default() };
    let Shown { tally, note, trouble, obstacle } = match shown {
        Ok(Ok(Some(shown))) => shown,
        Ok(Err(_)) => nothing(format!("not over after {longest:?}")),
        Ok(Ok(None)) => nothing("nobody knows how to run it".into()),
        Err(error) => nothing(error.to_string()),
    };
    *total += tally;
    let verdict = match obstacle {
        Some(_) if tally.is_clean() && trouble.is_none() => Verdict::Open,
        _ => Verdict::of(tally.is_clean() && trouble.is_none()),
    };
    let why = [obstacle, trouble].into_iter().flatten().map(|why| format!("; {why}")).collect::<String>();
    println!("{}  {}  {tally}  {:.0?}  {}: {note}{why}", row.id, verdict.word(), begun.elapsed(), row.fault);
    verdict
}

fn report_tests(row: &Row, names: &[String], failures: &BTreeMap<String, String>) -> Verdict {
    let of_name = |name: &String| failures.get(name).map(|why| format!("{name}: {why}"));
    let failed: Vec<String> = names.iter().filter_map(of_name).collect();
    match failed.is_empty() {
        true => println!("{}  ok    {}: {} passed", row.id, row.fault, names.join(", ")),
        false => println!("{}  FAIL  {}: {}", row.id, row.fault, failed.join("; ")),
    }
    Verdict::of(failed.is_empty())
}

/// Runs the tests that rows name, all at once; those that have not passed, and what they said.
fn run_tests(rows: &[Row]) -> BTreeMap<String, String> {
    let mut failures = BTreeMap::new();
    for target in [vec!["--test", "it"], vec!["--lib"]] {
        let is_here = |name: &&String| name.starts_with("it::") == (target.len() == 2);
        let of_row = |row: &Row| match &row.how {
            How::Test(names) => names.clone(),
            _ => Vec::new(),
        };
        let names: Vec<String> = rows.iter().flat_map(of_row).collect();
        let here: Vec<&str> = names.iter().filter(is_here).map(|name| bare(name)).collect();
        if here.is_empty() {
            continue;
        }
        println!("running {} tests of {}", here.len(), target.join(" "));
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
        let output = Command::new(cargo)
            .arg("test")
            .args(&target)
            .args(["--", "--exact"])
            .args(&here)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .expect("cargo runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        for name in names.iter().filter(is_here) {
            if !text.contains(&format!("test {} ... ok", bare(name))) {
                failures.insert(name.clone(), last_words(&text, bare(name)));
            }
        }
    }
    failures
}

/// What a test said when it failed, as its program prints it at the end.
fn last_words(text: &str, name: &str) -> String {
    let said = text.split_once(&format!("---- {name} stdout ----")).map_or("", |(_, rest)| rest);
    let words = said.lines().skip_while(|line| !line.contains("panicked at")).take(4);
    let words = words.take_while(|line| !line.starts_with("stack backtrace") && !line.starts_with("note:"));
    words.collect::<Vec<_>>().join(" ")
}

/// A test's name as its own program knows it.
fn bare(name: &str) -> &str {
    name.strip_prefix("it::").unwrap_or(name)
}
