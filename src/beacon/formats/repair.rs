//! JSON that a parser refuses as a whole for one bad value, mended so that the value is lost and nothing with it.
//!
//! Two things do that although senders' own tools write them: half a character (`"cut \ud83d"`, a title cut inside an
//! emoji, as `JSON.stringify` writes it), which is left out; and a number beyond what can be counted (`1e999`), which
//! becomes `null`.

use crate::telemetry::{Metric, count_labelled};

/// Longest whole number that always fits.
pub const MOST_DIGITS: usize = 18;

/// The text with half characters and uncountable numbers taken out.
pub fn mended(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let mut rest = json;
    let mut in_string = false;
    while let Some(&byte) = rest.first() {
        let taken = match byte {
            b'\\' if in_string => escape(rest, &mut out),
            b'-' | b'0'..=b'9' if !in_string => number(rest, &mut out),
            _ => {
                in_string ^= byte == b'"';
                out.push(byte);
                1
            }
        };
        rest = &rest[taken..];
    }
    out
}

/// Copies an escape, unless it is half a character. Returns how long it was.
fn escape(text: &[u8], out: &mut Vec<u8>) -> usize {
    let length = match surrogate(text) {
        Some(0xD800..=0xDBFF) if matches!(text.get(6..).and_then(surrogate), Some(0xDC00..=0xDFFF)) => 12,
        Some(_) => {
            count_labelled(Metric::FieldsDropped, "reason", "half_character", 1);
            return 6;
        }
        None => text.len().min(2),
    };
    out.extend_from_slice(&text[..length]);
    length
}

/// The half of a character that `\uXXXX` stands for, if it is one.
fn surrogate(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    let unit = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    (0xD800..=0xDFFF).contains(&unit).then_some(unit)
}

/// Copies a number that can be counted; another becomes `null`. Returns how long it was.
fn number(text: &[u8], out: &mut Vec<u8>) -> usize {
    let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    let length = text.iter().position(|byte| !is_part(byte)).unwrap_or(text.len());
    let digits = std::str::from_utf8(&text[..length]).unwrap_or_default();
    let is_whole = !digits.contains(['.', 'e', 'E']);
    let fits = digits.parse::<f64>().is_ok_and(f64::is_finite)
        && (!is_whole || digits.trim_start_matches('-').len() <= MOST_DIGITS);
    if fits {
        out.extend_from_slice(&text[..length]);
    } else {
        count_labelled(Metric::FieldsDropped, "reason", "number_out_of_range", 1);
        out.extend_from_slice(b"null");
    }
    length
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(json: &str) -> String {
        String::from_utf8(mended(json.as_bytes())).unwrap()
    }

    #[test]
    fn what_no_parser_takes_is_left_out_alone() {
        assert_eq!(text(r#"{"t":"cut \ud83d","n":1}"#), r#"{"t":"cut ","n":1}"#);
        assert_eq!(text(r#""\ude00 \ud83d\ude00 \uD83Dx \\ud83d""#), r#"" \ud83d\ude00 x \\ud83d""#);
        assert_eq!(
            text(r#"[1e999,-1e400,2.5e3,99999999999999999999999999,-7]"#),
            "[null,null,2.5e3,null,-7]"
        );
        assert_eq!(text(r#"{"1e999":"99999999999999999999"}"#), r#"{"1e999":"99999999999999999999"}"#);
    }

    proptest! {
        #[test]
        fn sound_json_stays_as_it_is(text in any::<String>(), number in any::<i32>(), real in -1e300..1e300) {
            let json = serde_json::json!({"a": text, "b": [number, real, null, true]}).to_string();
            prop_assert_eq!(mended(json.as_bytes()), json.into_bytes());
        }

        #[test]
        fn anything_is_bearable(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(mended(&bytes).len() <= bytes.len() * 4 + 4);
        }
    }
}
