//! Bugs that can be planted, to see that the proof against them can fail: `PLAYHEAD_PLANTED_BUG` names one. They exist in
//! debug builds alone; a release build refuses to start with the variable set.

/// What goes wrong on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// The embedded log answers before it writes and syncs.
    AnswerBeforeSync,
    /// The position moves before ClickHouse has the rows.
    CommitBeforeInsert,
    /// The rows of a repeated batch cannot be recognised as a repeat.
    NoDeduplication,
    /// The processor panics between declaring a batch and inserting it.
    TaskPanics,
    /// Whoever reads or folds certain words does not survive it: [`taste`].
    Poison,
}

const VARIABLE: &str = "PLAYHEAD_PLANTED_BUG";
const NAMES: [(Bug, &str); 5] = [
    (Bug::AnswerBeforeSync, "answer-before-sync"),
    (Bug::CommitBeforeInsert, "commit-before-insert"),
    (Bug::NoDeduplication, "no-deduplication"),
    (Bug::TaskPanics, "task-panics"),
    (Bug::Poison, "poison"),
];

/// Whether the environment lets this build start.
///
/// # Errors
/// What is wrong with the variable.
pub fn check() -> Result<(), String> {
    let Ok(name) = std::env::var(VARIABLE) else { return Ok(()) };
    if !cfg!(debug_assertions) {
        return Err(format!("{VARIABLE}: this is no build for tests; unset it"));
    }
    if !NAMES.iter().any(|(_, known)| *known == name) {
        let known = NAMES.map(|(_, name)| name).join(", ");
        return Err(format!("{VARIABLE}: `{name}` is none of {known}"));
    }
    eprintln!("playhead: `{name}` is planted: this process does wrong on purpose");
    Ok(())
}

/// Whether this bug is planted.
#[cfg(debug_assertions)]
pub fn is(bug: Bug) -> bool {
    static PLANTED: std::sync::OnceLock<Option<Bug>> = std::sync::OnceLock::new();
    let planted = PLANTED.get_or_init(|| {
        let name = std::env::var(VARIABLE).ok()?;
        NAMES.iter().find(|(_, known)| *known == name).map(|(bug, _)| *bug)
    });
    *planted == Some(bug)
}

/// Never.
#[cfg(not(debug_assertions))]
pub const fn is(_: Bug) -> bool {
    false
}

/// With [`Bug::Poison`] panics over `planted-panic`, and ends the process over `planted-abort`, `planted-depth`, which takes more
/// stack than there is, and `planted-hunger`, which takes more memory than a trial has.
#[cfg(debug_assertions)]
pub fn taste(word: &str) {
    match word {
        "planted-panic" => assert!(!is(Bug::Poison), "planted"),
        "planted-abort" if is(Bug::Poison) => std::process::abort(),
        "planted-depth" if is(Bug::Poison) => assert_ne!(deeper(&[1; 64]), 0),
        "planted-hunger" if is(Bug::Poison) => devour(),
        _ => {}
    }
}

#[cfg(debug_assertions)]
#[expect(unconditional_recursion, reason = "a stack has to overflow")]
fn deeper(held: &[u64]) -> u64 {
    let more: Vec<u64> = held.iter().map(|number| number.wrapping_mul(3)).collect();
    deeper(&more) + held.iter().sum::<u64>()
}

/// The machine has to survive it: nothing of the memory is written to, and there is an end.
#[cfg(debug_assertions)]
fn devour() {
    let held: Vec<Vec<u8>> = (0..8).map(|_| vec![0; 1 << 30]).collect();
    assert_eq!(held.len(), 8);
    std::process::abort();
}

/// Tastes of nothing.
#[cfg(not(debug_assertions))]
pub const fn taste(_: &str) {}
