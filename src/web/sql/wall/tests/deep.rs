//! Statements that go deep: whatever is repeated in them, they end in an answer and not at the end of the stack, where the whole
//! process ends.

use std::thread;

use super::{LONGEST_STATEMENT, translated};

/// Half of what a worker has, in a build whose frames are several times larger than those of a release.
const STACK: usize = 1 << 20;

/// What a statement may begin with.
const HEADS: [&str; 10] = [
    "",
    "SELECT ",
    "SELECT 1 FROM ",
    "SELECT 1 FROM views JOIN ",
    "SELECT * ",
    "SELECT x::",
    "SELECT {n:",
    "WITH ",
    "EXPLAIN ",
    "SELECT 1 ORDER BY ",
];

/// What may be repeated in it, by itself and with another in turns: everything that lets something follow.
const PIECES: [&str; 40] = [
    "(",
    "[",
    "{",
    "-",
    "+",
    "NOT ",
    "1,",
    "1+",
    "1?",
    "1?1:",
    "a.",
    "a->",
    "a[",
    "a::",
    "a IN ",
    "a AS b,",
    "INTERVAL ",
    "DATE ",
    "DATE '1' ",
    "CASE ",
    "CASE WHEN ",
    "WHEN 1 THEN ",
    "EXISTS ",
    "SELECT ",
    "SELECT 1 FROM ",
    "SELECT 1 UNION ALL ",
    "WITH a AS ",
    "FROM ",
    "JOIN ",
    "ARRAY JOIN ",
    "Array(",
    "Tuple(a ",
    "sum",
    "CAST",
    "any(SELECT ",
    "position('a' IN ",
    "trim(BOTH ",
    "APPLY",
    "* REPLACE",
    "OVER (PARTITION BY ",
];

/// Translates all of these on a small stack.
fn survive(statements: impl Iterator<Item = String> + Send + 'static) {
    let all = move || {
        statements.for_each(|text| {
            let _ = translated(&text);
        });
    };
    thread::Builder::new().stack_size(STACK).spawn(all).expect("a thread").join().expect("no panic");
}

#[test]
fn a_statement_as_long_as_may_be_is_not_too_deep_for_the_stack() {
    survive(HEADS.iter().flat_map(|head| {
        let times = |piece: &str| (LONGEST_STATEMENT - head.len()) / piece.len();
        PIECES.iter().map(move |piece| format!("{head}{}", piece.repeat(times(piece))))
    }));
}

#[test]
fn nor_is_one_that_repeats_two_things_in_turns() {
    let pairs = PIECES.iter().flat_map(|one| PIECES.iter().map(move |other| format!("{one}{other}")));
    let statements: Vec<(&str, String)> =
        pairs.flat_map(|pair| HEADS.map(move |head| (head, pair.clone()))).collect();
    let repeated = |head: &str, pair: &str, times| format!("{head}{}", pair.repeat(times));
    let goes_on = move |(head, pair): &(&str, String)| {
        let said = |times| translated(&repeated(head, pair, times)).err();
        // What fails at the same word however often it comes has come to its end.
        said(3).is_none_or(|error| said(6) != Some(error))
    };
    let deep = statements.into_iter().filter(goes_on);
    survive(deep.map(move |(head, pair)| repeated(head, &pair, 1500)));
}

#[test]
fn what_people_write_is_not_too_deep() {
    let nested = |open: &str, middle: &str, close: &str| {
        format!("SELECT {}{middle}{}", open.repeat(50), close.repeat(50))
    };
    for text in [
        nested("(", "1", ")"),
        nested("if(1, 2, ", "3", ")"),
        nested("CASE WHEN 1 THEN ", "2", " END"),
        format!("SELECT 1 FROM {}views{}", "(".repeat(50), ")".repeat(50)),
        format!("SELECT {}1", "NOT ".repeat(50)),
    ] {
        assert!(translated(&text).is_ok(), "{text}: {:?}", translated(&text));
    }
}
