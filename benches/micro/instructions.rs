//! The regression guard: instructions of each part, which noise cannot blur.
//!
//! Each part runs in a process of its own under callgrind, once a few times and once a few times more; the difference, divided
//! by the additional runs, is what one run executes. Preparation and start-up are in both and fall out. The counts are
//! those of this compiler and its libraries: after an upgrade write the table anew (`--write`).

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use crate::cases::{ALL, Case};

/// Makes this program run one part so many times.
const RUN: &str = "--run-part";
/// Runs that are in both counts (caches, first growth of buffers).
const BEFORE: u64 = 3;
/// So many items are counted at least. One process executes up to 60,000 instructions more than the next, by the seeds of
/// its hashes: over ten runs that was as much as a whole fold.
const ITEMS: u64 = 1_000;
/// A part may differ by so much from the table: hash seeds and addresses move a little, an edit that matters moves more.
const TOLERANCE: f64 = 0.03;

/// Does what the arguments ask for, if it is about instructions.
pub fn run(arguments: &[String]) -> Option<ExitCode> {
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    if let [first, part, times, ..] = arguments
        && first == RUN
    {
        repeat(part, times.parse().expect("a number"));
        return Some(ExitCode::SUCCESS);
    }
    has("--instructions").then(|| guard(has("--write")))
}

fn repeat(part: &str, times: u64) {
    let case = ALL.iter().find(|case| case.name == part).expect("a part");
    let mut work = (case.prepare)();
    (0..times).for_each(|_| work());
}

/// Counts every part and holds it against the table; with `write` makes the table.
fn guard(write: bool) -> ExitCode {
    let known = table();
    let mut lines = vec![
        "# Instructions of one item of each part: `cargo bench --bench micro -- --instructions --write`."
            .to_owned(),
    ];
    let mut moved = Vec::new();
    println!("{:18} {:>12} {:>12} {:>8}", "part", "recorded", "now", "change");
    for case in &ALL {
        let now = instructions(case);
        let before = known.get(case.name).copied();
        let change = before.map_or(f64::NAN, |before| now as f64 / before as f64 - 1.0);
        let recorded = before.map_or("-".to_owned(), |before| before.to_string());
        println!("{:18} {recorded:>12} {now:>12} {:>7.1}% per {}", case.name, change * 100.0, case.unit);
        lines.push(format!("{:18} {now:>10} per {}", case.name, case.unit));
        // A part without a line in the table is new, and no regression.
        if change.abs() > TOLERANCE {
            moved.push(case.name);
        }
    }
    if write {
        std::fs::write(file(), lines.join("\n") + "\n").expect("the table can be written");
        return ExitCode::SUCCESS;
    }
    if moved.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("\nmoved by more than {:.0} %: {}", TOLERANCE * 100.0, moved.join(", "));
    println!("If that is meant (or the compiler is another), add --write and commit the table.");
    ExitCode::FAILURE
}

/// Of one item.
fn instructions(case: &Case) -> u64 {
    let per_run = case.per_run as u64;
    let runs = (ITEMS / per_run).max(10);
    (count(case, BEFORE + runs) - count(case, BEFORE)) / (runs * per_run)
}

/// Instructions of a whole process that runs the part so many times.
fn count(case: &Case, times: u64) -> u64 {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([RUN, case.name, &times.to_string()])
        .output()
        .expect("valgrind is installed (Debian: valgrind)");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", case.name);
    let collected = said.lines().find_map(|line| line.split_once("Collected : "));
    collected.and_then(|(_, number)| number.trim().parse().ok()).expect("callgrind's count")
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.txt")
}

fn table() -> BTreeMap<String, u64> {
    let text = std::fs::read_to_string(file()).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let entry = |line: &str| {
        let (part, _) = line.split_once(" per ")?;
        let (name, count) = part.trim_end().rsplit_once(' ')?;
        Some((name.trim().to_owned(), count.parse().ok()?))
    };
    lines.filter_map(entry).collect()
}
