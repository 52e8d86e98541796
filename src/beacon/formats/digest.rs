//! A stable hash of what an event says: its identity in formats that do not count their events.
//!
//! The hash goes over the values, not over the bytes, so that spaces and the order of an object's members do not matter.
//! It is stored, so it must never change. It has 53 bits: whole numbers up to there are exact in JSON and in JavaScript.

use super::json::{self, Json};
use sha2::{Digest, Sha256};

const BITS: u32 = 53;

/// The hash of a JSON value.
pub fn of_value(value: Json<'_, '_>) -> u64 {
    let mut hash = Sha256::new();
    add(&mut hash, value);
    first_bits(hash)
}

/// The hash of a JSON text's value; `None` if it is none.
pub fn of_json(text: &str) -> Option<u64> {
    let mut bytes = text.as_bytes().to_vec();
    json::parse(&mut bytes, of_value).ok()
}

/// The hash of several texts in their order.
pub fn of_texts(texts: &[&str]) -> u64 {
    let mut hash = Sha256::new();
    for text in texts {
        add_text(&mut hash, b't', text);
    }
    first_bits(hash)
}

fn add(hash: &mut Sha256, value: Json<'_, '_>) {
    if let Some(members) = value.members() {
        add_size(hash, b'o', value.count());
        let mut members: Vec<_> = members.collect();
        members.sort_by_key(|(name, _)| *name);
        for (name, member) in members {
            add_text(hash, b't', name);
            add(hash, member);
        }
    } else if let Some(items) = value.items() {
        add_size(hash, b'a', value.count());
        items.for_each(|item| add(hash, item));
    } else if let Some(text) = value.text() {
        add_text(hash, b't', text);
    } else if let Some(scalar) = value.scalar() {
        add_text(hash, b's', &scalar.to_string());
    }
}

fn add_text(hash: &mut Sha256, kind: u8, text: &str) {
    add_size(hash, kind, text.len());
    hash.update(text);
}

/// Sizes stand before contents, so that no two values look the same put together.
fn add_size(hash: &mut Sha256, kind: u8, size: usize) {
    hash.update([kind]);
    hash.update((size as u64).to_le_bytes());
}

/// What is kept of a hash.
pub fn first_bits(hash: Sha256) -> u64 {
    let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = hash.finalize().into();
    u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> (u64::BITS - BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> u64 {
        of_json(json).expect("JSON")
    }

    #[test]
    fn what_is_stored_must_never_change() {
        assert_eq!(of(r#"{"event":"init","timestamp":1795314391345,"playhead":-1}"#), 3_699_077_969_076_312);
        assert_eq!(of_texts(&["a", "b"]), 8_314_690_831_999_895);
    }

    #[test]
    fn values_count_and_their_writing_does_not() {
        assert_eq!(of(r#"{"a":1,"b":[null,true]}"#), of(r#"{ "b" : [null, true], "a" : 1 }"#));
        assert_ne!(of(r#"{"a":1}"#), of(r#"{"a":2}"#));
        assert_ne!(of(r#"{"a":"1"}"#), of(r#"{"a":1}"#));
        assert_ne!(of(r#"["ab","c"]"#), of(r#"["a","bc"]"#));
        assert_ne!(of("[1,2]"), of("[2,1]"));
        assert_ne!(of_texts(&["ab", "c"]), of_texts(&["a", "bc"]));
    }
}
