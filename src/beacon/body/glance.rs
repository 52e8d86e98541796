//! Telling at a glance that a body is as bodies are, so that few have to be looked at byte by byte.

use super::{MAX_DEPTH, repair};

/// How far back a number is followed to its beginning, bytes.
const FURTHEST: usize = 32;

/// Bytes looked at together.
const STRETCH: usize = 64;

/// Whether there is certainly nothing to refuse or mend in `json`. What is not plain may still be sound.
pub(super) fn is_plain(json: &[u8]) -> bool {
    // What opens no more often cannot nest deeper.
    let opened = memchr::memchr2_iter(b'[', b'{', json).take(MAX_DEPTH + 1).count();
    opened <= MAX_DEPTH
        && !may_have_half_characters(json)
        && !may_have_exponents(json)
        && !may_have_long_numbers(json)
}

fn may_have_half_characters(json: &[u8]) -> bool {
    memchr::memchr_iter(b'\\', json).any(|at| matches!(json.get(at + 1..at + 3), Some([b'u', b'd' | b'D'])))
}

/// Every tenth letter is an `e`, so they are not looked at one by one: most stretches have none behind a digit at all, which
/// the compiler finds out for many bytes at once.
fn may_have_exponents(json: &[u8]) -> bool {
    let follows_digit = |(before, byte): (&u8, &u8)| before.is_ascii_digit() & (byte | 0x20 == b'e');
    (0..json.len()).step_by(STRETCH).any(|begin| {
        let stretch = &json[begin..json.len().min(begin + STRETCH + 1)];
        let pairs = || stretch.iter().zip(&stretch[1..]).map(follows_digit);
        pairs().fold(false, |any, follows| any | follows)
            && (begin + 1..).zip(pairs()).any(|(at, follows)| follows && may_be_number(json, at))
    })
}

/// A whole number that is too long reaches over one of the places looked at. What follows a point may have any length.
fn may_have_long_numbers(json: &[u8]) -> bool {
    let step = repair::MOST_DIGITS + 1;
    (step - 1..json.len()).step_by(step).filter(|at| json[*at].is_ascii_digit()).any(|at| {
        let (before, behind) = (before(json, at), &json[at..json.len().min(at + step)]);
        let digits_before = before.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let digits = digits_before + behind.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let is_fraction = before.len() > digits_before && before[before.len() - digits_before - 1] == b'.';
        digits > repair::MOST_DIGITS && !is_fraction && may_be_number(json, at)
    })
}

/// Whether what ends before `at` may be a number, and not the inside of a string such as an id.
fn may_be_number(json: &[u8], at: usize) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    let begin = before(json, at).iter().rev().find(|byte| !is_part(byte));
    begin.is_none_or(|byte| matches!(byte, b':' | b',' | b'[' | b' ' | b'\t' | b'\n' | b'\r'))
}

/// As much of what stands before `at` as is ever looked at, so that no body costs more than its length.
fn before(json: &[u8], at: usize) -> &[u8] {
    &json[at.saturating_sub(FURTHEST)..at]
}
